//! What came in and what is owed, over a span of days.

use std::sync::Arc;

use async_graphql::SimpleObject;
use bigdecimal::BigDecimal;
use chrono::NaiveDate;
use diesel::sql_types::{Numeric, Text};
use diesel_async::RunQueryDsl;

use crate::db::batch::{Found, Key};
use crate::db::statement::{Bind, Statement};
use crate::db::unit::Unit;
use crate::error::Result;
use crate::money::{CurrencyCode, Money};

/// What came in and what is owed, in one currency.
#[derive(Debug, Clone, SimpleObject)]
pub struct BillingSummary {
    /// The currency of the amounts.
    currency: CurrencyCode,
    /// Payments and bought credit in the span.
    received: Money,
    /// What was given back in the span.
    refunded: Money,
    /// What is owed now on issued invoices, overdue ones included.
    outstanding: Money,
    /// What is owed now on overdue invoices.
    overdue: Money,
}

/// The key of a summary from one day to another, both included.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SummaryOf {
    pub(crate) since: NaiveDate,
    pub(crate) until: NaiveDate,
}

type Row = (String, BigDecimal, BigDecimal, BigDecimal, BigDecimal);

impl Key for SummaryOf {
    type Value = Arc<Vec<BillingSummary>>;

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

fn summary((currency, received, refunded, outstanding, overdue): Row) -> BillingSummary {
    let money = |amount: BigDecimal| Money::new(&amount, &currency);
    BillingSummary {
        received: money(received),
        refunded: money(refunded),
        outstanding: money(outstanding),
        overdue: money(overdue),
        currency: CurrencyCode(currency.clone()),
    }
}
