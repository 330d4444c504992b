//! Migrations: embedded in the binary, run by the owner, under an advisory lock, so that several
//! instances may start at once.

use std::time::Duration;

use diesel::ConnectionError;
use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel::sql_types::Bool;
use diesel_async::{AsyncMigrationHarness, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use tokio_postgres::{Config, NoTls};

use super::failure::Failure;
use super::inspection;
use super::pool::SEARCH_PATH;
use super::statement::Statement;

/// How long the migrations of another instance are waited for, and how often they are asked after.
const LOCK_WAIT: Duration = Duration::from_mins(10);
const LOCK_STEP: Duration = Duration::from_millis(200);
/// How long the server has to take a connection.
const CONNECT: Duration = Duration::from_secs(5);

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// Why the schema could not be changed or read.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The address is not one of PostgreSQL.
    #[error("The address of the database cannot be read: {0}")]
    Address(#[from] tokio_postgres::Error),
    /// Nobody answers there.
    #[error("Cannot connect to the database: {0}")]
    Connect(#[from] diesel::ConnectionError),
    /// PostgreSQL refused a statement.
    #[error("The database refused: {0}")]
    Database(#[from] diesel::result::Error),
    /// The database is not of the kind that the program can work on.
    #[error("{0}")]
    Unfit(String),
    /// A step failed; it was undone.
    #[error("A migration failed and was undone: {0}")]
    Step(Box<dyn std::error::Error + Send + Sync>),
    /// Another instance holds the lock.
    #[error(
        "Another instance has been changing the schema for ten minutes. Wait for it, or see what it waits for in \
         pg_stat_activity, and start again."
    )]
    Locked,
    /// The thread that ran them did not come back.
    #[error("The migrations were interrupted: {0}")]
    Interrupted(#[from] tokio::task::JoinError),
}

/// A step, and whether the database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The name of its folder.
    pub name: String,
    /// Whether it was run.
    pub applied: bool,
}

/// Opens the owner's connection.
///
/// # Errors
/// When the address is wrong or nobody answers there.
pub async fn connect(owner_url: &str) -> Result<AsyncPgConnection, MigrateError> {
    let mut config: Config = owner_url.parse()?;
    let options = format!("{} {SEARCH_PATH}", config.get_options().unwrap_or_default());
    config.options(options).application_name("skypanel owner").connect_timeout(CONNECT);
    let refused = |cause| ConnectionError::BadConnection(Failure::from(cause).to_string());
    let (client, connection) = config.connect(NoTls).await.map_err(refused)?;
    Ok(AsyncPgConnection::try_from_client_and_connection(client, connection).await?)
}

/// Runs all steps that the database lacks. Their names.
///
/// # Errors
/// See [`MigrateError`]. Each step is one transaction.
pub async fn run(owner_url: &str) -> Result<Vec<String>, MigrateError> {
    if let Some(fault) = inspection::faults(&mut connect(owner_url).await?).await?.into_iter().next() {
        return Err(MigrateError::Unfit(fault));
    }
    under_lock(owner_url, |harness| {
        let done = harness.run_pending_migrations(MIGRATIONS)?;
        Ok(done.into_iter().map(|version| version.to_string()).collect())
    })
    .await
}

/// Takes the latest step back. Its name.
///
/// # Errors
/// See [`MigrateError`].
pub async fn revert(owner_url: &str) -> Result<String, MigrateError> {
    under_lock(owner_url, |harness| Ok(harness.revert_last_migration(MIGRATIONS)?.to_string())).await
}

/// A step, as the database notes it: the digits that its folder's name begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Version {
    pub(super) version: String,
    pub(super) name: String,
}

/// The steps of this binary, in order.
pub(super) fn known() -> Vec<Version> {
    // Embedded steps are read from the binary, which cannot fail.
    let steps = MigrationSource::<Pg>::migrations(&MIGRATIONS).unwrap_or_default();
    let mut known: Vec<Version> = steps
        .iter()
        .map(|step| Version { version: step.name().version().to_string(), name: step.name().to_string() })
        .collect();
    known.sort_by(|a, b| a.version.cmp(&b.version));
    known
}

/// The versions of steps that the database has and this binary does not know: those of a newer release.
///
/// # Errors
/// See [`MigrateError`].
pub async fn unknown(owner_url: &str) -> Result<Vec<String>, MigrateError> {
    let known = known();
    under_lock(owner_url, move |harness| {
        let applied = harness.applied_migrations()?.into_iter().map(|version| version.to_string());
        let mut unknown: Vec<String> =
            applied.filter(|version| known.iter().all(|step| step.version != *version)).collect();
        unknown.sort();
        Ok(unknown)
    })
    .await
}

/// Every step of this binary, in order.
///
/// # Errors
/// See [`MigrateError`].
pub async fn status(owner_url: &str) -> Result<Vec<Step>, MigrateError> {
    under_lock(owner_url, |harness| {
        let applied = harness.applied_migrations()?;
        let mut steps = MigrationSource::<Pg>::migrations(&MIGRATIONS)?
            .iter()
            .map(|step| Step { name: step.name().to_string(), applied: applied.contains(&step.name().version()) })
            .collect::<Vec<_>>();
        steps.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(steps)
    })
    .await
}

type Harness = AsyncMigrationHarness<AsyncPgConnection>;
type StepResult<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// The lock goes with the connection, also when the program dies.
async fn under_lock<T: Send + 'static>(
    owner_url: &str,
    work: impl FnOnce(&mut Harness) -> StepResult<T> + Send + 'static,
) -> Result<T, MigrateError> {
    let mut owner = connect(owner_url).await?;
    lock(&mut owner).await?;
    // A step gives up on a table that is in use.
    owner.batch_execute("SET lock_timeout = '5s'").await?;
    // diesel's migrations are not async: they get a thread of their own.
    tokio::task::spawn_blocking(move || work(&mut Harness::new(owner))).await?.map_err(MigrateError::Step)
}

/// Waits while another instance migrates, but not for ever. By asking again and again: a session that waited on the
/// server would outlive whoever gives up meanwhile.
async fn lock(owner: &mut AsyncPgConnection) -> Result<(), MigrateError> {
    let attempt = || Statement::<Bool>::new("SELECT pg_try_advisory_lock(hashtext('skypanel migrations'))", vec![]);
    let attempts = LOCK_WAIT.as_millis() / LOCK_STEP.as_millis();
    for number in 0..attempts {
        if attempt().get_result(&mut &*owner).await? {
            return Ok(());
        }
        if number == 0 {
            tracing::info!("another instance changes the schema: waiting for it");
        }
        tokio::time::sleep(LOCK_STEP).await;
    }
    Err(MigrateError::Locked)
}
