//! The database of a scale: made once by the program that is measured, and kept.

use crate::cluster::Cluster;
use crate::program::Program;
use crate::{Failure, progress};

/// A database gets its own name when it is complete.
const DRAFT: &str = "draft";
/// Who administers: the seed makes no administrator, only staff.
pub const ADMINISTRATOR: &str = "staff1";

/// The name of a database with the program's schema and data of this scale; makes it when there is none.
///
/// The name also tells the schema, as the program's own migrations make it: programs with different ones can be
/// measured in turns, each on data of its own.
pub fn prepare(cluster: &Cluster, program: &Program, scale: u32) -> Result<String, Failure> {
    let server = cluster.sql("postgres")?;
    server.run(&format!("DROP DATABASE IF EXISTS {DRAFT} WITH (FORCE)"))?;
    server.run(&format!("CREATE DATABASE {DRAFT} OWNER skypanel_owner"))?;
    program.run(cluster, DRAFT, &["migrate", "run"])?;
    let schema = cluster.sql(DRAFT)?.value(include_str!("fingerprint.sql"))?;
    let name = format!("scale_{scale}_{schema}");
    let there = server.column(&format!("SELECT 1 FROM pg_database WHERE datname = '{name}'"))?;
    if there.is_empty() {
        progress!("seeding scale {scale}, which is done once for this schema");
        fill(cluster, program, scale)?;
        server.run(&format!("ALTER DATABASE {DRAFT} RENAME TO {name}"))?;
    } else {
        server.run(&format!("DROP DATABASE {DRAFT} WITH (FORCE)"))?;
    }
    // What a look at the plans has set, in a run that was cut off.
    server.run(&format!("ALTER DATABASE {name} RESET ALL"))?;
    Ok(name)
}

fn fill(cluster: &Cluster, program: &Program, scale: u32) -> Result<(), Failure> {
    program.run(cluster, DRAFT, &["seed", "--scale", &scale.to_string()])?;
    let sql = cluster.sql(DRAFT)?;
    sql.run(&format!(
        "INSERT INTO user_roles (user_id, role_id) SELECT users.id, roles.id FROM users, roles \
         WHERE users.username = '{ADMINISTRATOR}' AND roles.name = 'admin'"
    ))?;
    // Otherwise this would go on behind the first measurements. A page whose commits are not yet on the disk, as
    // nobody waits for that here, is not marked as visible to all.
    sql.run("CHECKPOINT")?;
    sql.run("VACUUM (FREEZE, ANALYZE)")?;
    sql.run("CHECKPOINT")
}
