//! Asking for what the program did by itself.

use super::mail::{Mail, MailArguments};
use super::run::{JobRun, JobRunArguments};
use crate::entity;

/// The queries of this room.
#[derive(Default)]
pub struct OperationsQuery;

entity! {
    /// Asking for what the program did by itself.
    OperationsQuery {
        /// The mails that the system wrote, newest first. Null without the permission.
        mails = page[Mail, MailArguments], needs SystemRead;
        /// The runs of what runs on a clock, newest first. Null without the permission.
        job_runs = page[JobRun, JobRunArguments], needs SystemRead;
    }
}
