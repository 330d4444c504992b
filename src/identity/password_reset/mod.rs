//! Requests to set a new password.

mod object;
mod row;

pub use row::PasswordReset;
