//! Data to start with: a small company to look at, and many rows for load tests.

use diesel::sql_types::{BigInt, Bool, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};

use crate::db::pool::Pool;
use crate::db::statement::{Bind, Statement};
use crate::db::unit::Unit;
use crate::error::Result;

/// The password of everybody in demo and load-test data, and of nobody else.
pub const PASSWORD: &str = "skypanel-demo-1";

/// Who can sign in to the demo data, and what they are.
pub const DEMO_PEOPLE: [(&str, &str); 5] = [
    ("admin@example.com", "administrator"),
    ("support@example.com", "support staff"),
    ("billing@example.com", "billing staff"),
    ("ada@example.com", "customer"),
    ("bob@example.com", "customer"),
];

/// What to fill a database with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seed {
    /// Five people and a bit of everything that can happen to them.
    Demo,
    /// So many times a thousand people, the same ones every time.
    Scale(u32),
}

/// Why a database was not filled.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// It has people in it.
    #[error("This database has people in it ({0}): seeding is for empty ones. Nothing was changed.")]
    NotEmpty(i64),
    /// PostgreSQL refused.
    #[error("Seeding failed, and nothing was changed: {0}")]
    Database(#[from] diesel::result::Error),
}

/// Fills an empty database, in one transaction: a run that was cut off leaves nothing behind.
///
/// # Errors
/// When the database has people in it, and when PostgreSQL refuses.
pub async fn run(owner: &mut AsyncPgConnection, seed: Seed, password_hash: &str) -> std::result::Result<(), SeedError> {
    // Compiling such statements takes longer than running them: a third of the whole.
    owner.batch_execute("BEGIN; SET LOCAL jit = off; SET LOCAL ROLE app_maintenance").await?;
    let outcome = fill(owner, seed, password_hash).await;
    owner.batch_execute(if outcome.is_ok() { "COMMIT; ANALYZE" } else { "ROLLBACK" }).await?;
    outcome
}

/// How many people a database has, as the owner sees it.
///
/// # Errors
/// When PostgreSQL refuses.
pub async fn people(owner: &mut AsyncPgConnection) -> std::result::Result<i64, SeedError> {
    owner.batch_execute("BEGIN READ ONLY; SET LOCAL ROLE app_maintenance").await?;
    let count = count_people(owner).await;
    owner.batch_execute("COMMIT").await?;
    Ok(count?)
}

/// Whether the demo's people are among a database's people.
///
/// # Errors
/// When PostgreSQL refuses.
pub async fn is_demo(owner: &mut AsyncPgConnection) -> std::result::Result<bool, SeedError> {
    owner.batch_execute("BEGIN READ ONLY; SET LOCAL ROLE app_maintenance").await?;
    let demo = Statement::<Bool>::new(
        "SELECT count(*) = 2 FROM users WHERE email IN (?, ?)",
        vec![Bind::text("ada@example.com"), Bind::text("bob@example.com")],
    );
    let found = demo.get_result(&mut &*owner).await;
    owner.batch_execute("COMMIT").await?;
    Ok(found?)
}

/// Whether the database keeps that everybody knows sign-ins here, as the program sees it.
///
/// # Errors
/// Like [`Unit::open`], and when the schema is older than the program.
pub async fn is_marked(pool: &Pool) -> Result<bool> {
    let unit = Unit::program(pool).await?;
    let statement = Statement::<Bool>::new("SELECT app.holds_demo_data()", vec![]);
    let marked = statement.get_result(&mut unit.conn()).await?;
    unit.close().await?;
    Ok(marked)
}

async fn count_people(owner: &mut AsyncPgConnection) -> diesel::QueryResult<i64> {
    Statement::<BigInt>::new("SELECT count(*) FROM users", vec![]).get_result(&mut &*owner).await
}

async fn fill(owner: &mut AsyncPgConnection, seed: Seed, password_hash: &str) -> std::result::Result<(), SeedError> {
    // Two instances that start at once: the second waits, and then finds people.
    owner.batch_execute("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE").await?;
    match count_people(owner).await? {
        0 => {}
        people => return Err(SeedError::NotEmpty(people)),
    }
    set(owner, "seed.password_hash", password_hash).await?;
    match seed {
        Seed::Demo => {
            mark(owner, "demo").await?;
            owner.batch_execute(include_str!("demo.sql")).await?;
        }
        Seed::Scale(scale) => {
            mark(owner, "scale").await?;
            set(owner, "seed.scale", &scale.to_string()).await?;
            owner.batch_execute(include_str!("scale.sql")).await?;
        }
    }
    Ok(())
}

/// Keeps in the database that everybody knows the sign-ins here.
async fn mark(owner: &mut AsyncPgConnection, kind: &'static str) -> diesel::QueryResult<()> {
    let statement = Statement::<()>::new("INSERT INTO demo_data (kind) VALUES (?)", vec![Bind::text(kind)]);
    statement.execute(&mut &*owner).await.map(|_| ())
}

async fn set(owner: &mut AsyncPgConnection, name: &'static str, value: &str) -> diesel::QueryResult<()> {
    let statement = Statement::<Text>::new("SELECT set_config(?, ?, true)", vec![Bind::text(name), Bind::text(value)]);
    statement.get_result::<String>(&mut &*owner).await.map(|_| ())
}
