//! Roles, and who holds them.

mod member;
mod members;
mod object;
mod row;

pub use row::{AllRoles, Held, Role, RolesOf};
