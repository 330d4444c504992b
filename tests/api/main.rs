//! The tests of the API, in one binary: the real router over a real PostgreSQL.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::doc_markdown,
    reason = "a test that panics has told what is wrong"
)]
#![allow(missing_docs, dead_code, clippy::allow_attributes, reason = "the harness is for tests to come, too")]

mod harness;
mod smoke;
