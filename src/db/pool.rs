//! The pool. Its manager differs from the stock one in three things: a connection whose unit of work
//! did not finish is thrown away, a checkout costs no statement, and the time-outs are options of the
//! connection, because `SET ROLE` brings none.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use tokio_postgres::Config;

use super::client::Client;
pub use super::client::Statements;
use super::failure::Failure;
use super::loan::Loan;
use crate::error::{Error, Result};
use crate::memory::Share;
use crate::shares::{Bounds, Neighbour, Shares, Who};

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

/// How often the server looks, while a statement runs, whether its client is still there: the second net below the
/// cancellation of what was dropped, for a program that died.
const CONNECTION_CHECK: Duration = Duration::from_secs(1);

/// How many may wait for each connection. More would wait so long that many are refused after all, late and for
/// nothing; so they are refused at once.
const QUEUE: usize = 8;
/// Where there are few connections, as many may wait all the same: a page of a client's asks for several things at once.
const LEAST_QUEUE: usize = 64;

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
    /// One for each connection: bb8 lets a newcomer overtake whoever waits, who could then wait until they are refused.
    places: Shares,
    /// For whom connections are taken.
    who: Who,
    /// What counts the rows that come by them.
    memory: Option<Arc<Share>>,
    wait: Duration,
    statements: Arc<Statements>,
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
        let size = usize::try_from(settings.size).unwrap_or(usize::MAX);
        let queue = size.saturating_mul(QUEUE).max(LEAST_QUEUE);
        let places = Shares::new(Bounds::new(size, queue, settings.wait));
        Ok(Self {
            connections,
            places,
            who: Arc::new([Neighbour::Nobody]),
            memory: None,
            wait: settings.wait,
            statements,
        })
    }

    /// The same pool, for the answer to somebody.
    #[must_use]
    pub fn of(&self, memory: &Arc<Share>) -> Self {
        Self { who: Arc::clone(memory.who()), memory: Some(Arc::clone(memory)), ..self.clone() }
    }

    /// The statements that this pool's connections sent.
    #[must_use]
    pub fn statements(&self) -> &Statements {
        &self.statements
    }

    pub(super) async fn get(&self) -> Result<Loan> {
        let deadline = Instant::now() + self.wait;
        let place = self.places.acquire(&self.who).await.ok_or_else(Error::overloaded)?;
        // With a place there is a connection, or one can be opened: a wait means that the server is away.
        // Who waited long for the place still gets a moment, or an idle connection would be refused to them.
        let deadline = deadline.max(Instant::now() + self.wait / 4);
        let connection = match timeout_at(deadline, self.connections.get_owned()).await {
            Ok(Ok(connection)) => connection,
            Ok(Err(bb8::RunError::User(cause))) => return Err(Error::unavailable(cause)),
            Ok(Err(bb8::RunError::TimedOut)) | Err(_) => {
                return Err(Error::unavailable(std::io::Error::from(std::io::ErrorKind::TimedOut)));
            }
        };
        Ok(Loan::new(connection, place, self.memory.clone()))
    }
}

/// Where names are looked up, whatever the role or the database was set to.
pub(super) const SEARCH_PATH: &str = "-c search_path=public,pg_temp";

fn options(settings: &Settings) -> String {
    format!(
        // Statements are prepared once and planned once: see `db::list::AnyOf` for what that asks of their texts.
        "{SEARCH_PATH} -c TimeZone=UTC -c plan_cache_mode=force_generic_plan -c statement_timeout={} \
         -c lock_timeout={} -c idle_in_transaction_session_timeout={} -c client_connection_check_interval={}",
        settings.statement_timeout.as_millis(),
        settings.lock_timeout.as_millis(),
        settings.idle_in_transaction.as_millis(),
        CONNECTION_CHECK.as_millis(),
    )
}
