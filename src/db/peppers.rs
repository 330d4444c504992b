//! What the database knows of the secrets that go into password hashes.

use diesel::sql_types::{Array, Bool, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl as _, SimpleAsyncConnection as _};

use super::migrate::{MigrateError, connect};
use super::pool::Pool;
use super::statement::{Bind, Statement};
use super::unit::Unit;
use crate::error::Result;

/// A pepper, and what shows that its secret is the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The pepper's id.
    pub id: String,
    /// HMAC-SHA-256 of a constant under the secret, in lower-case hex.
    pub proof: String,
}

/// The ids among these under which another secret was used here before.
///
/// # Errors
/// Like [`Unit::open`], and when the schema is older than the program.
pub async fn changed(pool: &Pool, given: &[Proof]) -> Result<Vec<String>> {
    let unit = Unit::program(pool).await?;
    let statement = Statement::<(Text, Text)>::new("SELECT id, proof FROM app.pepper_proofs()", vec![]);
    let known: Vec<(String, String)> = statement.load(&mut unit.conn()).await?;
    unit.close().await?;
    let is_changed = |pepper: &&Proof| known.iter().any(|(id, proof)| *id == pepper.id && *proof != pepper.proof);
    Ok(given.iter().filter(is_changed).map(|pepper| pepper.id.clone()).collect())
}

/// Notes the peppers that were not used here before. What is known already stays as it is.
///
/// # Errors
/// See [`MigrateError`].
pub async fn note(owner_url: &str, given: &[Proof]) -> Result<(), MigrateError> {
    let owner = maintenance(owner_url, "BEGIN").await?;
    let (ids, proofs) = given.iter().cloned().map(|pepper| (pepper.id, pepper.proof)).unzip();
    let statement = Statement::<()>::new(
        "INSERT INTO peppers (id, proof) SELECT * FROM unnest(?, ?) ON CONFLICT (id) DO NOTHING",
        vec![Bind::Texts(ids), Bind::Texts(proofs)],
    );
    statement.execute(&mut &owner).await?;
    (&owner).batch_execute("COMMIT").await?;
    Ok(())
}

/// The pepper ids that stored password hashes need.
///
/// # Errors
/// See [`MigrateError`].
pub async fn in_use(owner_url: &str) -> Result<Vec<String>, MigrateError> {
    let owner = maintenance(owner_url, "BEGIN READ ONLY").await?;
    let ids = "SELECT coalesce(array_agg(DISTINCT split_part(password_hash, '$', 3)), '{}') FROM users WHERE password_hash <> '!'";
    Ok(Statement::<Array<Text>>::new(ids, vec![]).get_result(&mut &owner).await?)
}

/// Whether there are passwords at all, or peppers that were used: also on a database without a schema.
///
/// # Errors
/// See [`MigrateError`].
pub async fn are_needed(owner_url: &str) -> Result<bool, MigrateError> {
    let mut owner = connect(owner_url).await?;
    let has_people = Statement::<Bool>::new("SELECT to_regclass('public.users') IS NOT NULL", vec![]);
    if !has_people.get_result(&mut &owner).await? {
        return Ok(false);
    }
    owner.batch_execute("BEGIN READ ONLY; SET LOCAL ROLE app_maintenance").await?;
    Ok(Statement::<Bool>::new("SELECT EXISTS (SELECT FROM users)", vec![]).get_result(&mut &owner).await?)
}

async fn maintenance(owner_url: &str, begin: &str) -> Result<AsyncPgConnection, MigrateError> {
    let mut owner = connect(owner_url).await?;
    owner.batch_execute(&format!("{begin}; SET LOCAL ROLE app_maintenance")).await?;
    Ok(owner)
}
