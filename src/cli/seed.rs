//! `skypanel seed`.

use super::database::Database;
use super::logging::{self, LogFormat};
use super::stop::Stop;
use super::{Failure, Output, SeedArgs};
use crate::db::migrate;
use crate::db::pool::Pool;
use crate::identity::{PASSWORD_COST, Passwords};
use crate::seed::{self, DEMO_PEOPLE, PASSWORD, Seed};

pub(super) async fn run(args: SeedArgs, stderr: &Output) -> Result<(), Failure> {
    logging::start(stderr, LogFormat::Text, "warn");
    let stop = Stop::listen()?;
    let seed = args.what.scale.map_or(Seed::Demo, Seed::Scale);
    let database = args.database.open(&stop).await?;
    let told = async {
        stop.asked().await;
        Err("Told to end: nothing was seeded.".into())
    };
    database.during(told, async |database| Ok(fill(database, seed).await)).await?
}

async fn fill(database: &Database, seed: Seed) -> Result<(), Failure> {
    let owner = database.owner()?;
    migrate::run(owner).await?;
    let passwords = Passwords::new(database.peppers.clone(), PASSWORD_COST)?;
    let pool = Pool::new(&database.pool_url, &super::serve::pool_settings(1))?;
    super::prepare::look_at_peppers(database, &pool, &passwords).await?;
    let hash = passwords.hash(PASSWORD)?;
    super::say!("seeding…");
    seed::run(&mut migrate::connect(owner).await?, seed, &hash).await?;
    match seed {
        Seed::Demo => super::say!("{}", sign_ins()),
        Seed::Scale(scale) => {
            super::say!(
                "done: {} people and what is theirs; user1@example.com and staff1@example.com, password {PASSWORD}",
                scale * 1000
            );
        }
    }
    Ok(())
}

/// Who can sign in to the demo data.
pub(super) fn sign_ins() -> String {
    let people = DEMO_PEOPLE.map(|(email, what)| format!("\n  {email:22} {what}"));
    format!("Demo sign-ins, all with the password {PASSWORD}:{}", people.concat())
}
