//! Roles, as clients see them.

use std::sync::Arc;

use super::members::Members;
use super::row::{Held, Role, names};
use crate::entity;
use crate::entity::{inner, value};

entity! {
    /// A named set of permissions. Names are `resource:action` (any row), `resource:action:own` (own rows) or `*`.
    Role: Node {
        /// The role's id.
        id;
        /// Counts the changes of the row; give it back as `expectedRevision`.
        revision;
        /// What the role is called.
        name;
        /// What it is for. Null when nobody said.
        description;
        /// Given to every new account. Exactly one role is the default.
        is_default;
        /// The names that it grants, sorted.
        permissions = value[permissions => names(permissions)];
        /// When the role was made.
        created_at;
        /// When the role last changed.
        updated_at;
        /// Who holds it, the latest first. Null without the permission.
        users = custom[Members], needs UserRead;
    }
}

/// A role that somebody holds.
type RoleAssignment = Held;

entity! {
    /// A role that somebody holds.
    RoleAssignment {
        /// The role.
        role = inner[role => Arc::clone(role)];
        /// When it was given.
        assigned_at;
    }
}
