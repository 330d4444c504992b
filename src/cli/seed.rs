//! `skypanel seed`.

use super::logging::{self, LogFormat};
use super::{Failure, SeedArgs};
use crate::db::migrate;
use crate::db::pool::Pool;
use crate::identity::{PASSWORD_COST, Passwords};
use crate::seed::{self, DEMO_PEOPLE, PASSWORD, Seed};

pub(super) async fn run(args: SeedArgs) -> Result<(), Failure> {
    logging::start(LogFormat::Text, "warn");
    let seed = args.what.scale.map_or(Seed::Demo, Seed::Scale);
    let database = args.database.open().await?;
    let owner = database.owner()?;
    migrate::run(owner).await?;
    let passwords = Passwords::new(database.peppers.clone(), PASSWORD_COST)?;
    let pool = Pool::new(&database.pool_url, &super::serve::pool_settings(1))?;
    super::prepare::look_at_peppers(&database, &pool, &passwords).await?;
    let hash = passwords.hash(PASSWORD)?;
    super::say!("seeding…");
    seed::run(&mut migrate::connect(owner).await?, seed, &hash).await?;
    match seed {
        Seed::Demo => print_sign_ins(),
        Seed::Scale(scale) => {
            super::say!(
                "done: {} people and what is theirs; user1@example.com and staff1@example.com, password {PASSWORD}",
                scale * 1000
            );
        }
    }
    database.close().await
}

/// Who can sign in to the demo data.
pub(super) fn print_sign_ins() {
    super::say!("Demo sign-ins, all with the password {PASSWORD}:");
    for (email, what) in DEMO_PEOPLE {
        super::say!("  {email:22} {what}");
    }
}
