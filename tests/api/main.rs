//! The tests of the API, in one binary: the real router over a real PostgreSQL.
#![allow(
    clippy::allow_attributes,
    clippy::doc_markdown,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    dead_code,
    missing_docs,
    reason = "a test that panics has told what is wrong; the harness is for tests to come, too"
)]

mod access;
mod cancellation;
mod contract;
mod differential;
mod documents;
mod embedded;
mod errors;
mod filters;
mod guards;
mod harness;
mod input;
mod isolation;
mod logs;
mod migrations;
mod outages;
mod paging;
mod plans;
mod refusals;
mod rows;
mod scoping;
mod sessions;
mod smoke;
mod starts;
mod statements;
mod stops;
mod strings;
mod visibility;
