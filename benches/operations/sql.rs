//! Plain SQL to PostgreSQL, for what the harness itself has to ask: what comes back is text.

use tokio::runtime::Runtime;
use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage};

use crate::Failure;

/// A connection of one role to one database.
pub struct Sql {
    /// Runs only while something is asked, so that it takes no time of what is measured.
    runtime: Runtime,
    client: Client,
}

impl Sql {
    /// Connects.
    pub fn connect(url: &str) -> Result<Self, Failure> {
        let config: Config = url.parse()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let client = runtime.block_on(async {
            let (client, connection) = config.connect(NoTls).await?;
            tokio::spawn(connection);
            Ok::<_, tokio_postgres::Error>(client)
        })?;
        Ok(Self { runtime, client })
    }

    /// Runs statements; all rows of all of them, nulls as empty texts.
    pub fn rows(&self, statements: &str) -> Result<Vec<Vec<String>>, Failure> {
        let messages = self.runtime.block_on(self.client.simple_query(statements)).map_err(|cause| {
            let told = cause.as_db_error().map_or_else(|| cause.to_string(), ToString::to_string);
            format!("PostgreSQL refused: {told}\n{statements}")
        })?;
        let rows = messages.into_iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        Ok(rows.map(|row| (0..row.len()).map(|at| row.get(at).unwrap_or_default().to_owned()).collect()).collect())
    }

    /// Runs statements; the first column of all rows.
    pub fn column(&self, statements: &str) -> Result<Vec<String>, Failure> {
        Ok(self.rows(statements)?.into_iter().filter_map(|row| row.into_iter().next()).collect())
    }

    /// Runs statements; the first value of the first row.
    pub fn value(&self, statements: &str) -> Result<String, Failure> {
        let first = self.column(statements)?.into_iter().next();
        first.ok_or_else(|| format!("PostgreSQL has no row for: {statements}").into())
    }

    /// Runs statements for what they do.
    pub fn run(&self, statements: &str) -> Result<(), Failure> {
        self.rows(statements).map(drop)
    }
}
