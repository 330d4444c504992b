//! The invoice, its lines, and the sums of the money that moved for it.

mod arguments;
mod item;
mod list;
mod object;
mod row;
mod sums;

pub use arguments::InvoiceArguments;
pub use item::InvoiceItem;
pub use list::{InvoiceFilter, InvoiceOrderField};
pub use row::{Invoice, InvoiceStatus};
