//! People, as clients see them.

mod actor;
mod role;
mod session;
mod user;

pub use role::RoleUserConnection;
