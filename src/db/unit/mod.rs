//! One unit of work a request.
//!
//! A [`Unit`] is one connection with one open transaction that has authenticated its viewer: `BEGIN`
//! and the authentication leave in one round trip, row-level security reads the context that the
//! authentication set, and every statement of a query sees one snapshot. A unit that is dropped
//! instead of committed takes its connection with it, so its transaction, role and context can never
//! reach the next request.

mod authenticate;
mod work;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Waker};

use chrono::{DateTime, Utc};
use diesel_async::SimpleAsyncConnection as _;
use futures_util::future::{BoxFuture, FutureExt as _};

pub use authenticate::{Presented, Seen, TokenDigest};
pub use work::{Interrupted, Work};

use self::authenticate::authenticate;
use super::client::Client;
use super::failure;
use super::list::Fragment;
use super::loan::Loan;
use super::pool::Pool;
use super::row::{self, DatabaseRow};
use crate::error::{Error, Result};
use crate::viewer::Viewer;

/// What a unit may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Read one snapshot.
    Read,
    /// Read and write.
    Write,
}

impl Access {
    fn begin(self) -> &'static str {
        match self {
            // REPEATABLE READ is what makes all statements of an answer see one snapshot.
            Self::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Self::Write => "BEGIN",
        }
    }
}

const COMMIT: &str = "COMMIT";
const ROLLBACK: &str = "ROLLBACK";

/// One connection, one transaction, one viewer.
pub struct Unit {
    connection: Loan,
    viewer: Arc<Viewer>,
    failure: OnceLock<Error>,
    /// Whether its `COMMIT` was sent with its last statements.
    leaving: AtomicBool,
    /// What ends it when nothing is to be kept, or nothing was written.
    closing: &'static str,
}

impl Unit {
    /// Takes a connection, opens a transaction on it and authenticates, in one round trip.
    ///
    /// # Errors
    /// `OVERLOADED` when no connection comes free in time, `DB_UNAVAILABLE` when there is none.
    pub async fn open(pool: &Pool, access: Access, presented: Option<&Presented>) -> Result<(Self, Seen)> {
        // A connection that died while it was idle shows only now, and is thrown away: the next one may
        // be alive. The wait for one is not repeated.
        loop {
            let connection = pool.get().await?;
            let old = connection.served;
            let unit = Self::on(connection, Arc::default());
            match authenticate(unit.conn(), access.begin(), access, presented).await {
                Err(error) if old && error.code().is_outage() => {}
                Err(error) => return Err(error),
                Ok(seen) => return Ok((Self { viewer: Arc::clone(&seen.viewer), ..unit }, seen)),
            }
        }
    }

    /// Takes a connection for a reading unit of whom the program takes its viewer to be. Its first statements are the
    /// second half of what is returned, which tells who the viewer really is: it has to be polled before anything else
    /// is asked on the unit. Nothing that the unit answers may be believed until the two were found equal.
    ///
    /// # Errors
    /// Like [`Unit::open`].
    pub async fn early(
        pool: &Pool,
        presented: Presented,
        guess: Arc<Viewer>,
    ) -> Result<(Arc<Self>, BoxFuture<'static, Result<Seen>>)> {
        let unit = Arc::new(Self::on(pool.get().await?, guess));
        let asking = Arc::clone(&unit);
        let read = Access::Read;
        let seen = async move { authenticate(asking.conn(), read.begin(), read, Some(&presented)).await };
        Ok((unit, seen.boxed()))
    }

    fn on(mut connection: Loan, viewer: Arc<Viewer>) -> Self {
        *connection.clean.get_mut() = false;
        connection.served = true;
        Self { connection, viewer, failure: OnceLock::new(), leaving: AtomicBool::new(false), closing: COMMIT }
    }

    /// A reading unit of the program itself, before anybody is known: no viewer and no role, so that no
    /// table is open, only what hands out the credentials of a login.
    ///
    /// # Errors
    /// Like [`Unit::open`].
    pub async fn program(pool: &Pool) -> Result<Self> {
        Self::without_viewer(pool, "BEGIN READ ONLY").await
    }

    /// A unit of the program itself, for what runs on a clock: no person, the role `app_worker`.
    ///
    /// # Errors
    /// Like [`Unit::open`].
    pub async fn worker(pool: &Pool) -> Result<Self> {
        Self::worker_at(pool, None).await
    }

    /// The same, perhaps at another time than it is.
    ///
    /// # Errors
    /// Like [`Unit::open`].
    pub async fn worker_at(pool: &Pool, at: Option<DateTime<Utc>>) -> Result<Self> {
        let begin = "BEGIN; SET LOCAL ROLE app_worker";
        let unit = match at {
            None => Self::without_viewer(pool, begin).await?,
            Some(at) => {
                let set = format!("{begin}; SET LOCAL skypanel.now = '{}'", at.to_rfc3339());
                Self::without_viewer(pool, &set).await?
            }
        };
        Ok(Self { viewer: Arc::new(Viewer::clock()), ..unit })
    }

    async fn without_viewer(pool: &Pool, begin: &str) -> Result<Self> {
        loop {
            let connection = pool.get().await?;
            let old = connection.served;
            let unit = Self::on(connection, Arc::default());
            match unit.conn().batch_execute(begin).await.map_err(Error::from) {
                Err(error) if old && error.code().is_outage() => {}
                Err(error) => return Err(error),
                Ok(()) => return Ok(unit),
            }
        }
    }

    /// From here on the unit shows what was written in it as its viewer would see it, and ends by undoing it: nothing
    /// can commit it any more. The viewer is authenticated again, because the change may be of his own rights.
    ///
    /// # Errors
    /// When a constraint that waited for the commit is violated, and what the database answers.
    pub async fn rehearse(mut self, presented: Option<&Presented>) -> Result<Self> {
        self.closing = ROLLBACK;
        let behind = "SET CONSTRAINTS ALL IMMEDIATE; RESET ROLE";
        let seen = authenticate(self.conn(), behind, Access::Read, presented).await?;
        Ok(Self { viewer: seen.viewer, ..self })
    }

    /// The connection, shared: statements whose futures are polled together leave together.
    #[must_use]
    pub fn conn(&self) -> &Client {
        &self.connection.inner
    }

    /// Who asks.
    #[must_use]
    pub fn viewer(&self) -> &Arc<Viewer> {
        &self.viewer
    }

    /// Runs a statement and reads each of its rows.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn fetch<T: Send>(
        &self,
        statement: Fragment,
        read: impl Fn(&DatabaseRow) -> diesel::deserialize::Result<T> + Send,
    ) -> Result<Vec<T>> {
        let plan_anew = statement.plan_anew;
        let rows = row::fetch(self.conn(), self.connection.memory.as_deref(), statement, read);
        if plan_anew {
            // Polled together, the two leave together; the first statement of the level that says so holds for all.
            let (planned, rows) = futures_util::join!(self.plan_anew(), rows);
            planned?;
            return rows;
        }
        rows.await
    }

    /// Plans the statements of this transaction anew from here on, each for its own values: for one that a generic
    /// plan would serve badly.
    async fn plan_anew(&self) -> Result<()> {
        Ok(self.conn().batch_execute("SET LOCAL plan_cache_mode = force_custom_plan").await?)
    }

    /// What failed first in this transaction. After it PostgreSQL refuses every further statement, and
    /// whoever sent one should hear of the cause.
    #[must_use]
    pub fn failure(&self) -> Option<&Error> {
        self.failure.get()
    }

    /// Notes that a statement failed; what to tell for it.
    pub fn note_failure(&self, error: Error) -> Error {
        if failure::is_aftermath(&error) {
            return self.failure.get().cloned().unwrap_or(error);
        }
        self.failure.get_or_init(|| error).clone()
    }

    /// How many statements its connection has prepared.
    #[must_use]
    pub fn prepared(&self) -> u64 {
        self.connection.inner.prepared()
    }

    /// Whether nothing more can be asked on it.
    #[must_use]
    pub fn is_leaving(&self) -> bool {
        AtomicBool::load(&self.leaving, Ordering::Relaxed)
    }

    /// Sends the `COMMIT` right behind the last statements, all of which were sent before: it costs no round trip.
    pub async fn commit_behind(self: Arc<Self>) {
        self.leaving.store(true, Ordering::Relaxed);
        match self.conn().batch_execute(self.closing).await {
            Ok(()) => self.connection.clean.store(true, Ordering::Relaxed),
            Err(cause) => told(&cause.into()),
        }
    }

    /// Makes what was written last, and gives the connection back.
    ///
    /// # Errors
    /// When the commit fails, or a statement failed before it; the connection is thrown away then.
    pub async fn commit(self) -> Result<()> {
        if self.closing == ROLLBACK {
            return Err(Error::internal(std::io::Error::other("a rehearsal cannot be committed")));
        }
        // PostgreSQL answers the COMMIT of a failed transaction with ROLLBACK and calls that no error. The statement
        // ahead of it is one that a failed transaction refuses.
        let failure = self.failure.get().cloned();
        let ended = self.end("SET CONSTRAINTS ALL IMMEDIATE; COMMIT").await;
        ended.map_err(|error| failure.filter(|_| failure::is_aftermath(&error)).unwrap_or(error))
    }

    /// Ends a transaction that only read, also one that failed, and gives the connection back.
    ///
    /// # Errors
    /// When the server does not answer; the connection is thrown away then.
    pub async fn close(self) -> Result<()> {
        let closing = self.closing;
        self.end(closing).await
    }

    /// Undoes the transaction and gives the connection back.
    ///
    /// # Errors
    /// When the server does not answer; the connection is thrown away then.
    pub async fn rollback(self) -> Result<()> {
        self.end(ROLLBACK).await
    }

    async fn end(mut self, statement: &str) -> Result<()> {
        if !self.is_leaving() {
            self.conn().batch_execute(statement).await?;
            *self.connection.clean.get_mut() = true;
        }
        Ok(())
    }

    /// Ends a transaction that only read: sends the `COMMIT` and waits for nothing. The connection and its place go
    /// back when the reply is in, and with them whoever waits for one. When something failed, [`Unit::close`] tells.
    pub fn leave(self) {
        let mut commit = Box::pin(async {
            if let Err(error) = self.close().await {
                told(&error);
            }
        });
        // The first poll sends it.
        if commit.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending() {
            tokio::spawn(commit);
        }
    }
}

/// What was read is read: a commit that fails costs the connection and nothing else.
fn told(error: &Error) {
    tracing::warn!(cause = ?error.cause(), "a reading unit did not end well");
}
