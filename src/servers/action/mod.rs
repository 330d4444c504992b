//! What is done to servers.

mod object;
mod row;

pub use row::{CurrentActionOf, ServerAction};
