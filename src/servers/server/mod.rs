//! The server.

mod arguments;
mod list;
mod object;
mod row;

pub use arguments::ServerArguments;
pub use list::{ServerFilter, ServerOrderField};
pub use row::{Server, ServerStatus, SuspensionReason};
