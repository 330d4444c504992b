//! What is known of a transaction beside its row.

use std::sync::Arc;

use bigdecimal::BigDecimal;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::row::{TransactionKind, TransactionStatus};
use crate::column;
use crate::db::batch::{Found, Key};
use crate::db::list::InScope;
use crate::db::schema::transactions;
use crate::db::unit::Unit;
use crate::error::Result;
use crate::id::TransactionId;
use crate::leaf::JsonText;
use crate::viewer::{Permission, Scope};

/// The key of what was given back of a transaction, or is on its way back.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RefundedOf(pub(super) TransactionId);

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
            .filter(InScope(column!(transactions.user_id), unit.viewer().scope(Permission::TransactionRead)))
            .group_by(transactions::parent_id)
            .select((transactions::parent_id, diesel::dsl::sum(transactions::amount)))
            .load(&mut unit.conn())
            .await?;
        Ok(rows.into_iter().filter_map(|(parent, refunded)| Some((RefundedOf(parent?), refunded?))).collect())
    }
}

/// The key of what a gateway sent along with a transaction. Only for holders of `transaction:read`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MetadataOf(pub(super) TransactionId);

impl Key for MetadataOf {
    type Value = Arc<JsonText>;

    async fn load(keys: Vec<Self>, unit: Arc<Unit>) -> Result<Found<Self>> {
        if unit.viewer().scope(Permission::TransactionRead) != Scope::All {
            return Ok(Found::default());
        }
        let ids: Vec<TransactionId> = keys.into_iter().map(|MetadataOf(id)| id).collect();
        let rows: Vec<(TransactionId, Option<JsonText>)> = transactions::table
            .filter(transactions::id.eq_any(ids))
            .select((transactions::id, transactions::metadata))
            .load(&mut unit.conn())
            .await?;
        Ok(rows.into_iter().filter_map(|(id, metadata)| Some((MetadataOf(id), Arc::new(metadata?)))).collect())
    }
}

/// What can still be given back of an amount, when `refunded` was given back or is on its way.
#[must_use]
pub fn refundable(
    amount: &BigDecimal,
    kind: TransactionKind,
    status: TransactionStatus,
    refunded: Option<BigDecimal>,
) -> BigDecimal {
    let gives_back =
        matches!(kind, TransactionKind::Payment | TransactionKind::Credit) && status == TransactionStatus::Completed;
    let rest = amount - refunded.unwrap_or_default();
    if gives_back { rest.max(BigDecimal::from(0)) } else { BigDecimal::from(0) }
}
