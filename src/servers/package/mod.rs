//! What can be bought.

mod arguments;
mod object;
mod row;

pub use arguments::PackageArguments;
pub use row::ServerPackage;
