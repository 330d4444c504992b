//! Why a private PostgreSQL could not be had. Whoever reads these lines is at a prompt and wants to go on.

use std::{io, path::Path, path::PathBuf, process::ExitStatus};

/// What kept a private PostgreSQL from running: what happened, why, and what to do next, in one line.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The name would have to be quoted, or is taken.
    #[error(
        "{name:?} cannot name a database here: use up to 32 lower-case letters, digits and underscores, a letter \
         first, and neither pg_ nor a name that PostgreSQL uses itself"
    )]
    BadName {
        /// The name given.
        name: String,
    },

    /// None of the known places holds PostgreSQL's programs.
    #[error(
        "no PostgreSQL found: install it (apt install postgresql, dnf install postgresql-server, brew install \
         postgresql@17), or name the directory of its programs"
    )]
    NoBinaries,

    /// [`Settings::binaries`](crate::Settings::binaries) was set, and does not lead to PostgreSQL.
    #[error("{dir} will not do: {reason}; name the directory that holds postgres, initdb and psql")]
    BadBinaries {
        /// The directory named.
        dir: PathBuf,
        /// What is wrong with it.
        reason: String,
    },

    /// PostgreSQL is there, but of a major that is no longer supported here.
    #[error("PostgreSQL {major} in {dir} is too old: install PostgreSQL {needed} or later")]
    TooOld {
        /// Where it was found.
        dir: PathBuf,
        /// Its major version.
        major: u32,
        /// The oldest major that will do.
        needed: u32,
    },

    /// The cluster was made by a major that is not installed.
    #[error(
        "the cluster in {data} was made by PostgreSQL {made_by}, and only PostgreSQL {found} was found: install \
         PostgreSQL {made_by} beside it to go on as before; to move to {found}, dump with {made_by}'s pg_dumpall, \
         move {data} away, start again and load the dump (or use pg_upgrade)"
    )]
    OtherMajor {
        /// The cluster's data directory.
        data: PathBuf,
        /// The major that made it.
        made_by: u32,
        /// The majors that were found.
        found: String,
    },

    /// The cluster was made by a major that is too old, installed or not.
    #[error(
        "the cluster in {data} was made by PostgreSQL {made_by}, which is too old: install PostgreSQL {needed} or \
         later, dump with {made_by}'s pg_dumpall, move {data} away, start again and load the dump (or use \
         pg_upgrade)"
    )]
    OldCluster {
        /// The cluster's data directory.
        data: PathBuf,
        /// The major that made it.
        made_by: u32,
        /// The oldest major that will do.
        needed: u32,
    },

    /// PostgreSQL refuses to run under a uid that has no name.
    #[error(
        "uid {uid} has no passwd entry, and PostgreSQL refuses to run without one: add an entry, or run as root (the \
         database then drops to an account of its own)"
    )]
    NoName {
        /// The uid without a name.
        uid: u32,
    },

    /// Root runs the service, and there is no account to drop to.
    #[error(
        "running as root, and neither the user postgres nor nobody exists for the database to run as: add a system \
         user postgres (installing PostgreSQL's server does), or run as an ordinary user"
    )]
    NoAccount,

    /// The data directory is another's.
    #[error(
        "{data} belongs to {owner}, and the database would run as {account}: run the program as the user who made \
         it, or hand it over (chown -R {account} {data})"
    )]
    Foreign {
        /// The data directory.
        data: PathBuf,
        /// Who owns it.
        owner: String,
        /// Who would have to.
        account: String,
    },

    /// The database's account cannot reach the directory, which was chosen, or has its cluster in it.
    #[error(
        "the user {account} cannot reach {dir}, as the database must: let it pass through every directory on the way \
         (chmod o+x), or name another data directory"
    )]
    Unreachable {
        /// The directory.
        dir: PathBuf,
        /// The database's account.
        account: String,
    },

    /// Another living program holds the directory.
    #[error("{dir} is in use by another program (process {pid}): stop that one first, or name another data directory")]
    InUse {
        /// The directory.
        dir: PathBuf,
        /// The process that holds it, as it wrote itself down.
        pid: String,
    },

    /// There are files where the cluster should be, and they are no cluster.
    #[error(
        "{data} is not empty, and holds no readable PG_VERSION, so it is no complete PostgreSQL cluster: restore it \
         from a backup, or move it away for a new one to be made"
    )]
    NoCluster {
        /// The data directory.
        data: PathBuf,
    },

    /// No directory for the socket is short, plain and reachable.
    #[error(
        "{dir} cannot hold a socket (over 90 bytes, or with a comma, quote or backslash), and the user {account} \
         reaches neither XDG_RUNTIME_DIR nor /tmp: name a data directory with a shorter, plainer path"
    )]
    NoSocket {
        /// The socket directory that would have been used.
        dir: PathBuf,
        /// The database's account.
        account: String,
    },

    /// The socket directory exists and cannot be trusted: whoever owns it could sit between us and the database.
    #[error(
        "the socket directory {dir} exists, but is not a directory that the user {account} owns and nobody else can \
         enter: find out who made it, and remove it"
    )]
    ForeignSocket {
        /// The socket directory.
        dir: PathBuf,
        /// The database's account.
        account: String,
    },

    /// A server that a killed service left behind does not end.
    #[error(
        "the PostgreSQL that an earlier run left behind (process {pid}) could not be stopped: {reason}; stop it \
         yourself (kill -INT {pid}) and start again"
    )]
    Orphan {
        /// Its process.
        pid: i32,
        /// Why not.
        reason: String,
    },

    /// One of PostgreSQL's programs failed.
    #[error("{program} failed: {output}")]
    Failed {
        /// The program.
        program: PathBuf,
        /// The end of what it said.
        output: String,
    },

    /// The server ended while it was starting.
    #[error("PostgreSQL ended while starting ({status}); the end of {log}: {tail}")]
    Ended {
        /// How it ended.
        status: ExitStatus,
        /// Its log.
        log: PathBuf,
        /// The last lines of it.
        tail: String,
    },

    /// The server runs, and takes no connections.
    #[error("PostgreSQL was not ready after {seconds} seconds and was stopped again; see {log}")]
    NotReady {
        /// How long it had.
        seconds: u64,
        /// Its log.
        log: PathBuf,
    },

    /// The program was told to end before the server was there.
    #[error("the start of PostgreSQL was given up, since the program was told to end")]
    GivenUp,

    /// The server ended by itself, time and again.
    #[error(
        "PostgreSQL ended by itself, and {tries} tries to start it again were of no use: {cause}; put that right and \
         start the program again"
    )]
    Lost {
        /// How often it was tried.
        tries: usize,
        /// What came of the last try.
        cause: String,
    },

    /// The system refused something.
    #[error("could not {action} {path}: {source}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
}

/// For `map_err`: what was tried, and on what.
pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_path_buf();
    move |source| Error::Io { action, path, source }
}

/// The last lines of a program's output, on one line: those that say why it ended, if there are any.
pub(super) fn tail(text: &str) -> String {
    let all = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    let reasons: Vec<&str> = all().filter(|line| line.contains("FATAL:") || line.contains("PANIC:")).collect();
    let lines = if reasons.is_empty() { all().collect() } else { reasons };
    lines.get(lines.len().saturating_sub(4)..).unwrap_or_default().join(" | ")
}
