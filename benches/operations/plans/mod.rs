//! The plans that PostgreSQL really runs: the program is asked for every list and every kind of row, PostgreSQL logs what
//! it does for that, and whatever reads a table that grows from end to end is found.

mod documents;
mod log;
mod plan;
mod seen;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::arguments::PlansArgs;
use crate::client::Client;
use crate::request::post;
use crate::sql::Sql;
use crate::stage::Stage;
use crate::workload::Cast;
use crate::{Failure, interrupt, progress};
use log::Log;
use seen::Seen;

/// PostgreSQL plans a prepared statement for its values five times, and may then keep one plan for all values.
const RUNS: usize = 6;

/// Looks at all plans; fails when a table that grows is read whole.
pub fn run(PlansArgs { place, show }: &PlansArgs) -> Result<(), Failure> {
    let stage = Stage::set(place)?;
    let sql = stage.sql()?;
    let cast = Cast::gather(&sql)?;
    let growing = growing(&sql, place.scale)?;
    let customer = cast.customer()?;
    let documents = documents::all(&sql, customer)?;
    let mut log = Log::begin(&stage)?;
    let server = stage.serve()?;
    let mut wrong = 0;
    for (who, token) in [("an administrator", cast.token(&cast.administrator)), ("a customer", cast.token(customer))] {
        progress!("asking {} documents as {who}", documents.len());
        let mut asker = Asker { client: Client::connect(server.address)?, token };
        let mut seen = Seen::default();
        for document in &documents {
            asker.ask(document)?;
            seen.add(log.plans()?, document);
            interrupt::check()?;
        }
        wrong += seen.report(who, &growing, *show);
    }
    log.end(&stage)?;
    if wrong > 0 {
        return Err(format!("{wrong} plans read a table that grows from end to end").into());
    }
    Ok(())
}

/// The tables that have more rows on a larger scale, a thousand a unit or more; the others are read whole for good
/// reason. Half of that is asked for: PostgreSQL estimates.
fn growing(sql: &Sql, scale: u32) -> Result<BTreeSet<String>, Failure> {
    let tables = format!(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND reltuples >= {}",
        scale * 500
    );
    Ok(sql.column(&tables)?.into_iter().collect())
}

/// Somebody who asks.
struct Asker<'a> {
    client: Client,
    token: &'a str,
}

impl Asker<'_> {
    /// Asks often enough for a plan that stays, then for the pages that follow.
    fn ask(&mut self, document: &str) -> Result<(), Failure> {
        let mut after = Value::Null;
        for _ in 0..RUNS {
            after = self.end_cursor(document, &Value::Null)?;
        }
        for _ in 0..RUNS {
            if after.is_null() {
                break;
            }
            after = self.end_cursor(document, &after)?;
        }
        Ok(())
    }

    /// The cursor of the next page, if there is one.
    fn end_cursor(&mut self, document: &str, after: &Value) -> Result<Value, Failure> {
        let answer = self.client.ask(&post(self.token, document, &json!({ "after": after })))?;
        let body: Value = serde_json::from_slice(answer.body)?;
        let errors = body.get("errors").and_then(Value::as_array).into_iter().flatten();
        // Not everything is for customers, and a refusal needs no plan.
        let real = errors.filter(|error| error.pointer("/extensions/code") != Some(&Value::from("FORBIDDEN"))).count();
        if answer.status != 200 || real > 0 {
            return Err(format!("{document}: {body}").into());
        }
        let lists = body.get("data").and_then(Value::as_object).into_iter().flat_map(|data| data.values());
        let info = lists.filter_map(|list| list.get("pageInfo")).find(|info| info["hasNextPage"] == true);
        Ok(info.map(|info| info["endCursor"].clone()).unwrap_or_default())
    }
}
