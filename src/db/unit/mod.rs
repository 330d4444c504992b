//! One unit of work a request.
//!
//! A [`Unit`] is one connection with one open transaction that has authenticated its viewer: `BEGIN`
//! and the authentication leave in one round trip, row-level security reads the context that the
//! authentication set, and every statement of a query sees one snapshot. A unit that is dropped
//! instead of committed takes its connection with it, so its transaction, role and context can never
//! reach the next request.

mod work;

use std::sync::{Arc, OnceLock};
use std::task::{Context, Waker};

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use uuid::Uuid;

pub use work::Work;

use super::list::Fragment;
use super::pool::{Pool, Pooled};
use super::row::{self, DatabaseRow};
use super::statement::{Bind, Statement};
use crate::error::{Error, Result};
use crate::id::{SessionId, UserId};
use crate::viewer::{SignedIn, Viewer};

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

/// The SHA-256 of a session token in lower-case hex: all that the database knows of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenDigest(pub String);

/// What the authentication answers: session, person, kind, permissions, when the session was last noted
/// as active, the time of the database, the role that was taken.
type Authenticated = (Option<Uuid>, Option<Uuid>, String, Vec<String>, Option<DateTime<Utc>>, DateTime<Utc>, String);
type AuthenticatedSql =
    (Nullable<SqlUuid>, Nullable<SqlUuid>, Text, Array<Text>, Nullable<Timestamptz>, Timestamptz, Text);

/// One connection, one transaction, one viewer.
pub struct Unit {
    connection: Pooled,
    viewer: Arc<Viewer>,
    idle_since: Option<(DateTime<Utc>, DateTime<Utc>)>,
    failure: OnceLock<Error>,
}

impl Unit {
    /// Takes a connection, opens a transaction on it and authenticates, in one round trip.
    ///
    /// # Errors
    /// `OVERLOADED` when no connection comes free in time, `DB_UNAVAILABLE` when there is none.
    pub async fn open(pool: &Pool, access: Access, token: Option<&TokenDigest>) -> Result<Self> {
        // A connection that died while it was idle shows only now, and is thrown away: the next one may
        // be alive. The wait for one is not repeated.
        loop {
            let connection = pool.get().await?;
            let old = connection.served;
            match Self::begin(connection, access, token).await {
                Err(error) if old && error.code().is_outage() => {}
                outcome => return outcome,
            }
        }
    }

    async fn begin(mut connection: Pooled, access: Access, token: Option<&TokenDigest>) -> Result<Self> {
        connection.clean = false;
        connection.served = true;
        let (mut first, mut second) = (&connection.inner, &connection.inner);
        let statement = Statement::<AuthenticatedSql>::new(
            "SELECT a.session_id, a.user_id, a.kind, a.permissions, a.last_activity, now(), \
             set_config('role', app.role_of_viewer(), true) FROM app.authenticate(?) a",
            vec![Bind::Text(token.map(|digest| digest.0.clone()))],
        );
        // Polled together, the two leave together.
        let (begun, row) = futures_util::join!(
            first.batch_execute(access.begin()),
            statement.get_result::<Authenticated>(&mut second),
        );
        begun?;
        let (session, user, kind, permissions, last_activity, now, _) = row?;
        let signed_in = user.zip(session).map(|(user, session)| SignedIn {
            user: UserId(user),
            session: SessionId(session),
            is_staff: kind == "staff",
        });
        let viewer = Viewer { signed_in, permissions: permissions.into_iter().collect() };
        let idle_since = last_activity.map(|last_activity| (last_activity, now));
        Ok(Self { connection, viewer: Arc::new(viewer), idle_since, failure: OnceLock::new() })
    }

    /// A reading unit of the program itself, before anybody is known: no viewer and no role, so that no
    /// table is open, only what hands out the credentials of a login.
    ///
    /// # Errors
    /// Like [`Unit::open`].
    pub async fn program(pool: &Pool) -> Result<Self> {
        Self::without_viewer(pool, "BEGIN READ ONLY").await
    }

    /// A unit of the program itself, for what runs on a clock: no viewer, the role `app_worker`.
    ///
    /// # Errors
    /// Like [`Unit::open`].
    pub async fn worker(pool: &Pool) -> Result<Self> {
        Self::without_viewer(pool, "BEGIN; SET LOCAL ROLE app_worker").await
    }

    async fn without_viewer(pool: &Pool, begin: &str) -> Result<Self> {
        loop {
            let mut connection = pool.get().await?;
            let old = connection.served;
            connection.clean = false;
            connection.served = true;
            match (&connection.inner).batch_execute(begin).await.map_err(Error::from) {
                Err(error) if old && error.code().is_outage() => {}
                Err(error) => return Err(error),
                Ok(()) => {
                    return Ok(Self { connection, viewer: Arc::default(), idle_since: None, failure: OnceLock::new() });
                }
            }
        }
    }

    /// The connection, shared: statements whose futures are polled together leave together.
    #[must_use]
    pub fn conn(&self) -> &AsyncPgConnection {
        &self.connection.inner
    }

    /// Who asks.
    #[must_use]
    pub fn viewer(&self) -> &Arc<Viewer> {
        &self.viewer
    }

    /// When the viewer's session was last noted as active, and what time it is now, by the clock of the
    /// database, which also judges the idle limit.
    #[must_use]
    pub fn idle_since(&self) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        self.idle_since
    }

    /// Runs a statement and reads each of its rows.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn fetch<T: Send>(
        &self,
        statement: Fragment,
        read: impl Fn(&DatabaseRow<'_, '_>) -> diesel::deserialize::Result<T> + Send,
    ) -> Result<Vec<T>> {
        if statement.plan_anew {
            // Polled together, the two leave together; the first statement of the level that says so holds for all.
            let (planned, rows) = futures_util::join!(self.plan_anew(), row::fetch(self.conn(), statement, read));
            planned?;
            return Ok(rows?);
        }
        Ok(row::fetch(self.conn(), statement, read).await?)
    }

    /// Plans the statements of this transaction anew from here on, each for its own values: for one that a generic
    /// plan would serve badly.
    async fn plan_anew(&self) -> Result<()> {
        Ok((&self.connection.inner).batch_execute("SET LOCAL plan_cache_mode = force_custom_plan").await?)
    }

    /// What failed first in this transaction. After it PostgreSQL refuses every further statement, and
    /// whoever sent one should hear of the cause.
    #[must_use]
    pub fn failure(&self) -> Option<&Error> {
        self.failure.get()
    }

    /// Notes that a statement failed; what to tell for it.
    pub fn settle(&self, error: Error) -> Error {
        if error.is_aftermath() {
            return self.failure.get().cloned().unwrap_or(error);
        }
        self.failure.get_or_init(|| error).clone()
    }

    /// Ends the transaction and gives the connection back.
    ///
    /// # Errors
    /// When the commit fails; the connection is thrown away then.
    pub async fn commit(mut self) -> Result<()> {
        (&self.connection.inner).batch_execute("COMMIT").await?;
        self.connection.clean = true;
        self.connection.bound_statements();
        Ok(())
    }

    /// Ends a transaction that only read: sends the `COMMIT` and waits for nothing. The connection and its place go
    /// back when the reply is in, and with them whoever waits for one. When something failed, [`Unit::commit`] tells.
    pub fn leave(self) {
        let mut commit = Box::pin(async {
            // What was read is read: a commit that fails costs the connection and nothing else.
            if let Err(error) = self.commit().await {
                tracing::warn!(cause = ?error.cause(), "a reading unit did not end well");
            }
        });
        // The first poll sends it.
        if commit.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending() {
            tokio::spawn(commit);
        }
    }

    /// Undoes the transaction and gives the connection back.
    ///
    /// # Errors
    /// When the server does not answer; the connection is thrown away then.
    pub async fn rollback(mut self) -> Result<()> {
        (&self.connection.inner).batch_execute("ROLLBACK").await?;
        self.connection.clean = true;
        Ok(())
    }
}
