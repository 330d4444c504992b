//! Movements of money. An amount is always positive; its direction follows from its kind.

use std::sync::Arc;

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use diesel::dsl::AsSelect;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::db::batch::{Found, Key};
use crate::db::list::{Column, Fragment, InScope, OfParent, SortValue};
use crate::db::schema::transactions;
use crate::db::unit::Unit;
use crate::error::Result;
use crate::id::{InvoiceId, TransactionId, UserId};
use crate::page::{Cut, Listed, Order};
use crate::viewer::{Permission, Scope, Viewer};
use crate::{finish_list, list_rows, text_enum};

text_enum! {
    /// Where a transaction is in its life. New values may come: keep a default branch.
    TransactionStatus {
        /// Begun.
        Pending = "pending",
        /// The gateway is at it.
        Processing = "processing",
        /// The money moved.
        Completed = "completed",
        /// The money did not move.
        Failed = "failed",
        /// Given up before the money moved.
        Cancelled = "cancelled",
        /// The payer objects.
        Disputed = "disputed",
        /// The payer's objection was upheld: the money went back.
        ChargedBack = "charged_back",
        /// All of it was given back.
        Refunded = "refunded",
    }
}

text_enum! {
    /// What a transaction is. New values may come: keep a default branch.
    TransactionKind {
        /// Money for an invoice.
        Payment = "payment",
        /// Money given back.
        Refund = "refund",
        /// Prepaid balance bought.
        Credit = "credit",
        /// Prepaid balance used up.
        Usage = "usage",
        /// A correction by staff.
        Adjustment = "adjustment",
    }
}

text_enum! {
    /// Which way money moves.
    TransactionDirection {
        /// Adds to what the person has paid or holds.
        In = "in",
        /// Takes from it.
        Out = "out",
    }
}

/// A movement of money. What the gateway sent along is not in it: customers' roles cannot read that
/// column.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Queryable, Selectable)]
#[diesel(table_name = transactions, check_for_backend(Pg))]
pub struct Transaction {
    pub(crate) id: TransactionId,
    pub(crate) kind: TransactionKind,
    pub(crate) amount: BigDecimal,
    pub(crate) currency: String,
    pub(crate) gateway: Option<String>,
    pub(crate) direction: TransactionDirection,
    pub(crate) status: TransactionStatus,
    pub(crate) reference: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
    pub(crate) user_id: UserId,
    pub(crate) invoice_id: Option<InvoiceId>,
    pub(crate) parent_id: Option<TransactionId>,
}

/// What narrows a list of transactions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct TransactionFilter {
    pub(crate) status: Option<Vec<TransactionStatus>>,
    pub(crate) kind: Option<Vec<TransactionKind>>,
    pub(crate) gateway: Option<String>,
    pub(crate) reference: Option<String>,
    pub(crate) invoice: Option<InvoiceId>,
    pub(crate) user: Option<UserId>,
    pub(crate) created_after: Option<DateTime<Utc>>,
    pub(crate) created_before: Option<DateTime<Utc>>,
}

/// What transactions can be sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, async_graphql::Enum)]
pub enum TransactionOrderField {
    /// When the transaction began.
    CreatedAt,
}

impl Order for TransactionOrderField {
    fn column(self) -> Column {
        Column::new("transactions", "created_at")
    }
}

type Query = transactions::BoxedQuery<'static, Pg, AsSelect<Transaction, Pg>>;

impl Transaction {
    /// The transactions that `viewer` may see.
    #[must_use]
    pub fn visible_to(viewer: &Viewer) -> Query {
        let scope = InScope(Column::new("transactions", "user_id"), viewer.scope(Permission::TransactionRead));
        transactions::table.select(Self::as_select()).into_boxed().filter(scope)
    }

    /// What can still be given back, when `refunded` was given back or is on its way.
    #[must_use]
    pub fn refundable(&self, refunded: &BigDecimal) -> BigDecimal {
        let gives_back = matches!(self.kind, TransactionKind::Payment | TransactionKind::Credit)
            && self.status == TransactionStatus::Completed;
        if gives_back { (&self.amount - refunded).max(BigDecimal::from(0)) } else { BigDecimal::from(0) }
    }
}

impl Listed for Transaction {
    type Order = TransactionOrderField;
    type Filter = TransactionFilter;

    fn id(&self) -> Uuid {
        self.id.0
    }

    fn sort_value(&self, _: TransactionOrderField) -> SortValue {
        SortValue::Instant(Some(self.created_at))
    }

    fn query(
        viewer: &Viewer,
        parent: Option<OfParent>,
        filter: &TransactionFilter,
        cut: Cut<'_, TransactionOrderField>,
    ) -> Fragment {
        let mut query = Self::visible_to(viewer);
        if let Some(status) = &filter.status {
            query = query.filter(transactions::status.eq_any(status.clone()));
        }
        if let Some(kind) = &filter.kind {
            query = query.filter(transactions::kind.eq_any(kind.clone()));
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
        if let Some(after) = filter.created_after {
            query = query.filter(transactions::created_at.ge(after));
        }
        if let Some(before) = filter.created_before {
            query = query.filter(transactions::created_at.lt(before));
        }
        finish_list!(query, parent, cut)
    }

    list_rows!();
}

impl Key for TransactionId {
    type Value = Arc<Transaction>;

    async fn load(keys: Vec<Self>, unit: Arc<Unit>) -> Result<Found<Self>> {
        let query = Transaction::visible_to(unit.viewer()).filter(transactions::id.eq_any(keys));
        let rows: Vec<Transaction> = query.load(&mut unit.conn()).await?;
        Ok(rows.into_iter().map(|transaction| (transaction.id, Arc::new(transaction))).collect())
    }
}

/// The key of what was given back of a transaction, or is on its way back.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RefundedOf(pub(crate) TransactionId);

impl Key for RefundedOf {
    type Value = BigDecimal;

    async fn load(keys: Vec<Self>, unit: Arc<Unit>) -> Result<Found<Self>> {
        let parents: Vec<TransactionId> = keys.into_iter().map(|RefundedOf(parent)| parent).collect();
        let live = [TransactionStatus::Pending, TransactionStatus::Processing, TransactionStatus::Completed];
        // The refunds of a transaction belong to whom it belongs to: who sees it sees all of them.
        let rows: Vec<(Option<TransactionId>, Option<BigDecimal>)> = transactions::table
            .filter(transactions::parent_id.eq_any(parents))
            .filter(transactions::kind.eq(TransactionKind::Refund))
            .filter(transactions::status.eq_any(live))
            .filter(InScope(Column::new("transactions", "user_id"), unit.viewer().scope(Permission::TransactionRead)))
            .group_by(transactions::parent_id)
            .select((transactions::parent_id, diesel::dsl::sum(transactions::amount)))
            .load(&mut unit.conn())
            .await?;
        Ok(rows.into_iter().filter_map(|(parent, refunded)| Some((RefundedOf(parent?), refunded?))).collect())
    }
}

/// The key of what a gateway sent along with a transaction. Only for holders of `transaction:read`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MetadataOf(pub(crate) TransactionId);

impl Key for MetadataOf {
    type Value = Arc<serde_json::Value>;

    async fn load(keys: Vec<Self>, unit: Arc<Unit>) -> Result<Found<Self>> {
        if unit.viewer().scope(Permission::TransactionRead) != Scope::All {
            return Ok(Found::new());
        }
        let ids: Vec<TransactionId> = keys.into_iter().map(|MetadataOf(id)| id).collect();
        let rows: Vec<(TransactionId, Option<serde_json::Value>)> = transactions::table
            .filter(transactions::id.eq_any(ids))
            .select((transactions::id, transactions::metadata))
            .load(&mut unit.conn())
            .await?;
        Ok(rows.into_iter().filter_map(|(id, metadata)| Some((MetadataOf(id), Arc::new(metadata?)))).collect())
    }
}
