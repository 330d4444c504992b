//! Plain SQL to the private PostgreSQL, for what no client could ask for.

use std::path::Path;

use tokio_postgres::{Client, NoTls};

use crate::Failure;

/// A connection of the superuser to the program's database; `data` is its data directory.
pub async fn connect(data: &Path) -> Result<Client, Failure> {
    let socket = data.join("socket").display().to_string().replace('/', "%2F");
    let url = format!("postgres://skypanel_super@{socket}:5432/skypanel");
    let (client, connection) = tokio_postgres::connect(&url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// The first process of the server, as its pid file names it.
pub fn postmaster(data: &Path) -> Result<i32, Failure> {
    let text = std::fs::read_to_string(data.join("data/postmaster.pid"))?;
    Ok(text.lines().next().unwrap_or_default().trim().parse()?)
}
