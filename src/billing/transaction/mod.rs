//! Movements of money.

mod arguments;
mod details;
mod list;
mod object;
mod row;

pub use arguments::TransactionArguments;
pub use list::TransactionFilter;
pub use row::{Transaction, TransactionKind, TransactionStatus};
