//! Asking for people, roles and permissions.

use super::role::AllRoles;
use super::user::{User, UserArguments};
use crate::entity;
use crate::entity::{each, edge, parts};
use crate::id::{RoleId, UserId};
use crate::viewer::Permission;

/// One permission that exists, for building a role editor.
pub struct PermissionInfo {
    name: String,
    description: String,
    ownable: bool,
}

entity! {
    /// One permission that exists, for building a role editor.
    PermissionInfo {
        /// `resource:action`.
        name;
        /// What it allows.
        description;
        /// Whether the `:own` form exists too.
        ownable;
    }
}

/// The queries of this room.
#[derive(Default)]
pub struct IdentityQuery;

entity! {
    /// Asking for people, roles and permissions.
    IdentityQuery {
        /// Who asks. Null without a session.
        viewer = edge[; viewer => viewer.user()];
        /// One account. Null when there is none with this id, or when the viewer may not know it.
        user = find[UserId, "The account."], needs own UserRead;
        /// All accounts, newest first. Null without the permission.
        users = page[User, UserArguments], needs UserRead;
        /// One role. Null when there is none with this id.
        role = find[RoleId, "The role."], needs RoleRead;
        /// All roles, by name, of which there are at most 100. Null without the permission.
        roles = each[ => AllRoles; ; roles => roles.map(|roles| roles.to_vec()).unwrap_or_default()], needs RoleRead;
        /// The permissions that exist. Null without the permission.
        permissions = parts[ => Permission::ALL.iter().copied().map(info).collect()], needs RoleRead;
    }
}

fn info(permission: Permission) -> PermissionInfo {
    PermissionInfo {
        name: permission.name().to_owned(),
        description: permission.description().to_owned(),
        ownable: permission.is_ownable(),
    }
}
