//! Lists of transactions.

use diesel::prelude::*;

use super::row::{Transaction, TransactionKind, TransactionStatus};
use crate::column;
use crate::db::list::{Column, Ending, Fragment};
use crate::db::schema::transactions;
use crate::id::{InvoiceId, UserId};
use crate::page::{Listed, Order};
use crate::scalar::Instant;
use crate::viewer::Viewer;

/// What narrows a list of transactions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct TransactionFilter {
    pub(super) status: Option<Vec<TransactionStatus>>,
    pub(super) kind: Option<Vec<TransactionKind>>,
    pub(super) gateway: Option<String>,
    pub(super) reference: Option<String>,
    pub(super) invoice: Option<InvoiceId>,
    pub(super) user: Option<UserId>,
    pub(super) created_after: Option<Instant>,
    pub(super) created_before: Option<Instant>,
}

/// What transactions can be sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, async_graphql::Enum)]
pub enum TransactionOrderField {
    /// When the transaction began.
    CreatedAt,
}

impl Order for TransactionOrderField {
    fn column(self) -> Column {
        column!(transactions.created_at)
    }
}

impl Listed for Transaction {
    type Order = TransactionOrderField;
    type Filter = TransactionFilter;

    fn newest() -> TransactionOrderField {
        TransactionOrderField::CreatedAt
    }

    fn query(viewer: &Viewer, filter: &TransactionFilter, mut ending: Ending) -> Fragment {
        let mut query = Self::visible_to(viewer);
        if let Some(status) = ending.any_of(column!(transactions.status), filter.status.as_ref()) {
            query = query.filter(status);
        }
        if let Some(kind) = ending.any_of(column!(transactions.kind), filter.kind.as_ref()) {
            query = query.filter(kind);
        }
        if let Some(gateway) = &filter.gateway {
            query = query.filter(transactions::gateway.eq(gateway.clone()));
        }
        if let Some(reference) = &filter.reference {
            query = query.filter(transactions::reference.eq(reference.clone()));
        }
        if let Some(invoice) = filter.invoice {
            query = query.filter(transactions::invoice_id.eq(invoice));
        }
        if let Some(user) = filter.user {
            query = query.filter(transactions::user_id.eq(user));
        }
        if let Some(Instant(after)) = filter.created_after {
            query = query.filter(transactions::created_at.ge(after));
        }
        if let Some(Instant(before)) = filter.created_before {
            query = query.filter(transactions::created_at.lt(before));
        }
        ending.finish(query)
    }
}
