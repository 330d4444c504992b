//! What the server reads at its start, written anew each time: accounts, paths and defaults may have changed.
//!
//! The files lie beside the cluster, not in it: they are the service's, and the database may only read them. An
//! operator's own choice goes into `ALTER SYSTEM`, which overrides all of this.

use std::{
    fs::{self, OpenOptions, Permissions},
    io::{self, ErrorKind, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use super::{Error, error, names::Names, place::Place};

/// Small, since it shares a machine with the service. Containers give /dev/shm 64 MB, too little for parallel
/// queries. `initdb`'s file comes first for what it found out about the system.
const COMMON: &str = "\
# Written at every start: change a setting with ALTER SYSTEM, which overrides this file.
include_if_exists = 'data/postgresql.conf'
timezone = 'UTC'
log_timezone = 'UTC'
log_connections = off
log_disconnections = off
log_line_prefix = '%m [%p] %q%u@%d '
password_encryption = 'scram-sha-256'
shared_buffers = '64MB'
max_parallel_workers_per_gather = 0
";

/// After a crash everything is written to the disk first. One call for the file system takes a moment where one for
/// each of two thousand files takes seconds. Only Linux has it.
const RECOVERY: &str = if cfg!(target_os = "linux") { "recovery_init_sync_method = 'syncfs'\n" } else { "" };

/// For tests, whose data may go with the machine's next breath.
const THROW_AWAY: &str = "\
max_connections = 300
fsync = off
synchronous_commit = off
full_page_writes = off
";

/// Turning archiving on later needs a restart, a command for it does not. Without a repository the command
/// throws segments away: an empty one would keep them until the disk is full.
const DURABLE: &str = "\
max_connections = 100
archive_mode = on
";

/// Writes all of it.
pub(super) fn write(place: &Place, durable: bool) -> Result<(), Error> {
    let names = place.names();
    let common = format!("{COMMON}{RECOVERY}cluster_name = '{}'\n", names.name());
    let settings = if durable {
        format!("{common}{DURABLE}archive_command = '{}'\n", no_archive())
    } else {
        format!("{common}{THROW_AWAY}")
    };
    put(&main_file(place), &settings)?;
    put(&access_file(place), &access(names))?;
    put(&map_file(place), &map(names, &place.account().names()))
}

/// The server's settings.
pub(super) fn main_file(place: &Place) -> PathBuf {
    place.base().join("postgresql.conf")
}

/// Who may connect, and how they prove it.
pub(super) fn access_file(place: &Place) -> PathBuf {
    place.base().join("pg_hba.conf")
}

/// Which account may take which roles.
pub(super) fn map_file(place: &Place) -> PathBuf {
    place.base().join("pg_ident.conf")
}

/// Only who the kernel says they are, and only as the roles the map gives them.
fn access(names: &Names) -> String {
    let (map, superuser) = (names.name(), names.superuser());
    format!(
        "\
# Written at every start. type, database, role, method
local all all peer map={map}
local replication {superuser} peer map={map}
"
    )
}

fn map(names: &Names, accounts: &[&str]) -> String {
    let mut text = String::from("# Written at every start. map, account, role\n");
    for account in accounts {
        let account = account.replace('"', "\"\"");
        text.extend(names.roles().map(|role| format!("{} \"{account}\" {role}\n", names.name())));
    }
    text
}

fn no_archive() -> &'static str {
    if Path::new("/bin/true").exists() { "/bin/true" } else { "/usr/bin/true" }
}

fn put(path: &Path, text: &str) -> Result<(), Error> {
    replace(path, text).map_err(error::io("write", path))
}

/// Made anew rather than written over, so that a link in its place is not followed.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o644).open(path)?;
    file.set_permissions(Permissions::from_mode(0o644))?; // whatever the umask: the database reads it
    file.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::{Names, map};

    #[test]
    fn an_account_of_any_name_gets_every_role() {
        let map = map(&Names::of("acme").unwrap(), &["root", "o\"dd name"]);
        assert!(map.contains("acme \"root\" acme_pool\n"));
        assert!(map.contains("acme \"o\"\"dd name\" acme_super\n"));
        assert_eq!(map.lines().count(), 9);
    }
}
