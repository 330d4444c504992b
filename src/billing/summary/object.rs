//! The sums over a span of days, as clients see them.

use std::sync::Arc;

use async_graphql::registry::Registry;
use async_graphql::{Context, OutputType as _, ServerResult, Value};
use futures_util::future::{BoxFuture, FutureExt as _};

use super::row::{BillingSummary, SummaryOf};
use crate::entity;
use crate::entity::{At, Declared, Kind, Object, Step, failed, part};
use crate::error::{Error, Result};
use crate::money::Money;
use crate::page::argument;
use crate::request::ContextExt as _;
use crate::scalar::{Day, Undecoded};

entity! {
    /// What came in and what is owed, in one currency.
    BillingSummary {
        /// The currency of the amounts.
        currency;
        /// Payments and bought credit in the span.
        received = part[received, currency => Money::new(received, *currency)];
        /// What was given back in the span.
        refunded = part[refunded, currency => Money::new(refunded, *currency)];
        /// What is owed now on issued invoices, overdue ones included.
        outstanding = part[outstanding, currency => Money::new(outstanding, *currency)];
        /// What is owed now on overdue invoices.
        overdue = part[overdue, currency => Money::new(overdue, *currency)];
    }
}

/// The longest span of a summary, in days.
const MAX_DAYS: i64 = 400;

/// The field that asks for a summary.
pub struct Summary;

impl<T: Object> Kind<T> for Summary {
    fn declare(&self, registry: &mut Registry) -> Declared {
        let arguments = vec![
            argument::<Day>(registry, "since", "The first day, in UTC."),
            argument::<Day>(registry, "until", "The last day, in UTC; at most 400 days later."),
        ];
        Declared::with(format!("[{}]!", BillingSummary::create_type_info(registry)), arguments)
    }

    fn plan(&'static self, _: &At<'_>) -> Option<Step<T>> {
        None
    }

    fn resolve<'a>(&'a self, _: &'a T, ctx: &'a Context<'a>) -> BoxFuture<'a, ServerResult<Value>> {
        async move {
            let (_, since) = ctx.param_value::<Undecoded<Day>>("since", None)?;
            let (_, until) = ctx.param_value::<Undecoded<Day>>("until", None)?;
            let summary = load(ctx, since, until).await.map_err(|error| failed(ctx, error))?;
            summary.resolve(&ctx.with_selection_set(&ctx.item.node.selection_set), ctx.item).await
        }
        .boxed()
    }
}

async fn load(
    ctx: &Context<'_>,
    since: Undecoded<Day>,
    until: Undecoded<Day>,
) -> Result<Arc<Vec<Arc<BillingSummary>>>> {
    let (Day(since), Day(until)) = (since.decode("since")?, until.decode("until")?);
    if !(0..=MAX_DAYS).contains(&(until - since).num_days()) {
        let message = format!("`until` lies on or after `since`, at most {MAX_DAYS} days later.");
        return Err(Error::bad_input("until", message));
    }
    Ok(ctx.load(SummaryOf { since, until }).await?.unwrap_or_default())
}
