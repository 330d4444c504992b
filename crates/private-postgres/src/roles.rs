//! The login roles and the database. All other roles are the migrations' business.

use std::{io::Write, process::Stdio};

use super::{
    Error,
    binaries::Binaries,
    error::{self, tail},
    names::Names,
    place::Place,
    socket::Socket,
};

/// Makes what is missing.
pub(super) fn make(place: &Place, binaries: &Binaries, socket: &Socket, durable: bool) -> Result<(), Error> {
    let program = binaries.program("psql");
    let mut psql = place
        .account()
        .command(&program, socket.dir())
        .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", "-"])
        .arg(socket.url(&place.names().superuser(), "postgres"))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(error::io("run", &program))?;
    let script = script(place.names(), durable);
    // Taken, so that it is closed when written, which ends psql.
    let written = psql.stdin.take().map_or(Ok(()), |mut stdin| stdin.write_all(script.as_bytes()));
    let output = psql.wait_with_output().map_err(error::io("run", &program))?;
    if !output.status.success() {
        return Err(Error::Failed { program, output: tail(&String::from_utf8_lossy(&output.stderr)) });
    }
    written.map_err(error::io("write to", &program))
}

/// Only what is missing is made, so that an operator's changes stay. `\gexec` since no block may hold a
/// `CREATE DATABASE`. [`Names`] are free of quotes; those of the database keep it from being a keyword.
fn script(names: &Names, durable: bool) -> String {
    let (database, owner, pool, monitor) = (names.database(), names.owner(), names.pool(), names.monitor());
    // Tests clone a database each. Written at every start, so that no throw-away cluster's rights stay.
    let createdb = if durable { "NOCREATEDB" } else { "CREATEDB" };
    format!(
        r#"
DO $$
BEGIN
    IF to_regrole('{owner}') IS NULL THEN
        CREATE ROLE {owner} LOGIN CREATEROLE;
    END IF;
    IF to_regrole('{pool}') IS NULL THEN
        CREATE ROLE {pool} LOGIN NOINHERIT;
    END IF;
    IF to_regrole('{monitor}') IS NULL THEN
        CREATE ROLE {monitor} LOGIN CONNECTION LIMIT 5 IN ROLE pg_monitor;
        ALTER ROLE {monitor} SET statement_timeout = '2s';
    END IF;
END
$$;
SELECT 'CREATE DATABASE "{database}" OWNER {owner}'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{database}')
\gexec
ALTER ROLE {owner} {createdb};
"#
    )
}
