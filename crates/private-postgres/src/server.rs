//! The door: a server from its start to its end.

use std::path::Path;

use super::{
    Error, Settings, binaries::Binaries, cluster, configuration, lock::Lock, orphan, place::Place,
    postmaster::Postmaster, roles, socket::Socket,
};

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
    /// the database are there. Blocks: about five seconds for a new cluster, a fifth of one otherwise; up to ten
    /// minutes where a server recovers from a crash.
    ///
    /// # Errors
    ///
    /// When the name, PostgreSQL, an account for it or the directory is not fit for use, when another living
    /// program holds the directory, or when the server does not come up. Each message says what to do next, and
    /// no server is left running.
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

    /// The URL of the role that owns the database: it migrates and seeds.
    #[must_use]
    pub fn owner_url(&self) -> String {
        let names = self.place.names();
        self.url(&names.owner(), names.database())
    }

    /// The URL of the role that serves requests; it owns nothing and inherits nothing.
    #[must_use]
    pub fn pool_url(&self) -> String {
        let names = self.place.names();
        self.url(&names.pool(), names.database())
    }

    /// The URL of any of the [four roles](crate#roles) in any database of the cluster. It holds no secret, and is
    /// of use to the accounts alone that may connect.
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
