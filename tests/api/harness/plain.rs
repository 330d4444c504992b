//! Plain SQL, as psql would send it: what comes back is text, and a refusal is its SQLSTATE.

use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage};

/// A connection of one role, outside of the app.
pub struct Plain(Client);

impl Plain {
    pub async fn connect(url: &str) -> Self {
        let mut config: Config = url.parse().unwrap();
        config.application_name("test");
        let (client, connection) = config.connect(NoTls).await.unwrap();
        tokio::spawn(connection);
        Self(client)
    }

    /// Runs statements; all rows of all of them.
    pub async fn rows(&self, sql: &str) -> Vec<Vec<Option<String>>> {
        let messages = self.0.simple_query(sql).await.unwrap_or_else(|cause| panic!("{}: {sql}", describe(&cause)));
        let mut rows = Vec::new();
        for message in messages {
            if let SimpleQueryMessage::Row(row) = message {
                rows.push((0..row.len()).map(|column| row.get(column).map(str::to_owned)).collect());
            }
        }
        rows
    }

    /// The first column of all rows; a null is empty.
    pub async fn column(&self, sql: &str) -> Vec<String> {
        self.rows(sql).await.into_iter().map(|row| row[0].clone().unwrap_or_default()).collect()
    }

    /// The one value of the one row.
    pub async fn value(&self, sql: &str) -> String {
        let mut rows = self.column(sql).await;
        assert_eq!(rows.len(), 1, "{sql}");
        rows.remove(0)
    }

    /// Runs statements; how many rows the last one returned or changed, or the SQLSTATE of the refusal.
    pub async fn run(&self, sql: &str) -> Result<u64, String> {
        let messages = self
            .0
            .simple_query(sql)
            .await
            .map_err(|cause| cause.code().unwrap_or_else(|| panic!("{cause}: {sql}")).code().to_owned())?;
        let counts = messages.iter().filter_map(|message| match message {
            SimpleQueryMessage::CommandComplete(count) => Some(*count),
            _ => None,
        });
        Ok(counts.last().unwrap_or(0))
    }
}

fn describe(cause: &tokio_postgres::Error) -> String {
    cause.as_db_error().map_or_else(|| cause.to_string(), ToString::to_string)
}
