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

mod abandoned;
mod access;
mod admin_door;
mod cancellation;
mod canned_replies;
mod changes;
mod connections;
mod contract;
mod currencies;
mod cuts;
mod definers;
mod departments;
mod differential;
mod documents;
mod embedded;
mod errors;
mod failures;
mod filters;
mod guards;
mod harness;
mod input;
mod inspection;
mod isolation;
mod jobs;
mod large;
mod levels;
mod lines;
mod logs;
mod mail;
mod merged_tickets;
mod migrations;
mod neighbours;
mod opened_tickets;
mod outages;
mod paging;
mod people;
mod plans;
mod prepared;
mod refusals;
mod rows;
mod scoping;
mod session_life;
mod sessions;
mod smoke;
mod starts;
mod statements;
mod stops;
mod strings;
mod ticket_life;
mod turns;
mod user_life;
mod values;
mod visibility;
mod way_in;
