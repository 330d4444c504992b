//! Invoices and the money that moves.
//!
//! What was paid, refunded and is due is derived from the transactions by functions of the database
//! that check the visibility of the invoice alone: whoever may see an invoice sees its right sums, also
//! without `transaction:read`.

mod credit;
mod invoice;
mod item;
mod object;
mod query;
mod summary;
mod transaction;

pub use credit::CreditsOf;
pub use invoice::{Invoice, InvoiceFilter, InvoiceOrderField, InvoiceStatus};
pub use query::{BillingQuery, InvoiceFilterInput, InvoiceOrder, TransactionFilterInput, TransactionOrder};
pub use transaction::{Transaction, TransactionFilter, TransactionKind, TransactionStatus};
