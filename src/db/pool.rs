//! The pool. Its manager differs from the stock one in three things: a connection whose unit of work
//! did not finish is thrown away, a checkout costs no statement, and the time-outs are options of the
//! connection, because `SET ROLE` brings none.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_postgres::Config;

use super::client::Client;
pub use super::client::Statements;
use super::failure::Failure;
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
    pub(super) inner: Client,
    /// False from the first statement of a unit until its `COMMIT` was answered.
    pub(super) clean: AtomicBool,
    /// Whether it has served a unit before, and so may have died since.
    pub(super) served: bool,
}

/// The most statements that a connection keeps prepared. Selections, filters and orders make many, and each takes
/// memory in a process of the server; beyond this all are closed, and those in use are prepared again.
const MAX_PREPARED: u64 = 500;

impl Connection {
    /// Closes the prepared statements when there are many: nobody knows which of them will not come again.
    pub(super) fn bound_statements(&mut self) {
        if self.inner.prepared() > MAX_PREPARED {
            self.inner.forget_prepared();
        }
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
    type Error = Failure;

    async fn connect(&self) -> Result<Connection, Failure> {
        let inner = Client::connect(&self.config, Arc::clone(&self.statements)).await?;
        Ok(Connection { inner, clean: AtomicBool::new(true), served: false })
    }

    /// Costs nothing: a dead connection shows at the unit's first statement, and is thrown away.
    async fn is_valid(&self, _: &mut Connection) -> Result<(), Failure> {
        Ok(())
    }

    fn has_broken(&self, connection: &mut Connection) -> bool {
        !*connection.clean.get_mut()
    }
}

/// Tells why no connection could be opened: whoever waits for one only learns that there was none.
#[derive(Debug, Clone, Copy)]
struct Log;

impl bb8::ErrorSink<Failure> for Log {
    fn sink(&self, cause: Failure) {
        tracing::warn!(%cause, "cannot connect to the database");
    }

    fn boxed_clone(&self) -> Box<dyn bb8::ErrorSink<Failure>> {
        Box::new(*self)
    }
}

/// The pool of the application's role.
#[derive(Clone)]
pub struct Pool {
    connections: bb8::Pool<Manager>,
    /// One for each connection, given out in the order of asking: bb8 lets a newcomer overtake whoever
    /// waits, who could then wait until they are refused.
    places: Arc<Semaphore>,
    wait: Duration,
    statements: Arc<Statements>,
}

/// A connection on loan. It goes back before its place does.
pub(super) struct Pooled {
    connection: bb8::PooledConnection<'static, Manager>,
    _place: OwnedSemaphorePermit,
}

impl std::ops::Deref for Pooled {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl std::ops::DerefMut for Pooled {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }
}

impl Pool {
    /// A pool over `url`; connects when first asked.
    ///
    /// # Errors
    /// When `url` is not a PostgreSQL address.
    pub fn new(url: &str, settings: &Settings) -> Result<Self, tokio_postgres::Error> {
        let mut config: Config = url.parse()?;
        let options = format!("{} {}", config.get_options().unwrap_or_default(), options(settings));
        config.options(options).application_name("skypanel").connect_timeout(settings.wait);
        let statements = Arc::new(Statements::default());
        let manager = Manager { config, statements: Arc::clone(&statements) };
        let connections = bb8::Pool::builder()
            .max_size(settings.size)
            .connection_timeout(settings.wait)
            .queue_strategy(bb8::QueueStrategy::Lifo)
            .test_on_check_out(false)
            .error_sink(Box::new(Log))
            .build_unchecked(manager);
        let places = Arc::new(Semaphore::new(usize::try_from(settings.size).unwrap_or(Semaphore::MAX_PERMITS)));
        Ok(Self { connections, places, wait: settings.wait, statements })
    }

    /// The statements that this pool's connections sent.
    #[must_use]
    pub fn statements(&self) -> &Statements {
        &self.statements
    }

    pub(super) async fn get(&self) -> Result<Pooled> {
        let place = tokio::time::timeout(self.wait, Arc::clone(&self.places).acquire_owned()).await;
        let place = place
            .ok()
            .and_then(std::result::Result::ok)
            .ok_or_else(|| Error::new(Code::Overloaded, "Too many requests at once. Try again in a moment."))?;
        // With a place there is a connection, or one can be opened: a wait means that the server is away.
        let connection = self.connections.get_owned().await.map_err(|cause| match cause {
            bb8::RunError::User(cause) => Error::unavailable(cause),
            bb8::RunError::TimedOut => Error::unavailable(std::io::Error::from(std::io::ErrorKind::TimedOut)),
        })?;
        Ok(Pooled { connection, _place: place })
    }
}

/// Where names are looked up, whatever the role or the database was set to.
pub(super) const SEARCH_PATH: &str = "-c search_path=public,pg_temp";

fn options(settings: &Settings) -> String {
    format!(
        // Statements are prepared once and planned once: see `db::list::AnyOf` for what that asks of their texts.
        "{SEARCH_PATH} -c TimeZone=UTC -c plan_cache_mode=force_generic_plan -c statement_timeout={} -c lock_timeout={} \
         -c idle_in_transaction_session_timeout={}",
        settings.statement_timeout.as_millis(),
        settings.lock_timeout.as_millis(),
        settings.idle_in_transaction.as_millis(),
    )
}
