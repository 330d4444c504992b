//! A connection as the pool's users speak to it: diesel's statements over tokio-postgres.
//!
//! diesel-async has such a connection too. It turns every failure into diesel's own kinds, which are few, and keeps of
//! the rest only the text, whose language the server chooses. Here the driver's error stays what it is: see
//! `db::failure`. Statements of a connection may be polled together, and then leave together, in the order of asking: each
//! is sent at the first poll of its future, or, while one of them has to be prepared, after that one.

mod bind;
mod prepared;
mod row;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{AsQuery, QueryFragment, QueryId};
use diesel_async::{AsyncConnectionCore, SimpleAsyncConnection};
use futures_util::future::{BoxFuture, FutureExt as _};
use futures_util::stream::{BoxStream, StreamExt as _, TryStreamExt as _};
use tokio::sync::Mutex;
use tokio_postgres::{CancelToken, Config, NoTls};

pub use row::DatabaseRow;

use self::bind::Bound;
use self::prepared::Prepared;
use super::driver::Driver;
use super::failure::Failure;

/// Counts the statements of a pool: the proof that their number is constant.
#[derive(Debug, Default)]
pub struct Statements(AtomicU64);

impl Statements {
    /// How many statements were sent so far.
    pub fn sent(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// One connection.
pub struct Client {
    inner: tokio_postgres::Client,
    /// By their texts. Whoever prepares one holds it: no later statement may run ahead, least of all ahead of the
    /// authentication.
    prepared: Mutex<Prepared>,
    asked_to_prepare: AtomicU64,
    sent: Arc<Statements>,
    driver: Driver,
}

impl Client {
    /// Connects; `sent` counts what is asked of it.
    pub(super) async fn connect(config: &Config, sent: Arc<Statements>) -> Result<Self, Failure> {
        let (inner, connection) = config.connect(NoTls).await?;
        // Why a connection ended is told to whoever waits for an answer on it.
        let driver = Driver::start(connection);
        Ok(Self { inner, prepared: Mutex::default(), asked_to_prepare: AtomicU64::new(0), sent, driver })
    }

    /// What moves its bytes.
    pub(super) fn driver(&self) -> Driver {
        self.driver.clone()
    }

    /// What asks the server to stop the statement that runs.
    #[must_use]
    pub fn cancel_token(&self) -> CancelToken {
        self.inner.cancel_token()
    }

    /// How many statements were prepared since it was opened.
    pub(super) fn prepared(&self) -> u64 {
        self.asked_to_prepare.load(Ordering::Relaxed)
    }

    async fn prepare(&self, asked: &Bound) -> Result<tokio_postgres::Statement, Failure> {
        let mut prepared = self.prepared.lock().await;
        if let Some(statement) = prepared.get(&asked.text) {
            return Ok(statement);
        }
        self.asked_to_prepare.fetch_add(1, Ordering::Relaxed);
        let statement = self.inner.prepare_typed(&asked.text, &asked.types).await?;
        prepared.keep(asked.text.clone(), statement.clone());
        Ok(statement)
    }

    async fn rows(&self, asked: Bound) -> Result<tokio_postgres::RowStream, Failure> {
        let statement = self.prepare(&asked).await?;
        Ok(self.inner.query_raw(&statement, asked.values).await?)
    }

    async fn count(&self, asked: Bound) -> Result<u64, Failure> {
        let statement = self.prepare(&asked).await?;
        Ok(self.inner.execute_raw(&statement, asked.values).await?)
    }

    fn note_sent(&self) {
        self.sent.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl SimpleAsyncConnection for &Client {
    async fn batch_execute(&mut self, query: &str) -> QueryResult<()> {
        self.note_sent();
        self.inner.batch_execute(query).await.map_err(|cause| Failure::from(cause).into())
    }
}

impl<'a> AsyncConnectionCore for &'a Client {
    type ExecuteFuture<'conn, 'query> = BoxFuture<'a, QueryResult<usize>>;
    type LoadFuture<'conn, 'query> = BoxFuture<'a, QueryResult<Self::Stream<'conn, 'query>>>;
    type Stream<'conn, 'query> = BoxStream<'static, QueryResult<DatabaseRow>>;
    type Row<'conn, 'query> = DatabaseRow;
    type Backend = Pg;

    fn load<'conn, 'query, T>(&'conn mut self, source: T) -> Self::LoadFuture<'conn, 'query>
    where
        T: AsQuery + 'query,
        T::Query: QueryFragment<Pg> + QueryId + 'query,
    {
        let client: &'a Client = self;
        client.note_sent();
        let asked = Bound::new(&source.as_query());
        async move {
            let rows = client.rows(asked?).await?;
            Ok(rows.map_ok(DatabaseRow::from).map_err(|cause| Failure::from(cause).into()).boxed())
        }
        .boxed()
    }

    fn execute_returning_count<'conn, 'query, T>(&'conn mut self, source: T) -> Self::ExecuteFuture<'conn, 'query>
    where
        T: QueryFragment<Pg> + QueryId + 'query,
    {
        let client: &'a Client = self;
        client.note_sent();
        let asked = Bound::new(&source);
        async move { Ok(usize::try_from(client.count(asked?).await?).unwrap_or(usize::MAX)) }.boxed()
    }
}
