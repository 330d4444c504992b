//! What a client can narrow runs by.

use async_graphql::Context;
use async_graphql::registry::{MetaInputValue, Registry};

use super::row::{JobRun, JobRunFilter, JobRunStatus};
use crate::error::Result;
use crate::page::{Listed as _, Narrow, Narrowed, argument};
use crate::scalar::{Undecoded, any_of, decode, exact};
use crate::viewer::Viewer;

/// The arguments `job` and `status`.
pub struct JobRunArguments;

impl Narrow<JobRun> for JobRunArguments {
    fn declare(registry: &mut Registry) -> Vec<MetaInputValue> {
        vec![
            argument::<Option<String>>(registry, "job", "Runs of this job."),
            argument::<Option<Vec<JobRunStatus>>>(registry, "status", "Any of these."),
        ]
    }

    fn read(ctx: &Context<'_>, _: &Viewer) -> Result<Narrowed<JobRun>> {
        let job = ctx.param_value::<Option<Undecoded<String>>>("job", None).ok().and_then(|(_, given)| given);
        let status =
            ctx.param_value::<Option<Undecoded<Vec<JobRunStatus>>>>("status", None).ok().and_then(|(_, given)| given);
        let filter = JobRunFilter {
            job: exact(decode(job, "job")?, "job")?,
            status: any_of(decode(status, "status")?, "status")?,
        };
        Ok(Narrowed { filter, order: JobRun::newest(), descends: true })
    }
}
