//! What is kept of a change, in its own transaction: what happened ([`audit`]), what has to leave the database because
//! of it ([`outbox`]), and what was answered to it ([`idempotency`]).

pub mod audit;
pub mod idempotency;
pub mod outbox;
