//! The login roles and the database. All other roles are the migrations' business.

use std::time::Duration;

use super::{Error, Shutdown, binaries::Binaries, names::Names, place::Place, program, socket::Socket};

/// A moment, unless somebody works on the roles.
const MAKING: Duration = Duration::from_mins(1);

/// Makes what is missing.
pub(super) fn make(
    place: &Place,
    binaries: &Binaries,
    socket: &Socket,
    durable: bool,
    shutdown: &Shutdown,
) -> Result<(), Error> {
    let program = binaries.program("psql");
    let mut psql = place.account().command(&program, socket.dir());
    psql.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", "-"]).arg(socket.url(&place.names().superuser(), "postgres"));
    program::run(&mut psql, &script(place.names(), durable), MAKING, shutdown)
}

/// Only what is missing is made, so that an operator's changes stay. `\gexec` since no block may hold a
/// `CREATE DATABASE`. [`Names`] are free of quotes; those of the database keep it from being a keyword.
///
/// Whoever may log in may store large objects, which row-level security knows nothing of and only a superuser can
/// forbid: of the database's own functions no other role takes rights away.
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
\connect "{database}"
DO $$
BEGIN
    IF has_function_privilege('public', 'lo_create(oid)', 'EXECUTE') THEN
        REVOKE EXECUTE ON FUNCTION lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea) FROM PUBLIC;
    END IF;
END
$$;
"#
    )
}
