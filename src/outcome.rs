//! What a mutation answers beside its subject, and what a viewer may do next.

use async_graphql::{Enum, SimpleObject};

use crate::entity;
use crate::viewer::{Requires, Viewer};

/// An outcome that a form shows beside a field. Everything else is a top-level error with `extensions.code`.
#[derive(Debug, Clone, SimpleObject)]
pub struct UserError {
    /// What went wrong, for programs.
    pub code: UserErrorCode,
    /// What went wrong, for people.
    pub message: String,
    /// The path into the mutation's `input`, for example `["email"]`. Null when it concerns the whole input.
    pub field: Option<Vec<String>>,
    /// Set with `INVALID_TRANSITION`, else null.
    pub transition: Option<RefusedTransition>,
}

impl UserError {
    /// An outcome that concerns the whole input.
    pub fn new(code: UserErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), field: None, transition: None }
    }
}

/// What was asked of an entity in a state that does not allow it.
#[derive(Debug, Clone, SimpleObject)]
pub struct RefusedTransition {
    /// The state it is in.
    pub from: String,
    /// What was asked of it: the name of the mutation.
    pub event: String,
    /// What could be asked of it instead.
    pub allowed: Vec<String>,
}

/// What a form shows. New values may come: keep a default branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum UserErrorCode {
    /// The value does not fit.
    Invalid,
    /// Somebody else has it.
    Taken,
    /// Too short.
    TooShort,
    /// Too long.
    TooLong,
    /// The password is too weak.
    PasswordPolicy,
    /// The name or the password is wrong, or the account may not sign in.
    WrongCredentials,
    /// The token is wrong, used or too old.
    TokenInvalid,
    /// An id in the input leads nowhere.
    NotFound,
    /// The entity's state does not allow it.
    InvalidTransition,
    /// Another action is still running.
    Locked,
    /// The row has moved on since the form was filled.
    Conflict,
    /// A limit is reached.
    LimitReached,
    /// More money than there is to move.
    AmountExceeded,
    /// The currencies differ.
    CurrencyMismatch,
    /// More permissions than the viewer holds.
    PermissionExceeded,
    /// The last administrator has to stay one.
    LastAdministrator,
    /// The provider of the servers failed.
    ProviderFailed,
    /// The account is not active.
    AccountNotActive,
    /// The e-mail address is not verified.
    EmailNotVerified,
    /// Not enough credit.
    InsufficientFunds,
    /// Not to be had now.
    Unavailable,
    /// The server is protected.
    Protected,
    /// Something still uses it.
    InUse,
    /// Something is still owed.
    Outstanding,
    /// Too old.
    Expired,
    /// Not on oneself.
    NotAllowedOnSelf,
    /// Not for this one.
    NotEligible,
    /// A second person has to approve.
    ApprovalRequired,
}

/// What the viewer may do with an entity now, computed from the same tables that enforce it.
#[derive(Debug, Clone)]
pub struct AllowedAction {
    action: String,
    allowed: bool,
    reason: Option<String>,
    required_permission: Option<String>,
}

entity! {
    /// What the viewer may do with an entity now, computed from the same tables that enforce it.
    AllowedAction {
        /// The name of the mutation.
        action;
        /// Whether it would be let through now.
        allowed;
        /// Why not: a state, a missing permission, a lock. Null when allowed.
        reason;
        /// The permission that it needs. Null when it needs none.
        required_permission;
    }
}

impl AllowedAction {
    /// An action that depends on a permission alone.
    #[must_use]
    pub fn by_permission(action: &str, viewer: &Viewer, requires: Requires, owner: crate::id::UserId) -> Self {
        let allowed = viewer.check_for(requires, owner).is_ok();
        let name = requires.permission.name();
        Self {
            action: action.to_owned(),
            allowed,
            reason: (!allowed).then(|| format!("You need the permission `{name}` for this.")),
            required_permission: Some(name.to_owned()),
        }
    }
}
