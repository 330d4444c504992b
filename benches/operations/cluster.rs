//! The PostgreSQL that is measured on: the program's own private one, kept between runs.

use std::fs;
use std::path::PathBuf;

use private_postgres::{Server, Settings};

use crate::arguments::PlaceArgs;
use crate::sql::Sql;
use crate::{Failure, progress};

/// Beyond the program's own settings: memory for the data, as on a server of its own, and no checkpoint in the middle
/// of a measurement. What the planner goes by stays as it comes.
const SETTINGS: [&str; 2] =
    ["ALTER SYSTEM SET shared_buffers = '1GB'", "ALTER SYSTEM SET checkpoint_timeout = '30min'"];

/// A running cluster. It stops when this is dropped.
pub struct Cluster {
    server: Server,
    /// The server's first process: all others are its children.
    pub postmaster: i32,
}

impl Cluster {
    /// Starts it, making it first when there is none.
    pub fn start(place: &PlaceArgs) -> Result<Self, Failure> {
        let cluster = Self::open(place)?;
        if !cluster.server.is_new() {
            return Ok(cluster);
        }
        progress!("made a PostgreSQL in {}", cluster.server.dir().display());
        let sql = cluster.sql("postgres")?;
        for setting in SETTINGS {
            sql.run(setting)?; // one at a time: ALTER SYSTEM refuses to run in a transaction
        }
        // The first of them counts from the next start on.
        cluster.server.stop()?;
        Self::open(place)
    }

    fn open(place: &PlaceArgs) -> Result<Self, Failure> {
        let server = Server::start(&Settings {
            // What is written is synchronised to no disk: disks differ more than programs do.
            durable: false,
            binaries: place.pg_bin.clone(),
            search_path: place.search_path.clone(),
            runtime_dir: place.runtime_dir.clone(),
            ..Settings::new("skypanel", &place.data_dir)
        })?;
        let pid_file = fs::read_to_string(server.dir().join("data/postmaster.pid"))?;
        let postmaster = pid_file.lines().next().unwrap_or_default().trim().parse()?;
        Ok(Self { server, postmaster })
    }

    /// A connection as the superuser, whom row-level security does not bind.
    pub fn sql(&self, database: &str) -> Result<Sql, Failure> {
        Sql::connect(&self.url("skypanel_super", database))
    }

    /// The address of a database for one of the roles.
    pub fn url(&self, role: &str, database: &str) -> String {
        self.server.url(role, database)
    }

    /// What the server has to say.
    pub fn log(&self) -> PathBuf {
        self.server.dir().join("postgres.log")
    }
}
