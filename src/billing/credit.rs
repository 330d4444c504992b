//! Prepaid balances.

use std::sync::Arc;

use bigdecimal::BigDecimal;
use diesel::sql_types::{Numeric, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use rustc_hash::FxHashMap;
use uuid::Uuid;

use crate::db::batch::{Found, Key};
use crate::db::statement::{Bind, Statement};
use crate::db::unit::Unit;
use crate::error::Result;
use crate::id::UserId;
use crate::money::{CurrencyCode, Money};

/// The key of a person's prepaid balance, one entry a currency.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CreditsOf(pub(crate) UserId);

impl Key for CreditsOf {
    type Value = Arc<Vec<Arc<Money>>>;

    async fn load(keys: Vec<Self>, unit: Arc<Unit>) -> Result<Found<Self>> {
        let statement = Statement::<(SqlUuid, Text, Numeric)>::new(
            "SELECT user_id, currency, amount FROM app.credits(?) ORDER BY user_id, currency",
            vec![Bind::ids(keys.into_iter().map(|CreditsOf(user)| user))],
        );
        let rows: Vec<(Uuid, CurrencyCode, BigDecimal)> = statement.load(&mut unit.conn()).await?;
        let mut credits = FxHashMap::<Self, Vec<Arc<Money>>>::default();
        for (user, currency, amount) in rows {
            credits.entry(CreditsOf(UserId(user))).or_default().push(Arc::new(Money::new(&amount, currency)));
        }
        Ok(credits.into_iter().map(|(key, credits)| (key, Arc::new(credits))).collect())
    }
}
