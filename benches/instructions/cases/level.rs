//! Rows that write themselves: a selection is planned, and the rows of a level are written. async-graphql's parsing and
//! validation of the document is in it, the same for both: many rows show the writing, many keys the planning.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::{EmptyMutation, EmptySubscription, Object, Schema, Value};
use bigdecimal::BigDecimal;
use chrono::DateTime;
use skypanel::db::pool::{Pool, Settings};
use skypanel::db::unit::Work;
use skypanel::entity;
use skypanel::entity::{part, parts};
use skypanel::id::TicketId;
use skypanel::memory::{Bounds, Memory};
use skypanel::money::{CurrencyCode, Money};
use skypanel::request::Request;
use skypanel::scalar::Instant;
use skypanel::viewer::Client;
use uuid::Uuid;

use super::{Part, Prepare};
use crate::Failure;

pub const CASES: &[(&str, Prepare)] = &[
    ("level/thousand_rows", || {
        answer("{ shelf { rows { id subject note isOpen count createdAt amount { amount currency } } } }")
    }),
    ("level/hundred_keys", || {
        let keys: Vec<String> = (0..100).map(|number| format!("key{number}: subject")).collect();
        answer(&format!("{{ shelf {{ one {{ {} }} }} }}", keys.join(" ")))
    }),
];

/// A row of every kind of value.
struct Row {
    id: TicketId,
    subject: String,
    note: Option<String>,
    is_open: bool,
    count: i32,
    created_at: Instant,
    amount: BigDecimal,
}

impl Row {
    fn new(number: u128) -> Self {
        Self {
            id: TicketId(Uuid::from_u128(number)),
            subject: format!("\"Nothing works\", for the {number}. time"),
            note: number.is_multiple_of(2).then(|| "again".to_owned()),
            is_open: number.is_multiple_of(3),
            count: i32::try_from(number).unwrap_or_default(),
            created_at: Instant(DateTime::from_timestamp_millis(1_750_000_000_123).unwrap_or_default()),
            amount: BigDecimal::from(1234) / 100,
        }
    }
}

entity! {
    /// A row.
    Row {
        /// Its id.
        id;
        /// A text with escapes.
        subject;
        /// A text, or null.
        note;
        /// A truth.
        is_open;
        /// A number.
        count;
        /// An instant.
        created_at;
        /// An amount.
        amount = part[amount => Money::new(amount, CurrencyCode::default())];
    }
}

struct Shelf;

entity! {
    /// What holds rows.
    Shelf {
        /// Many rows.
        rows = parts[ => (0..1000).map(Row::new).collect()];
        /// One row.
        one = part[ => Row::new(1)];
    }
}

struct Root;

/// The root, from which rows write themselves.
#[Object]
impl Root {
    /// What holds rows.
    async fn shelf(&self) -> Shelf {
        Shelf
    }
}

fn answer(document: &str) -> Result<Part, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let _inside = runtime.enter();
    let second = Duration::from_secs(1);
    let settings = Settings {
        size: 1,
        wait: second,
        statement_timeout: second,
        lock_timeout: second,
        idle_in_transaction: second,
    };
    // Nothing is asked of it.
    let pool = Pool::new("postgres://nobody@localhost/nothing", &settings)?;
    // One share counts the text of every run.
    let memory = Memory::new(Bounds { answer: usize::MAX, ..Bounds::default() });
    let work = Arc::new(Work::new(&pool, memory.share(Arc::new([])), None));
    let schema = Schema::new(Root, EmptyMutation, EmptySubscription);
    let document = document.to_owned();
    let ask = move || {
        let request = Arc::new(Request::new(Arc::clone(&work), Client::default(), String::new(), true));
        let execution = schema.execute(async_graphql::Request::new(document.as_str()).data(Arc::clone(&request)));
        runtime.block_on(request.batch.drive(execution, &work))
    };
    let response = ask().map_err(|interrupted| format!("{interrupted:?}"))?;
    let written =
        matches!(&response.data, Value::Object(data) if data.values().all(|one| matches!(one, Value::Binary(_))));
    if !response.errors.is_empty() || !written {
        return Err(format!("rows did not write themselves: {:?}", response.errors).into());
    }
    Ok(Box::new(move || drop(black_box(ask()))))
}
