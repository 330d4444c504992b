//! The run's row, and its lists.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl as _;

use crate::db::client::Client as Database;
use crate::db::list::{Ending, Fragment, InScope};
use crate::db::schema::job_runs;
use crate::db::statement::Statement;
use crate::error::Result;
use crate::id::JobRunId;
use crate::page::{Listed, Newest};
use crate::scalar::Instant;
use crate::viewer::{Permission, Scope, Viewer};
use crate::{by_id, column, row, text_enum};

text_enum! {
    /// What became of a run.
    JobRunStatus {
        /// It runs.
        Running = "running",
        /// It came to its end; single rows may have failed.
        Succeeded = "succeeded",
        /// It did not.
        Failed = "failed",
    }
}

row! {
    /// One run of something on a clock.
    JobRun of job_runs {
        id: JobRunId,
        job: String,
        status: JobRunStatus,
        started_at: Instant,
        finished_at: Option<Instant>,
        done: i32,
        failed: i32,
        error: Option<String>,
    }
}

by_id! { JobRun by JobRunId in job_runs }

/// What narrows the list of runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct JobRunFilter {
    pub(super) job: Option<String>,
    pub(super) status: Option<Vec<JobRunStatus>>,
}

impl JobRun {
    /// The runs that `viewer` may see: all of them, or none.
    #[must_use]
    pub fn visible_to(viewer: &Viewer) -> job_runs::BoxedQuery<'static, Pg> {
        let scope = if viewer.can(Permission::SystemRead) { Scope::All } else { Scope::Nothing };
        job_runs::table.into_boxed().filter(InScope(column!(job_runs.id), scope))
    }

    /// Forgets runs that began more than 30 days ago. How many there were.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn forget_old(conn: &Database) -> Result<i64> {
        let statement = Statement::<()>::new(
            "DELETE FROM job_runs WHERE started_at <= app.now() - interval '30 days' AND status <> 'running'",
            vec![],
        );
        Ok(i64::try_from(statement.execute(&mut &*conn).await?).unwrap_or(i64::MAX))
    }
}

impl Listed for JobRun {
    type Order = Newest;
    type Filter = JobRunFilter;

    fn newest() -> Newest {
        Newest(column!(job_runs.started_at))
    }

    fn query(viewer: &Viewer, filter: &JobRunFilter, mut ending: Ending) -> Fragment {
        let mut query = Self::visible_to(viewer);
        if let Some(job) = &filter.job {
            query = query.filter(job_runs::job.eq(job.clone()));
        }
        if let Some(status) = ending.any_of(column!(job_runs.status), filter.status.as_ref()) {
            query = query.filter(status);
        }
        ending.finish(query)
    }
}
