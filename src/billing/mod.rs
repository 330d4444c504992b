//! Invoices and the money that moves.
//!
//! What was paid, refunded and is due is derived from the transactions by functions of the database
//! that check the visibility of the invoice alone: whoever may see an invoice sees its right sums, also
//! without `transaction:read`.

mod credit;
mod invoice;
mod query;
mod summary;
mod transaction;

pub use credit::CreditsOf;
pub use invoice::{Invoice, InvoiceArguments, InvoiceFilter, InvoiceItem, InvoiceOrderField, InvoiceStatus};
pub use query::BillingQuery;
pub use transaction::{Transaction, TransactionArguments, TransactionFilter, TransactionKind, TransactionStatus};
