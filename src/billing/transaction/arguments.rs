//! What a client can narrow and sort transactions by.

use async_graphql::{ID, InputObject};

use super::list::{TransactionFilter, TransactionOrderField};
use super::row::{TransactionKind, TransactionStatus};
use crate::error::Result;
use crate::id::{InvoiceId, UserId};
use crate::page::{FilterInput, Filtered, order};
use crate::scalar::{Instant, Undecoded, any_of, exact, span};
use crate::viewer::Viewer;

/// The arguments of a list of transactions.
pub type TransactionArguments = Filtered<TransactionFilterInput, TransactionOrder>;

/// What narrows a list of transactions. All conditions have to hold; null is none.
#[derive(InputObject, Default)]
#[graphql(name = "TransactionFilter")]
pub struct TransactionFilterInput {
    /// Any of these.
    status: Option<Vec<TransactionStatus>>,
    /// Any of these.
    kind: Option<Vec<TransactionKind>>,
    /// Through this gateway, by its name.
    gateway: Option<String>,
    /// With exactly this reference.
    reference: Option<String>,
    /// For this invoice.
    invoice_id: Option<ID>,
    /// Of this person.
    user_id: Option<ID>,
    /// Begun at this instant or later.
    created_after: Option<Undecoded<Instant>>,
    /// Begun before this instant.
    created_before: Option<Undecoded<Instant>>,
}

impl FilterInput for TransactionFilterInput {
    type Filter = TransactionFilter;
    const ABOUT: &'static str = "Which rows. Default all.";

    fn decode(self, _: &Viewer) -> Result<TransactionFilter> {
        let created = ((self.created_after, "filter.createdAfter"), (self.created_before, "filter.createdBefore"));
        let (created_after, created_before) = span(created.0, created.1)?;
        Ok(TransactionFilter {
            status: any_of(self.status, "filter.status")?,
            kind: any_of(self.kind, "filter.kind")?,
            gateway: exact(self.gateway, "filter.gateway")?,
            reference: exact(self.reference, "filter.reference")?,
            invoice: self.invoice_id.map(|id| InvoiceId::parse(&id, "filter.invoiceId")).transpose()?,
            user: self.user_id.map(|id| UserId::parse(&id, "filter.userId")).transpose()?,
            created_after,
            created_before,
        })
    }
}

order! {
    /// How a list of transactions is sorted.
    TransactionOrder by TransactionOrderField
}
