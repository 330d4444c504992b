//! `skypanel migrate`.

use std::path::Path;

use super::database::{Database, DatabaseArgs};
use super::logging::{self, LogFormat};
use super::stop::Stop;
use super::{Failure, MigrateAction, Output, prepare};
use crate::clock;
use crate::db::pool::Pool;
use crate::db::{inspection, migrate};

/// What an administrator runs once. The owner makes every other role in the first migration.
const ROLES: &str = "\
-- Run once, as an administrator of PostgreSQL (15.14 or later). Choose the passwords.
CREATE ROLE skypanel_owner LOGIN CREATEROLE PASSWORD 'choose-one';
CREATE ROLE skypanel_pool LOGIN NOINHERIT PASSWORD 'choose-another';
CREATE DATABASE skypanel OWNER skypanel_owner;
-- Large objects, which row-level security knows nothing of: only a superuser can close them.
\\connect skypanel
REVOKE EXECUTE ON FUNCTION lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea) FROM PUBLIC;
-- Then give the program:
--   SKYPANEL_OWNER_URL=postgres://skypanel_owner:…@HOST/skypanel
--   DATABASE_URL=postgres://skypanel_pool:…@HOST/skypanel
";

pub(super) async fn run(action: MigrateAction, stderr: &Output) -> Result<(), Failure> {
    logging::start(stderr, LogFormat::Text, "warn");
    match action {
        MigrateAction::Run(args) => {
            on(args, async |database| {
                let done = migrate::run(database.owner()?).await?;
                for name in &done {
                    super::say!("ran {name}");
                }
                super::say!("{} run; the schema is up to date", steps(done.len()));
                Ok(())
            })
            .await
        }
        MigrateAction::Revert(args) => {
            on(args, async |database| {
                super::say!("took back {}", migrate::revert(database.owner()?).await?);
                Ok(())
            })
            .await
        }
        MigrateAction::Status(args) => on(args, status).await,
        MigrateAction::Create { name } => create(&name),
        MigrateAction::Roles => {
            super::say!("{}", ROLES.trim_end());
            Ok(())
        }
    }
}

fn steps(count: usize) -> String {
    if count == 1 { "1 step".into() } else { format!("{count} steps") }
}

/// The steps, and whatever would keep the database from being served.
async fn status(database: &Database) -> Result<(), Failure> {
    let owner = database.owner()?;
    for step in migrate::status(owner).await? {
        super::say!("{} {}", if step.applied { "[x]" } else { "[ ]" }, step.name);
    }
    for version in migrate::unknown(owner).await? {
        super::say!("[?] {version}, of a newer release");
    }
    for fault in inspection::faults(&mut migrate::connect(owner).await?).await? {
        super::say!("{fault}");
    }
    let pool = Pool::new(&database.pool_url, &super::serve::pool_settings(1))?;
    let found = inspection::service(&pool).await.map_err(|error| prepare::unusable(&error))?;
    for exposure in found.exposures {
        super::say!("Row-level security would not hold: {exposure}");
    }
    for warning in found.warnings {
        super::say!("Open, though served: {warning}");
    }
    // Before there are steps, there are no roles to become.
    if inspection::missing_steps(&pool).await.map_err(|error| prepare::unusable(&error))?.is_empty() {
        for fault in found.faults {
            super::say!("{fault}");
        }
    }
    Ok(())
}

async fn on(args: DatabaseArgs, work: impl AsyncFnOnce(&Database) -> Result<(), Failure>) -> Result<(), Failure> {
    let stop = Stop::listen()?;
    let database = args.open(&stop).await?;
    let told = async {
        stop.asked().await;
        Err("Told to end: the step that ran is undone.".into())
    };
    database.during(told, async |database| Ok(work(database).await)).await?
}

fn create(name: &str) -> Result<(), Failure> {
    let fit =
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if !fit {
        return Err("A step is named in lower-case words joined by underscores: ticket_tags".into());
    }
    if !Path::new("migrations").is_dir() {
        return Err("There is no migrations/ here: run this in the project's folder.".into());
    }
    let folder = Path::new("migrations").join(format!("{}_{name}", clock::now().format("%Y-%m-%d-%H%M%S")));
    std::fs::create_dir(&folder)?;
    std::fs::write(folder.join("up.sql"), "-- Why, and what. The rules are in migrations/README.md.\n")?;
    std::fs::write(folder.join("down.sql"), "-- Undoes up.sql.\n")?;
    super::say!("made {}", folder.display());
    Ok(())
}
