//! Roles, and who holds them.

mod assign;
mod change;
mod member;
mod members;
mod object;
mod row;

pub(super) use assign::give;
pub use assign::{AssignRoleInput, UnassignRoleInput};
pub(super) use change::default_role;
pub use change::{CreateRoleInput, DeleteRoleInput, UpdateRoleInput};
pub use row::{AllRoles, Held, Role, RolesOf};
