//! `skypanel jobs`.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};

use super::database::{Database, DatabaseArgs};
use super::logging::{self, LogFormat};
use super::mail::MailArgs;
use super::stop::Stop;
use super::{Failure, Output, prepare};
use crate::command::{Tally, Turn};
use crate::db::pool::Pool;
use crate::jobs::{self, JOBS, Job};

/// What to do with what runs on a clock.
#[derive(Debug, Args)]
pub struct JobsArgs {
    #[command(subcommand)]
    action: JobsAction,
}

#[derive(Debug, Subcommand)]
enum JobsAction {
    /// Name the jobs, and what each does
    List,
    /// Run a job now, unless it runs already
    Run(Box<RunArgs>),
}

#[derive(Debug, Args)]
struct RunArgs {
    /// Its name: `skypanel jobs list` tells them
    name: String,
    /// As if it were another time: 2027-01-31T08:00:00Z
    #[arg(long, value_name = "TIME")]
    at: Option<DateTime<Utc>>,
    /// Undo everything, and tell what would be done
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    mail: MailArgs,
    #[command(flatten)]
    database: DatabaseArgs,
}

pub(super) async fn run(args: JobsArgs, stderr: &Output) -> Result<(), Failure> {
    logging::start(stderr, LogFormat::Text, "warn");
    match args.action {
        JobsAction::List => {
            for Job { name, about, every, .. } in &JOBS {
                super::say!("{name:18} {about}; every {} s", every.as_secs());
            }
            Ok(())
        }
        JobsAction::Run(args) => {
            let job = jobs::job(&args.name)
                .ok_or_else(|| format!("There is no job {}: `skypanel jobs list` names them.", args.name))?;
            let stop = Stop::listen()?;
            let database = args.database.clone().open(&stop).await?;
            let told = async {
                stop.asked().await;
                Err("Told to end: the row that was at hand is as it was.".into())
            };
            database.during(told, async |database| Ok(run_now(job, &args, database).await)).await?
        }
    }
}

async fn run_now(job: &Job, args: &RunArgs, database: &Database) -> Result<(), Failure> {
    let pool = Pool::new(&database.pool_url, &super::serve::pool_settings(1))?;
    let post = Arc::new(args.mail.post(&database.dir)?);
    let turn = Turn { pool, at: args.at, is_dry: args.dry_run, name: "dry run".into(), post };
    let ended = jobs::attempt(job, turn, true).await.map_err(|error| prepare::unusable(&error))?;
    let Some(ended) = ended else { return Err("It runs already, by another instance.".into()) };
    let Tally { done, failed, error } = ended?;
    super::say!("{}: {done} done, {failed} failed", if args.dry_run { "would be" } else { job.name });
    error.map_or(Ok(()), |error| Err(error.into()))
}
