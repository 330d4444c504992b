//! The session.

mod object;
mod row;

pub use row::{Credentials, Session};
