//! What the program does by itself: the runs of its jobs, and its mails.
//!
//! All of it is for those who look after the program, by `system:read`; nothing of it is anybody's own.

mod mail;
mod mutation;
mod query;
mod run;

pub use mail::{Mail, send_mails};
pub use mutation::OperationsMutation;
pub use query::OperationsQuery;
pub use run::JobRun;
