//! The account.

mod arguments;
mod list;
mod object;
mod row;

pub use arguments::UserArguments;
pub use list::{UserFilter, UserOrderField};
pub use row::{User, UserStatus};
