//! Asking for invoices, transactions and sums.

use super::invoice::{Invoice, InvoiceArguments};
use super::summary::Summary;
use super::transaction::{Transaction, TransactionArguments};
use crate::entity;
use crate::entity::method;
use crate::id::{InvoiceId, TransactionId};
use crate::money::CurrencyCode;

/// A way to pay.
#[derive(async_graphql::SimpleObject)]
pub struct PaymentGateway {
    /// What the API calls it.
    name: String,
    /// What people call it.
    display_name: String,
    /// What it takes.
    currencies: Vec<CurrencyCode>,
}

/// The queries of this room.
#[derive(Default)]
pub struct BillingQuery;

entity! {
    /// Asking for invoices, transactions and sums.
    BillingQuery {
        /// One invoice. Null when there is none with this id, or when the viewer may not know it.
        invoice = find[InvoiceId, "The invoice."], needs own InvoiceRead;
        /// All invoices for holders of `invoice:read`, the viewer's own for others.
        invoices = page[Invoice, InvoiceArguments], needs own InvoiceRead;
        /// One transaction. Null when there is none with this id, or when the viewer may not know it.
        transaction = find[TransactionId, "The transaction."], needs own TransactionRead;
        /// All transactions for holders of `transaction:read`, the viewer's own for others.
        transactions = page[Transaction, TransactionArguments], needs own TransactionRead;
        /// The ways to pay. Empty until a gateway is set up.
        payment_gateways = method[ => Some(Vec::<PaymentGateway>::new())];
        /// What came in from one day to another, both included, and what is owed now; one entry a currency.
        /// Null without the permission.
        billing_summary = custom[Summary], needs TransactionRead;
    }
}
