//! Who runs a job: a row each, leased to one instance for a while. Whatever becomes of that instance, another one has
//! the job soon after.

use std::time::Duration;

use diesel::OptionalExtension as _;
use diesel::sql_types::Text;
use diesel_async::RunQueryDsl as _;

use super::Job;
use crate::command::Tally;
use crate::db::pool::Pool;
use crate::db::statement::{Bind, Statement};
use crate::db::unit::Unit;
use crate::error::Result;
use crate::id::JobRunId;

/// How long a job is leased. A run ends before.
const SECONDS: i32 = 300;

/// How long a run may take, so that nobody else is at the job before it has ended.
pub const AT_MOST: Duration = Duration::from_secs(280);

/// Takes a job, and notes that a run of it began. `None`: somebody is at it, or, unless it is `forced`, it is not due.
///
/// # Errors
/// What the database answers.
pub async fn take(pool: &Pool, job: &Job, forced: bool) -> Result<Option<JobRunId>> {
    let unit = Unit::worker(pool).await?;
    // A little less than its time: whoever looks once in that time should find it due.
    let every = i32::try_from(job.every.as_secs() * 9 / 10).unwrap_or(i32::MAX);
    let taken = Statement::<Text>::new(
        "INSERT INTO jobs AS job (name, due_at, leased_until) \
         VALUES (?, now() + ? * interval '1 second', now() + ? * interval '1 second') \
         ON CONFLICT (name) DO UPDATE SET due_at = excluded.due_at, leased_until = excluded.leased_until \
         WHERE (job.due_at <= now() OR ?) AND coalesce(job.leased_until <= now(), true) RETURNING name",
        vec![Bind::text(job.name), Bind::Int(every), Bind::Int(SECONDS), Bind::Bool(forced)],
    );
    let taken: Option<String> = taken.get_result(&mut unit.conn()).await.optional()?;
    if taken.is_none() {
        unit.rollback().await?;
        return Ok(None);
    }
    let cut_off = Statement::<()>::new(
        "UPDATE job_runs SET status = 'failed', finished_at = now(), error = 'It was cut off.' \
         WHERE job = ? AND status = 'running'",
        vec![Bind::text(job.name)],
    );
    if cut_off.execute(&mut unit.conn()).await? > 0 {
        tracing::warn!(job = job.name, "its last run was cut off");
    }
    let id = JobRunId::fresh();
    let begun = Statement::<()>::new(
        "INSERT INTO job_runs (id, job, status) VALUES (?, ?, 'running')",
        vec![Bind::Uuid(id.0), Bind::text(job.name)],
    );
    begun.execute(&mut unit.conn()).await?;
    unit.commit().await?;
    Ok(Some(id))
}

/// Notes what came of a run, and gives the job back. A job that runs every few seconds leaves nothing of a run without
/// anything to do.
///
/// # Errors
/// What the database answers.
pub async fn give_back(pool: &Pool, job: &Job, run: JobRunId, outcome: &Result<Tally, String>) -> Result<()> {
    let unit = Unit::worker(pool).await?;
    let (status, tally) = match outcome {
        Ok(tally) => ("succeeded", tally.clone()),
        Err(why) => ("failed", Tally { error: Some(why.clone()), ..Tally::default() }),
    };
    let ended = if outcome.as_ref().is_ok_and(Tally::is_idle) && job.every < Duration::from_mins(1) {
        Statement::<()>::new("DELETE FROM job_runs WHERE id = ?", vec![Bind::Uuid(run.0)])
    } else {
        Statement::<()>::new(
            "UPDATE job_runs SET status = ?, finished_at = clock_timestamp(), done = ?, failed = ?, error = ? WHERE id = ?",
            vec![
                Bind::text(status),
                Bind::Int(tally.done),
                Bind::Int(tally.failed),
                Bind::Text(tally.error),
                Bind::Uuid(run.0),
            ],
        )
    };
    ended.execute(&mut unit.conn()).await?;
    let free = Statement::<()>::new("UPDATE jobs SET leased_until = NULL WHERE name = ?", vec![Bind::text(job.name)]);
    free.execute(&mut unit.conn()).await?;
    unit.commit().await
}
