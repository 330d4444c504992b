//! What runs on a clock.
//!
//! A [`Job`] is a function of what the database holds and of the time, which it may be told (`skypanel jobs run NAME
//! --at T`). [`schedule()`] runs each when it is due, on however many instances: a row of the table `jobs` is leased
//! to one of them. Every run leaves a row in `job_runs`, whatever becomes of it. A job works row by row, in a
//! transaction each, and passes over what fails.

mod activity;
mod lease;
mod schedule;

use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt as _};

pub use activity::{flush, flush_activity};
pub use schedule::{Ended, attempt, schedule};

use crate::command::{Tally, Timely, Turn, pass};
use crate::error::Result;
use crate::identity::Session;
use crate::journal::idempotency;
use crate::operations::{JobRun, send_mails};
use crate::support::{CloseResolved, ResolveSilent, WarnOfSilence};

/// Something that runs on a clock.
pub struct Job {
    /// Its name, for people who run it by hand.
    pub name: &'static str,
    /// What it does.
    pub about: &'static str,
    /// How often it runs. Not at the start of the program, when there is enough to do.
    pub every: Duration,
    /// Does it.
    pub work: for<'a> fn(&'a Turn) -> BoxFuture<'a, Result<Tally>>,
}

const AT_ONCE: Duration = Duration::from_secs(5);
const OFTEN: Duration = Duration::from_mins(10);
const DAILY: Duration = Duration::from_hours(24);

/// All of them.
pub static JOBS: [Job; 7] = [
    Job { name: "send_mails", about: "writes and sends mails", every: AT_ONCE, work: |turn| send_mails(turn).boxed() },
    Job {
        name: "end_sessions",
        about: "deletes sessions that have ended",
        every: OFTEN,
        work: |turn| end_sessions(turn).boxed(),
    },
    Job {
        name: "forget_keys",
        about: "deletes answers under idempotency keys, after 24 hours",
        every: OFTEN,
        work: |turn| forget_keys(turn).boxed(),
    },
    Job {
        name: "forget_runs",
        about: "deletes runs of jobs, after 30 days",
        every: DAILY,
        work: |turn| forget_runs(turn).boxed(),
    },
    timely::<WarnOfSilence>("warn_of_silence", "warns customers who have not answered for 5 days"),
    timely::<ResolveSilent>("resolve_silent", "settles tickets whose customers have not answered for 7 days"),
    timely::<CloseResolved>("close_resolved", "closes tickets that were settled 72 hours ago"),
];

const fn timely<T: Timely>(name: &'static str, about: &'static str) -> Job {
    Job { name, about, every: OFTEN, work: |turn| pass::<T>(turn).boxed() }
}

/// The job of this name.
#[must_use]
pub fn job(name: &str) -> Option<&'static Job> {
    JOBS.iter().find(|job| job.name == name)
}

async fn end_sessions(turn: &Turn) -> Result<Tally> {
    let unit = turn.unit().await?;
    let deleted = Session::delete_ended(unit.conn()).await?;
    turn.end(unit).await?;
    Ok(Tally::of(deleted))
}

async fn forget_keys(turn: &Turn) -> Result<Tally> {
    let unit = turn.unit().await?;
    let deleted = idempotency::forget_old(unit.conn()).await?;
    turn.end(unit).await?;
    Ok(Tally::of(deleted))
}

async fn forget_runs(turn: &Turn) -> Result<Tally> {
    let unit = turn.unit().await?;
    let deleted = JobRun::forget_old(unit.conn()).await?;
    turn.end(unit).await?;
    Ok(Tally::of(deleted))
}
