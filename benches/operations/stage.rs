//! What every run stands on: a program, a PostgreSQL, a database with data.

use crate::arguments::PlaceArgs;
use crate::cluster::Cluster;
use crate::program::Program;
use crate::server::Server;
use crate::sql::Sql;
use crate::{Failure, data, interrupt};

/// The role that serves requests.
const POOL: &str = "skypanel_pool";

/// All of it. PostgreSQL stops when this is dropped.
pub struct Stage {
    pub program: Program,
    pub cluster: Cluster,
    /// The name of the database.
    pub database: String,
}

impl Stage {
    /// Makes what is missing, and starts PostgreSQL.
    pub fn set(place: &PlaceArgs) -> Result<Self, Failure> {
        let program = Program::find(place)?;
        let cluster = Cluster::start(place)?;
        let database = data::prepare(&cluster, &program, place.scale)?;
        interrupt::check()?;
        Ok(Self { program, cluster, database })
    }

    /// A connection as the superuser.
    pub fn sql(&self) -> Result<Sql, Failure> {
        self.cluster.sql(&self.database)
    }

    /// The address of the database for the program.
    pub fn pool_url(&self) -> String {
        self.cluster.url(POOL, &self.database)
    }

    /// Starts the program.
    pub fn serve(&self) -> Result<Server, Failure> {
        Server::start(&self.program, &self.pool_url())
    }
}
