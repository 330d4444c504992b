//! A private PostgreSQL: what the program runs on when no `DATABASE_URL` is given, and what the tests run on.
//!
//! The system's own binaries, a Unix socket and nothing else, and no password anywhere: the kernel says who
//! connects, and an ident map says which roles that account may take. Started by root, every database process
//! drops to an account of its own.
//!
//! The directory belongs to the service and holds `data` (the cluster) and `socket`, which belong to the
//! database's account, and beside them what only the service may write: the configuration, the log, the lock.
//! Root therefore never writes into a directory that the database's account controls.

mod account;
mod binaries;
mod cluster;
mod configuration;
mod error;
mod lock;
mod orphan;
mod place;
mod poll;
mod postmaster;
mod roles;
mod socket;

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use binaries::Binaries;
use lock::Lock;
use place::Place;
use postmaster::Postmaster;
use socket::Socket;

pub use error::Error;

/// Where and how a private cluster lives. The caller reads the environment; this crate never does.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The directory that holds the cluster, usually `.skypanel`; made when missing. See [`Server::dir`].
    pub dir: PathBuf,
    /// `false` for tests: no fsync and no checksums, more connections, and an owner who may create databases.
    pub durable: bool,
    /// `SKYPANEL_PG_BIN`: the directory of PostgreSQL's programs. When set, no other is looked at.
    pub binaries: Option<PathBuf>,
    /// `PATH`: looked through first when `binaries` is not set, before the places distributions use.
    pub search_path: Option<OsString>,
    /// `XDG_RUNTIME_DIR`: takes the socket when a path under `dir` would be too long for one; `/tmp` otherwise.
    pub runtime_dir: Option<PathBuf>,
}

/// A running private PostgreSQL. Dropping it stops the server, so an early `?` leaves no orphan behind.
#[derive(Debug)]
pub struct Server {
    // The order matters: fields drop in it, and the lock must outlive the server.
    postmaster: Postmaster,
    place: Place,
    socket: Socket,
    new: bool,
    _lock: Lock,
}

impl Server {
    /// Starts the cluster of `settings.dir`, making it first when there is none, and returns when the roles and
    /// the database are there. Blocks: about five seconds for a new cluster, a fifth of one otherwise.
    ///
    /// # Errors
    ///
    /// When PostgreSQL, an account for it or the directory is not fit for use, when another living program
    /// holds the directory, or when the server does not come up. Each message says what to do next.
    pub fn start(settings: &Settings) -> Result<Self, Error> {
        let place = Place::open(settings)?;
        let lock = Lock::take(&place)?;
        let made_by = cluster::made_by(&place.data())?;
        let binaries = Binaries::find(settings, &place, made_by)?;
        let socket = Socket::prepare(&place, settings.runtime_dir.as_deref())?;
        orphan::take_over(&place)?;
        socket.clear()?;
        if made_by.is_none() {
            cluster::create(&place, &binaries, settings.durable)?;
        }
        configuration::write(&place, settings.durable)?;
        let postmaster = Postmaster::start(&place, &binaries, &socket)?;
        roles::make(&place, &binaries, &socket, settings.durable)?;
        Ok(Self { postmaster, place, socket, new: made_by.is_none(), _lock: lock })
    }

    /// The URL of the role that owns the schema: it migrates and seeds.
    #[must_use]
    pub fn owner_url(&self) -> String {
        self.url(roles::OWNER, roles::DATABASE)
    }

    /// The URL of the role that serves requests; it owns nothing and inherits nothing.
    #[must_use]
    pub fn pool_url(&self) -> String {
        self.url(roles::POOL, roles::DATABASE)
    }

    /// The URL of any of this crate's roles in any database of the cluster.
    #[must_use]
    pub fn url(&self, role: &str, database: &str) -> String {
        self.socket.url(role, database)
    }

    /// Where the cluster really lives: absolute, and another than was asked for when the database's account
    /// could not reach that. What belongs with the data (secrets, above all) goes here.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.place.base()
    }

    /// Whether this start made the cluster, and so whether it is empty.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.new
    }

    /// Stops the server: sessions are cut and a checkpoint is written. After 30 seconds without an end it is
    /// stopped at once, and recovers at its next start.
    ///
    /// # Errors
    ///
    /// When the server's process can be neither signalled nor waited for.
    pub fn stop(mut self) -> Result<(), Error> {
        self.postmaster.stop()
    }
}
