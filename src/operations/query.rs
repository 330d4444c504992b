//! Asking for what the program did by itself.

use super::run::{JobRun, JobRunArguments};
use crate::entity;

/// The queries of this room.
#[derive(Default)]
pub struct OperationsQuery;

entity! {
    /// Asking for what the program did by itself.
    OperationsQuery {
        /// The runs of what runs on a clock, newest first. Null without the permission.
        job_runs = page[JobRun, JobRunArguments], needs SystemRead;
    }
}
