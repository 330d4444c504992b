//! The sums over a span of days, and their loader.

use std::sync::Arc;

use bigdecimal::BigDecimal;
use chrono::NaiveDate;
use diesel::sql_types::{Numeric, Text};
use diesel_async::RunQueryDsl;

use crate::db::batch::{Found, Key};
use crate::db::statement::{Bind, Statement};
use crate::db::unit::Unit;
use crate::error::Result;
use crate::money::CurrencyCode;

/// What came in and what is owed, in one currency.
pub struct BillingSummary {
    pub(super) currency: CurrencyCode,
    pub(super) received: BigDecimal,
    pub(super) refunded: BigDecimal,
    pub(super) outstanding: BigDecimal,
    pub(super) overdue: BigDecimal,
}

/// The key of a summary from one day to another, both included.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SummaryOf {
    pub(super) since: NaiveDate,
    pub(super) until: NaiveDate,
}

type Row = (CurrencyCode, BigDecimal, BigDecimal, BigDecimal, BigDecimal);

impl Key for SummaryOf {
    type Value = Arc<Vec<Arc<BillingSummary>>>;

    async fn load(keys: Vec<Self>, unit: Arc<Unit>) -> Result<Found<Self>> {
        let summaries = keys.into_iter().map(|key| async {
            let statement = Statement::<(Text, Numeric, Numeric, Numeric, Numeric)>::new(
                "SELECT currency, received, refunded, outstanding, overdue FROM app.billing_summary(?, ?) ORDER BY currency",
                vec![Bind::Date(key.since), Bind::Date(key.until)],
            );
            let rows: Vec<Row> = statement.load(&mut unit.conn()).await?;
            Ok((key, Arc::new(rows.into_iter().map(summary).collect())))
        });
        futures_util::future::try_join_all(summaries).await.map(|found| found.into_iter().collect())
    }
}

fn summary((currency, received, refunded, outstanding, overdue): Row) -> Arc<BillingSummary> {
    Arc::new(BillingSummary { currency, received, refunded, outstanding, overdue })
}
