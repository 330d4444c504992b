//! The run, as clients see it.

use super::row::JobRun;
use crate::entity;

entity! {
    /// One run of something on a clock.
    JobRun: Node {
        /// The run's id.
        id;
        /// What ran.
        job;
        /// What became of it.
        status;
        /// When it began.
        started_at;
        /// When it ended. Null while it runs.
        finished_at;
        /// Rows that were handled.
        done;
        /// Rows that failed and were passed over.
        failed;
        /// What ended it, or what became of the last row that failed. Null when all went well.
        error;
    }
}
