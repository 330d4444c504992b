//! What every case stands on: the program, data, people.

use std::fs::{Permissions, set_permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tempfile::TempDir;

use crate::people::People;
use crate::program::Program;
use crate::server::Server;
use crate::{Failure, database, progress};

/// Makes the messages of the latest tickets as long as they may be without a page of them being refused.
const LONG_MESSAGES: &str = "UPDATE ticket_messages SET content = rpad(content, 6000, 'x') \
    WHERE ticket_id IN (SELECT id FROM tickets ORDER BY created_at DESC LIMIT 100); ANALYZE ticket_messages";

/// All of it.
pub struct Stage {
    pub program: Program,
    pub people: People,
    /// Goes when this is dropped, after the server that a case has started in it.
    _dir: TempDir,
}

impl Stage {
    /// Makes a directory with seeded data and sessions.
    pub async fn set(file: &Path) -> Result<Self, Failure> {
        let dir = tempfile::Builder::new().prefix("skypanel-hostile-").tempdir()?;
        // Root's PostgreSQL runs as somebody else, who has to reach it.
        set_permissions(dir.path(), Permissions::from_mode(0o755))?;
        let program = Program::new(file, dir.path().join("data"))?;
        progress!("seeding in {}", dir.path().display());
        program.seed()?;
        let server = Server::start(&program)?;
        let database = database::connect(&program.data).await?;
        database.batch_execute(LONG_MESSAGES).await?;
        let people = People::sign_in(&database).await?;
        drop(server);
        Ok(Self { program, people, _dir: dir })
    }

    /// Starts the program.
    pub fn serve(&self) -> Result<Server, Failure> {
        Server::start(&self.program)
    }
}
