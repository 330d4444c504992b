//! What a caller chooses.

use std::{ffi::OsString, path::PathBuf};

use super::Shutdown;

/// Where and how a private cluster lives. The caller reads the environment; this crate never does.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What the database is called, and what the names of its roles begin with. Up to 32 lower-case letters, digits
    /// and underscores, a letter first. It belongs to a cluster for good: under another, an old one does not start.
    pub name: String,
    /// The directory that holds the cluster; made when missing. See [`Server::dir`](crate::Server::dir).
    pub dir: PathBuf,
    /// Whether a first start may make the cluster under `/var/lib` (a throw-away one under `/tmp`) when the database's
    /// account cannot reach `dir`. Not for a directory that somebody chose, who looks for the data there.
    pub elsewhere: bool,
    /// `false` for tests: no fsync and no checksums, more connections, and an owner who may create databases.
    pub durable: bool,
    /// The directory of PostgreSQL's programs. When set, no other is looked at.
    pub binaries: Option<PathBuf>,
    /// `PATH`: looked through first when `binaries` is not set, before the places distributions use.
    pub search_path: Option<OsString>,
    /// `XDG_RUNTIME_DIR`: takes the socket when a path under `dir` would be too long for one; `/tmp` otherwise.
    pub runtime_dir: Option<PathBuf>,
    /// Tells a start that the program ends, and a stop how much time it has.
    pub shutdown: Shutdown,
}

impl Settings {
    /// A durable cluster, run by the programs that are found where distributions put them.
    #[must_use]
    pub fn new(name: impl Into<String>, dir: impl Into<PathBuf>) -> Self {
        Self {
            name: name.into(),
            dir: dir.into(),
            elsewhere: true,
            durable: true,
            binaries: None,
            search_path: None,
            runtime_dir: None,
            shutdown: Shutdown::default(),
        }
    }
}
