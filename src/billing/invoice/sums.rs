//! The money that moved for an invoice.

use std::sync::Arc;

use bigdecimal::BigDecimal;
use diesel::sql_types::{Numeric, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::row::InvoiceStatus;
use crate::db::batch::{Found, Key};
use crate::db::statement::{Bind, Statement};
use crate::db::unit::Unit;
use crate::error::Result;
use crate::id::InvoiceId;

/// The key of the money that moved for an invoice.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SumsOf(pub(super) InvoiceId);

/// The money that moved for an invoice.
#[derive(Debug, Clone)]
pub struct Sums {
    pub(super) paid: BigDecimal,
    pub(super) refunded: BigDecimal,
}

impl Sums {
    /// What is still to be paid of an amount. Nothing before the invoice is issued and after it is settled.
    #[must_use]
    pub fn due(&self, amount: &BigDecimal, status: InvoiceStatus) -> BigDecimal {
        let owes = matches!(status, InvoiceStatus::Pending | InvoiceStatus::Overdue | InvoiceStatus::Uncollectible);
        let rest = amount - &self.paid + &self.refunded;
        if owes { rest.max(BigDecimal::from(0)) } else { BigDecimal::from(0) }
    }
}

impl Key for SumsOf {
    type Value = Arc<Sums>;

    async fn load(keys: Vec<Self>, unit: Arc<Unit>) -> Result<Found<Self>> {
        let statement = Statement::<(SqlUuid, Numeric, Numeric)>::new(
            "SELECT invoice_id, paid, refunded FROM app.invoice_sums(?)",
            vec![Bind::ids(keys.into_iter().map(|SumsOf(invoice)| invoice))],
        );
        let rows: Vec<(Uuid, BigDecimal, BigDecimal)> = statement.load(&mut unit.conn()).await?;
        let sums =
            rows.into_iter().map(|(id, paid, refunded)| (SumsOf(InvoiceId(id)), Arc::new(Sums { paid, refunded })));
        Ok(sums.collect())
    }
}
