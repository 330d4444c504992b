//! The door: a server from its start to its end.

use std::{path::Path, process::ExitStatus};

use super::{
    Error, Settings, Shutdown, binaries::Binaries, cluster, configuration, lock::Lock, orphan, place::Place,
    postmaster::Postmaster, roles, socket::Socket,
};

/// A running private PostgreSQL. Dropping it stops the server, so an early `?` leaves no orphan behind.
#[derive(Debug)]
pub struct Server {
    // The order matters: fields drop in it, and the lock must outlive the server.
    postmaster: Postmaster,
    place: Place,
    binaries: Binaries,
    socket: Socket,
    shutdown: Shutdown,
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
    /// program holds the directory, when the server does not come up, or when the program is told to end. Each message says what to do next, and
    /// no server is left running.
    pub fn start(settings: &Settings) -> Result<Self, Error> {
        let place = Place::open(settings)?;
        let lock = Lock::take(&place)?;
        let made_by = cluster::made_by(&place.data())?;
        let binaries = Binaries::find(settings, &place, made_by)?;
        let socket = Socket::prepare(&place, settings.runtime_dir.as_deref())?;
        let shutdown = &settings.shutdown;
        orphan::take_over(&place, shutdown)?;
        socket.clear()?;
        if made_by.is_none() {
            cluster::create(&place, &binaries, settings.durable, shutdown)?;
        }
        configuration::write(&place, settings.durable)?;
        let postmaster = Postmaster::start(&place, &binaries, &socket, shutdown)?;
        roles::make(&place, &binaries, &socket, settings.durable, shutdown)?;
        let (shutdown, new) = (shutdown.clone(), made_by.is_none());
        Ok(Self { postmaster, place, binaries, socket, shutdown, new, _lock: lock })
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

    /// Stops the server: sessions are cut and a checkpoint is written. When it does not end within 30 seconds, or by
    /// the time that [`Settings::shutdown`] gives, it is ended at once, and recovers at its next start.
    ///
    /// # Errors
    ///
    /// When the server's process can be neither signalled nor waited for.
    pub fn stop(mut self) -> Result<(), Error> {
        self.postmaster.stop()
    }

    /// How the server ended, if it did so by itself.
    pub(super) fn ended(&mut self) -> Result<Option<ExitStatus>, Error> {
        self.postmaster.ended()
    }

    /// Starts a server that has ended again. Nothing is written beforehand: the disk may be full.
    pub(super) fn restart(&mut self) -> Result<(), Error> {
        orphan::take_over(&self.place, &self.shutdown)?;
        self.socket.clear()?;
        self.postmaster = Postmaster::start(&self.place, &self.binaries, &self.socket, &self.shutdown)?;
        Ok(())
    }
}
