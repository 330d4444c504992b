//! The runs of jobs.

mod arguments;
mod object;
mod row;

pub use arguments::JobRunArguments;
pub use row::JobRun;
