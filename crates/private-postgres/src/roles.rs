//! The login roles and the database. All other roles are the migrations' business.

use std::{io::Write, process::Stdio};

use super::{
    Error,
    binaries::Binaries,
    error::{self, tail},
    place::Place,
    socket::Socket,
};

/// The database.
pub(super) const DATABASE: &str = "skypanel";
/// Made with the cluster; makes the others, takes backups, and never serves.
pub(super) const SUPER: &str = "skypanel_super";
/// Owns the schema and makes the application's roles, without being a superuser: as on a managed server.
pub(super) const OWNER: &str = "skypanel_owner";
/// Serves requests, by taking one of the application's roles for each.
pub(super) const POOL: &str = "skypanel_pool";
/// Reads the server's statistics.
const MONITOR: &str = "skypanel_monitor";
/// Every role that an account may take.
pub(super) const ALL: [&str; 4] = [SUPER, OWNER, POOL, MONITOR];

/// Only what is missing is made, so that an operator's changes stay. `\gexec` since no block may hold a
/// `CREATE DATABASE`.
const SCRIPT: &str = r"
DO $$
BEGIN
    IF to_regrole('skypanel_owner') IS NULL THEN
        CREATE ROLE skypanel_owner LOGIN CREATEROLE;
    END IF;
    IF to_regrole('skypanel_pool') IS NULL THEN
        CREATE ROLE skypanel_pool LOGIN NOINHERIT;
    END IF;
    IF to_regrole('skypanel_monitor') IS NULL THEN
        CREATE ROLE skypanel_monitor LOGIN CONNECTION LIMIT 5 IN ROLE pg_monitor;
        ALTER ROLE skypanel_monitor SET statement_timeout = '2s';
    END IF;
END
$$;
SELECT 'CREATE DATABASE skypanel OWNER skypanel_owner'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'skypanel')
\gexec
";

/// Makes what is missing.
pub(super) fn make(place: &Place, binaries: &Binaries, socket: &Socket, durable: bool) -> Result<(), Error> {
    // Tests clone a database each. Written at every start, so that no throw-away cluster's rights stay.
    let createdb = if durable { "NOCREATEDB" } else { "CREATEDB" };
    let program = binaries.program("psql");
    let mut psql = place
        .account()
        .command(&program, socket.dir())
        .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", "-"])
        .arg(socket.url(SUPER, "postgres"))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(error::io("run", &program))?;
    let script = format!("{SCRIPT}ALTER ROLE {OWNER} {createdb};\n");
    // Taken, so that it is closed when written, which ends psql.
    let written = psql.stdin.take().map_or(Ok(()), |mut stdin| stdin.write_all(script.as_bytes()));
    let output = psql.wait_with_output().map_err(error::io("run", &program))?;
    if !output.status.success() {
        return Err(Error::Failed { program, output: tail(&String::from_utf8_lossy(&output.stderr)) });
    }
    written.map_err(error::io("write to", &program))
}
