//! What happens between a database and the first request: it is brought up to date and looked at.

use super::Failure;
use super::database::Database;
use crate::db::pool::Pool;
use crate::db::{inspection, migrate, peppers};
use crate::identity::Passwords;
use crate::seed::{self as data, PASSWORD, Seed};

/// How the database is to be taken.
#[derive(Debug, Clone)]
pub(super) struct Start {
    /// Whether its schema is brought up to date.
    pub(super) migrates: bool,
    /// Whether it is served although row-level security does not hold.
    pub(super) is_exposed: bool,
    /// What makes it public, if sign-ins that everybody knows would do harm.
    pub(super) public: Option<String>,
    /// Whether the clock of the business has to be the real one.
    pub(super) goes_by_real_time: bool,
}

/// Brings the schema up to date, and refuses what cannot be served.
pub(super) async fn look(start: Start, database: &Database, pool: &Pool, passwords: &Passwords) -> Result<(), Failure> {
    if let Some(fault) = inspection::faults(&mut migrate::connect(&database.pool_url).await?).await?.into_iter().next()
    {
        return Err(fault.into());
    }
    match &database.owner_url {
        None => tracing::warn!("SKYPANEL_OWNER_URL is not set: migrations are not run, and new peppers are not noted"),
        Some(owner) => bring_up_to_date(start.migrates, owner).await?,
    }
    let missing = inspection::missing_steps(pool).await.map_err(|error| unusable(&error))?;
    // After the migrations: whose tables they are shows once there are any.
    let found = inspection::service(pool).await.map_err(|error| unusable(&error))?;
    if let Some(exposure) = found.exposures.first().filter(|_| !start.is_exposed) {
        return Err(format!(
            "Row-level security would not hold: {exposure}. Let DATABASE_URL name the role skypanel_pool \
             (`skypanel migrate roles` says how to make it), or pass --insecure-single-role."
        )
        .into());
    }
    if !missing.is_empty() {
        // The roles come with the steps, and so do the peppers' proofs.
        tracing::warn!("not ready: the database lacks {}; run `skypanel migrate run`", missing.join(", "));
        return Ok(());
    }
    if let Some(fault) = found.faults.into_iter().next() {
        return Err(format!("{fault}.").into());
    }
    for warning in found.warnings {
        tracing::warn!("{warning}");
    }
    if let Some(public) = start.public {
        refuse_demo(&public, pool).await?;
    }
    if start.goes_by_real_time && !inspection::goes_by_real_time(pool).await.map_err(|error| unusable(&error))? {
        return Err(
            "The clock of the business is set in this database, and production goes by real time. As its owner: \
                    DELETE FROM app.clock_offset."
                .into(),
        );
    }
    look_at_peppers(database, pool, passwords).await
}

async fn refuse_demo(public: &str, pool: &Pool) -> Result<(), Failure> {
    if !data::is_marked(pool).await.map_err(|error| unusable(&error))? {
        return Ok(());
    }
    Err(format!(
        "This database holds demo data, to which everybody knows the passwords, and the program {public}. Name a \
         database without it, or pass --allow-demo."
    )
    .into())
}

async fn bring_up_to_date(migrates: bool, owner: &str) -> Result<(), Failure> {
    if migrates {
        for step in migrate::run(owner).await? {
            tracing::info!(step, "migrated");
        }
    }
    let newer = migrate::unknown(owner).await?;
    if !newer.is_empty() {
        tracing::warn!("the database is newer than this program: it has the steps {}", newer.join(", "));
    }
    Ok(())
}

/// Refuses peppers that stored passwords were not made with, and notes the others.
pub(super) async fn look_at_peppers(database: &Database, pool: &Pool, passwords: &Passwords) -> Result<(), Failure> {
    let proofs = passwords.proofs();
    if let Some(id) = peppers::changed(pool, &proofs).await.map_err(|error| unusable(&error))?.first() {
        return Err(format!(
            "The pepper `{id}` has another secret than the one that passwords here were hashed with: nobody could sign \
             in. Put the old secret back into {}; a new secret needs a new id, ahead of the old ones.",
            database.peppers_from
        )
        .into());
    }
    let Some(owner) = &database.owner_url else { return Ok(()) };
    for pepper in peppers::in_use(owner).await? {
        if passwords.lacks(&pepper) {
            return Err(format!(
                "Stored passwords need the pepper `{pepper}`, which is not in {}. Put it back at the end of the list.",
                database.peppers_from
            )
            .into());
        }
    }
    Ok(peppers::note(owner, &proofs).await?)
}

/// Loads demo data into an empty database on a desk; whether it holds demo data now.
pub(super) async fn demo(on_a_desk: bool, database: &Database, passwords: &Passwords) -> Result<bool, Failure> {
    let Some(owner) = database.owner_url.as_ref().filter(|_| on_a_desk) else { return Ok(false) };
    let mut connection = migrate::connect(owner).await?;
    if data::people(&mut connection).await? > 0 {
        return Ok(data::is_demo(&mut connection).await?);
    }
    tracing::info!("loading demo data");
    let hasher = passwords.clone();
    let hash = tokio::task::spawn_blocking(move || hasher.hash(PASSWORD)).await??;
    data::run(&mut connection, Seed::Demo, &hash).await?;
    Ok(true)
}

/// What lies beneath an error that is met before there are any clients.
pub(super) fn unusable(error: &crate::error::Error) -> Failure {
    let cause = error.cause().map_or_else(|| error.message().to_owned(), ToString::to_string);
    format!("The database cannot be used: {cause}").into()
}
