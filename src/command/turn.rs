//! What a job works with, and what comes of it.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::db::pool::Pool;
use crate::db::unit::Unit;
use crate::error::{Error, Result};
use crate::post::Post;

/// The longest text of a failure that is kept.
const LONGEST: usize = 500;

/// One run of a job: over which database, at what time, and whether anything is kept of it.
#[derive(Clone)]
pub struct Turn {
    /// The database.
    pub pool: Pool,
    /// The time by the clock of the business, for a run at another time than now.
    pub at: Option<DateTime<Utc>>,
    /// Whether everything is undone: it tells what would be done.
    pub is_dry: bool,
    /// Its name in the journal.
    pub name: String,
    /// What puts mails on their way.
    pub post: Arc<Post>,
}

impl Turn {
    /// A transaction of the run's own.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn unit(&self) -> Result<Unit> {
        Unit::worker_at(&self.pool, self.at).await
    }

    /// Ends a transaction: keeps what was written, or undoes it when nothing is to be kept.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn end(&self, unit: Unit) -> Result<()> {
        if self.is_dry { unit.rollback().await } else { unit.commit().await }
    }
}

/// What came of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Rows that were handled.
    pub done: i32,
    /// Rows that failed, and were passed over.
    pub failed: i32,
    /// What became of the last of them.
    pub error: Option<String>,
}

impl Tally {
    /// So many rows were handled.
    #[must_use]
    pub fn of(done: i64) -> Self {
        Self { done: i32::try_from(done).unwrap_or(i32::MAX), ..Self::default() }
    }

    /// One more row was handled.
    pub fn did(&mut self) {
        self.done = self.done.saturating_add(1);
    }

    /// One more row failed.
    pub fn failed(&mut self, row: impl fmt::Display, why: &str) {
        tracing::warn!(%row, why, "passed over: it is tried again");
        self.failed = self.failed.saturating_add(1);
        self.error = Some(short(&format!("{row}: {why}")));
    }

    /// Whether there was nothing to do.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.done == 0 && self.failed == 0
    }
}

/// What failed, for people who look after the program.
#[must_use]
pub fn told(error: &Error) -> String {
    short(&error.cause().map_or_else(|| error.message().to_owned(), ToString::to_string))
}

/// The beginning of a text, as long as it may be kept.
#[must_use]
pub fn short(text: &str) -> String {
    text.chars().filter(|letter| *letter != '\0').take(LONGEST).collect()
}
