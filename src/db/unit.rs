//! One unit of work a request.
//!
//! A [`Unit`] is one connection with one open transaction that has authenticated its viewer: `BEGIN`
//! and the authentication leave in one round trip, row-level security reads the context that the
//! authentication set, and every statement of a query sees one snapshot. A unit that is dropped
//! instead of committed takes its connection with it, so its transaction, role and context can never
//! reach the next request.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use futures_util::lock::Mutex as AsyncMutex;
use uuid::Uuid;

use super::pool::{Pool, Pooled};
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

/// What `app.authenticate` answers: session, person, kind, permissions, verified, last activity.
type Authenticated = (Option<Uuid>, Option<Uuid>, String, Vec<String>, Option<bool>, Option<DateTime<Utc>>, String);
type AuthenticatedSql =
    (Nullable<SqlUuid>, Nullable<SqlUuid>, Text, Array<Text>, Nullable<Bool>, Nullable<Timestamptz>, Text);

/// One connection, one transaction, one viewer.
pub struct Unit {
    connection: Pooled,
    viewer: Arc<Viewer>,
    last_activity: Option<DateTime<Utc>>,
}

impl Unit {
    /// Takes a connection, opens a transaction on it and authenticates, in one round trip.
    ///
    /// # Errors
    /// `OVERLOADED` when no connection comes free in time, `DB_UNAVAILABLE` when there is none.
    pub async fn open(pool: &Pool, access: Access, token: Option<&TokenDigest>) -> Result<Self> {
        // A connection that died while it was idle shows only now; the next one may be alive.
        for _ in 0..3 {
            match Self::open_once(pool, access, token).await {
                Err(error) if error.code().is_outage() && error.cause().is_some() => {}
                outcome => return outcome,
            }
        }
        Self::open_once(pool, access, token).await
    }

    async fn open_once(pool: &Pool, access: Access, token: Option<&TokenDigest>) -> Result<Self> {
        let mut connection = pool.get().await?;
        connection.clean = false;
        let (mut first, mut second) = (&connection.inner, &connection.inner);
        let statement = Statement::<AuthenticatedSql>::new(
            "SELECT a.session_id, a.user_id, a.kind, a.permissions, a.email_verified, a.last_activity, \
             set_config('role', app.role_of_viewer(), true) FROM app.authenticate(?) a",
            vec![Bind::Text(token.map(|digest| digest.0.clone()))],
        );
        // Polled together, the two leave together.
        let (begun, row) = futures_util::join!(
            first.batch_execute(access.begin()),
            statement.get_result::<Authenticated>(&mut second),
        );
        begun?;
        let (session, user, kind, permissions, _, last_activity, _) = row?;
        let signed_in = user.zip(session).map(|(user, session)| SignedIn {
            user: UserId(user),
            session: SessionId(session),
            is_staff: kind == "staff",
        });
        let viewer = Viewer { signed_in, permissions: permissions.into_iter().collect() };
        Ok(Self { connection, viewer: Arc::new(viewer), last_activity })
    }

    /// A unit of the program itself, for what runs on a clock: no viewer, the role `app_worker`.
    ///
    /// # Errors
    /// Like [`Unit::open`].
    pub async fn worker(pool: &Pool) -> Result<Self> {
        let mut connection = pool.get().await?;
        connection.clean = false;
        (&connection.inner).batch_execute("BEGIN; SET LOCAL ROLE app_worker").await?;
        Ok(Self { connection, viewer: Arc::default(), last_activity: None })
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

    /// When the viewer's session was last noted as active.
    #[must_use]
    pub fn last_activity(&self) -> Option<DateTime<Utc>> {
        self.last_activity
    }

    /// Ends the transaction and gives the connection back.
    ///
    /// # Errors
    /// When the commit fails; the connection is thrown away then.
    pub async fn commit(mut self) -> Result<()> {
        (&self.connection.inner).batch_execute("COMMIT").await?;
        self.connection.clean = true;
        Ok(())
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

/// The database side of one request: its token, its viewer, and its unit, opened when first needed.
pub struct Work {
    pool: Pool,
    token: Mutex<Option<TokenDigest>>,
    viewer: Mutex<Arc<Viewer>>,
    unit: AsyncMutex<Option<Arc<Unit>>>,
    outage: Mutex<Option<Error>>,
}

impl Work {
    /// The work of a request that came with this token, or with none.
    #[must_use]
    pub fn new(pool: Pool, token: Option<TokenDigest>) -> Self {
        Self {
            pool,
            token: Mutex::new(token),
            viewer: Mutex::default(),
            unit: AsyncMutex::default(),
            outage: Mutex::default(),
        }
    }

    /// Who asks. Anonymous until a unit was opened.
    #[must_use]
    pub fn viewer(&self) -> Arc<Viewer> {
        Arc::clone(&lock(&self.viewer))
    }

    /// The reading unit of the request. Opens it when there is none.
    ///
    /// # Errors
    /// Like [`Unit::open`]; an outage is also kept, because the whole request fails by it.
    pub async fn unit(&self) -> Result<Arc<Unit>> {
        let mut slot = self.unit.lock().await;
        if let Some(unit) = slot.as_ref() {
            return Ok(Arc::clone(unit));
        }
        let unit = Arc::new(self.open(Access::Read).await?);
        *slot = Some(Arc::clone(&unit));
        Ok(unit)
    }

    /// Opens a unit that may write. The reading one ends first: a request never holds two connections.
    ///
    /// # Errors
    /// Like [`Unit::open`].
    pub async fn write(&self) -> Result<Unit> {
        self.finish().await?;
        self.open(Access::Write).await
    }

    /// From here on the request reads as this session: the payload of a login.
    pub fn become_session(&self, token: TokenDigest) {
        *lock(&self.token) = Some(token);
    }

    /// Ends the reading unit, if one is open.
    ///
    /// # Errors
    /// When the commit fails.
    pub async fn finish(&self) -> Result<()> {
        let Some(unit) = self.unit.lock().await.take() else { return Ok(()) };
        match Arc::into_inner(unit) {
            Some(unit) => unit.commit().await,
            // Somebody still reads on it: dropping our share throws the connection away in the end.
            None => Ok(()),
        }
    }

    /// Why the database could not be used, if it could not.
    #[must_use]
    pub fn outage(&self) -> Option<Error> {
        lock(&self.outage).clone()
    }

    /// Another unit of the same request may use the pool only while this one holds no connection.
    #[must_use]
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    async fn open(&self, access: Access) -> Result<Unit> {
        let token = lock(&self.token).clone();
        match Unit::open(&self.pool, access, token.as_ref()).await {
            Ok(unit) => {
                *lock(&self.viewer) = Arc::clone(unit.viewer());
                Ok(unit)
            }
            Err(error) => {
                if error.code().is_outage() {
                    *lock(&self.outage) = Some(error.clone());
                }
                Err(error)
            }
        }
    }
}

/// A poisoned lock guards plain values that are whole at every step.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
