//! What the program does by itself: the runs of its jobs.
//!
//! All of it is for those who look after the program, by `system:read`; nothing of it is anybody's own.

mod query;
mod run;

pub use query::OperationsQuery;
pub use run::JobRun;
