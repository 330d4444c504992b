//! The pool. Its manager differs from the stock one in three things: a connection whose unit of work
//! did not finish is thrown away, a checkout costs no statement, and the time-outs are options of the
//! connection, because `SET ROLE` brings none.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use diesel::connection::{Instrumentation, InstrumentationEvent};
use diesel::{ConnectionError, ConnectionResult};
use diesel_async::{AsyncConnection, AsyncPgConnection};
use tokio_postgres::{Config, NoTls};

use crate::error::{Code, Error, Result};

/// What every connection is opened with.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The most connections at once.
    pub size: u32,
    /// How long a request waits for a connection.
    pub wait: Duration,
    /// How long one statement may run.
    pub statement_timeout: Duration,
    /// How long one statement may wait for a lock.
    pub lock_timeout: Duration,
    /// How long a transaction may sit idle.
    pub idle_in_transaction: Duration,
}

/// A pooled connection, and whether the next request may have it.
pub struct Connection {
    pub(super) inner: AsyncPgConnection,
    /// False from the first statement of a unit until its `COMMIT` was answered.
    pub(super) clean: bool,
    /// Whether it has served a unit before, and so may have died since.
    pub(super) served: bool,
    prepared: Arc<AtomicU64>,
}

/// Counts the statements of a pool: the proof that their number is constant.
#[derive(Debug, Default)]
pub struct Statements(AtomicU64);

impl Statements {
    /// How many statements were sent so far.
    pub fn sent(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The most statements that a connection keeps prepared. Filters and orders make many, and each takes
/// memory in a process of the server; a connection beyond this is replaced.
const MAX_PREPARED: u64 = 500;

struct Counting {
    sent: Arc<Statements>,
    prepared: Arc<AtomicU64>,
}

impl Instrumentation for Counting {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartQuery { .. } => self.sent.0.fetch_add(1, Ordering::Relaxed),
            InstrumentationEvent::CacheQuery { .. } => self.prepared.fetch_add(1, Ordering::Relaxed),
            _ => 0,
        };
    }
}

/// Opens connections and tells which may be used again.
#[derive(Clone)]
pub struct Manager {
    config: Config,
    statements: Arc<Statements>,
}

impl bb8::ManageConnection for Manager {
    type Connection = Connection;
    type Error = ConnectionError;

    async fn connect(&self) -> ConnectionResult<Connection> {
        let mut inner = open(&self.config).await?;
        let prepared = Arc::default();
        let counting = Counting { sent: Arc::clone(&self.statements), prepared: Arc::clone(&prepared) };
        inner.set_instrumentation(counting);
        Ok(Connection { inner, clean: true, served: false, prepared })
    }

    /// Costs nothing: a dead connection shows at the unit's first statement, and is thrown away.
    async fn is_valid(&self, _: &mut Connection) -> ConnectionResult<()> {
        Ok(())
    }

    fn has_broken(&self, connection: &mut Connection) -> bool {
        !connection.clean || connection.prepared.load(Ordering::Relaxed) > MAX_PREPARED
    }
}

/// Opens one connection outside of any pool.
///
/// # Errors
/// When the server cannot be reached or refuses the login.
pub async fn open(config: &Config) -> ConnectionResult<AsyncPgConnection> {
    let (client, connection) =
        config.connect(NoTls).await.map_err(|cause| ConnectionError::BadConnection(describe(&cause)))?;
    AsyncPgConnection::try_from_client_and_connection(client, connection).await
}

/// tokio-postgres says that something failed, and keeps what it was in the source.
fn describe(cause: &tokio_postgres::Error) -> String {
    std::error::Error::source(cause).map_or_else(|| cause.to_string(), |source| format!("{cause}: {source}"))
}

/// Tells why no connection could be opened: whoever waits for one only learns that there was none.
#[derive(Debug, Clone, Copy)]
struct Log;

impl bb8::ErrorSink<ConnectionError> for Log {
    fn sink(&self, cause: ConnectionError) {
        tracing::warn!(%cause, "cannot connect to the database");
    }

    fn boxed_clone(&self) -> Box<dyn bb8::ErrorSink<ConnectionError>> {
        Box::new(*self)
    }
}

/// The pool of the application's role.
#[derive(Clone)]
pub struct Pool {
    connections: bb8::Pool<Manager>,
    statements: Arc<Statements>,
}

pub(super) type Pooled = bb8::PooledConnection<'static, Manager>;

impl Pool {
    /// A pool over `url`; connects when first asked.
    ///
    /// # Errors
    /// When `url` is not a PostgreSQL address.
    pub fn new(url: &str, settings: &Settings) -> Result<Self, tokio_postgres::Error> {
        let mut config: Config = url.parse()?;
        config.options(options(settings)).application_name("skypanel").connect_timeout(settings.wait);
        let statements = Arc::new(Statements::default());
        let manager = Manager { config, statements: Arc::clone(&statements) };
        let connections = bb8::Pool::builder()
            .max_size(settings.size)
            .connection_timeout(settings.wait)
            .queue_strategy(bb8::QueueStrategy::Lifo)
            .test_on_check_out(false)
            .error_sink(Box::new(Log))
            .build_unchecked(manager);
        Ok(Self { connections, statements })
    }

    /// The statements that this pool's connections sent.
    #[must_use]
    pub fn statements(&self) -> &Statements {
        &self.statements
    }

    pub(super) async fn get(&self) -> Result<Pooled> {
        self.connections.get_owned().await.map_err(|cause| match cause {
            bb8::RunError::User(cause) => Error::unavailable(cause),
            // With connections open the pool is busy; with none the server did not answer in time.
            bb8::RunError::TimedOut if self.connections.state().connections > 0 => {
                Error::new(Code::Overloaded, "Too many requests at once. Try again in a moment.")
            }
            bb8::RunError::TimedOut => Error::unavailable(std::io::Error::from(std::io::ErrorKind::TimedOut)),
        })
    }
}

fn options(settings: &Settings) -> String {
    format!(
        "-c statement_timeout={} -c lock_timeout={} -c idle_in_transaction_session_timeout={}",
        settings.statement_timeout.as_millis(),
        settings.lock_timeout.as_millis(),
        settings.idle_in_transaction.as_millis(),
    )
}
