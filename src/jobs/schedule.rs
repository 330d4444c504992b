//! Running jobs when they are due, and noticing those that die.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::ID;
use futures_util::future::{FutureExt as _, join_all};
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

use super::lease::{self, AT_MOST};
use super::{JOBS, Job};
use crate::command::{Tally, Turn, told};
use crate::db::pool::Pool;
use crate::error::Result;
use crate::post::Post;

/// How often it is looked, at the least, whether a job is due.
const LOOK: Duration = Duration::from_mins(1);

/// What became of a run: what came of it, or why it ended.
pub type Ended = Result<Tally, String>;

/// Runs every job when it is due, for ever.
pub async fn schedule(pool: Pool, post: Arc<Post>) {
    join_all(JOBS.iter().map(|job| tend(job, &pool, &post))).await;
}

async fn tend(job: &Job, pool: &Pool, post: &Arc<Post>) {
    let mut ticks = interval_at(Instant::now() + job.every, job.every.min(LOOK));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let turn = Turn { pool: pool.clone(), at: None, is_dry: false, name: String::new(), post: Arc::clone(post) };
        match attempt(job, turn, false).await {
            Ok(None) => {}
            Ok(Some(Ok(tally))) => tracing::debug!(job = job.name, done = tally.done, failed = tally.failed, "ran"),
            Ok(Some(Err(why))) => tracing::error!(job = job.name, why, "a job failed; it is tried again"),
            Err(error) => {
                tracing::warn!(job = job.name, cause = ?error.cause(), "a job did not run; it is tried again");
            }
        }
    }
}

/// Runs a job unless somebody is at it or, unless it is `forced`, it is not due: `None` then. A rehearsal asks nobody and
/// leaves nothing.
///
/// # Errors
/// When the database cannot be used to take the job, or to note what became of it.
pub async fn attempt(job: &Job, mut turn: Turn, forced: bool) -> Result<Option<Ended>> {
    if turn.is_dry {
        return Ok(Some(watched(job, &turn).await));
    }
    let Some(run) = lease::take(&turn.pool, job, forced).await? else { return Ok(None) };
    turn.name = ID::from(run).0;
    let ended = watched(job, &turn).await;
    lease::give_back(&turn.pool, job, run, &ended).await?;
    Ok(Some(ended))
}

/// Does a job's work. One that panics or hangs has failed like any other, and takes nobody along.
async fn watched(job: &Job, turn: &Turn) -> Ended {
    match timeout(AT_MOST, AssertUnwindSafe((job.work)(turn)).catch_unwind()).await {
        Ok(Ok(Ok(tally))) => Ok(tally),
        Ok(Ok(Err(error))) => Err(told(&error)),
        Ok(Err(panic)) => Err(format!("It died: {}", said(&*panic))),
        Err(_) => Err(format!("It took longer than {} seconds.", AT_MOST.as_secs())),
    }
}

/// What a panic said, as far as it is a text.
fn said(panic: &(dyn Any + Send)) -> String {
    let literal = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    literal.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default().chars().take(400).collect()
}
