//! What a mutation answers beside its subject, and what a viewer may do next.

use async_graphql::parser::types::Field;
use async_graphql::registry::Registry;
use async_graphql::{ContextSelectionSet, Enum, ID, OutputType, Positioned, ServerResult, SimpleObject, Value};
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

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
    pub transition: Option<Box<RefusedTransition>>,
}

impl UserError {
    /// An outcome that concerns the whole input.
    pub fn new(code: UserErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), field: None, transition: None }
    }

    /// The same at a field of the input.
    #[must_use]
    pub fn at(self, field: &str) -> Self {
        Self { field: Some(vec![field.to_owned()]), ..self }
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
    /// The viewer lacks a permission; only in `AllowedAction`.
    PermissionRequired,
    /// The password has to be entered again; only in `AllowedAction`.
    ReauthRequired,
}

/// What kind of thing a change set off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsequenceKind {
    /// A mail.
    Mail,
    /// Something done to a server.
    ServerAction,
    /// A session that ended.
    SessionEnded,
    /// An invoice.
    Invoice,
    /// A movement of money.
    Transaction,
    /// A ticket.
    Ticket,
    /// The state of something else.
    State,
}

/// What a change set off beside its subject; with `dryRun`, what it would set off.
#[derive(Debug, Clone, SimpleObject, Serialize, Deserialize)]
pub struct Consequence {
    /// What kind of thing it is.
    pub kind: ConsequenceKind,
    /// What it concerns. Null for those who may not see it.
    pub subject: Option<Anything>,
    /// One sentence, for people.
    pub summary: String,
}

/// Anything that can be fetched by its id: the interface `Node`, which the rooms' types are members of, and which only
/// the schema above them knows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Anything(pub String);

/// How the schema finds anything by its id.
pub struct Finder(
    pub for<'a> fn(&'a ID, &'a ContextSelectionSet<'a>, &'a Positioned<Field>) -> BoxFuture<'a, ServerResult<Value>>,
);

impl OutputType for Anything {
    fn type_name() -> std::borrow::Cow<'static, str> {
        "Node".into()
    }

    fn create_type_info(_: &mut Registry) -> String {
        "Node!".into()
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        ctx.data_unchecked::<Finder>().0(&ID(self.0.clone()), ctx, field).await
    }
}

/// What the viewer may do with an entity now, computed from the same tables that enforce it.
#[derive(Debug, Clone)]
pub struct AllowedAction {
    action: String,
    allowed: bool,
    code: Option<UserErrorCode>,
    reason: Option<String>,
    required_permission: Option<String>,
}

entity! {
    /// What the viewer may do with an entity now, computed from the same tables that enforce it.
    AllowedAction {
        /// The name of the mutation.
        action;
        /// Whether it would do something now.
        allowed;
        /// Why not, for programs. Null when allowed.
        code;
        /// Why not, for people: a state, a missing permission, a lock. Null when allowed.
        reason;
        /// The permission that it needs. Null when it needs none.
        required_permission;
    }
}

impl AllowedAction {
    /// An action by its name, the permission that it needs, and why it would not be let through.
    #[must_use]
    pub fn new(action: &str, requires: Option<Requires>, refused: Option<(UserErrorCode, String)>) -> Self {
        let (code, reason) = refused.unzip();
        Self {
            action: action.to_owned(),
            allowed: code.is_none(),
            code,
            reason,
            required_permission: requires.map(|requires| requires.permission.name().to_owned()),
        }
    }

    /// The same, refused where it would have been let through.
    #[must_use]
    pub fn or_refused(self, (code, reason): (UserErrorCode, String)) -> Self {
        if !self.allowed {
            return self;
        }
        Self { allowed: false, code: Some(code), reason: Some(reason), ..self }
    }

    /// Whether it would do something now.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        self.allowed
    }

    /// Whether it is the action of this name.
    #[must_use]
    pub fn is(&self, action: &str) -> bool {
        self.action == action
    }

    /// Its name.
    #[must_use]
    pub fn into_action(self) -> String {
        self.action
    }

    /// An action that depends on a permission alone.
    #[must_use]
    pub fn by_permission(action: &str, viewer: &Viewer, requires: Requires, owner: crate::id::UserId) -> Self {
        Self::new(action, Some(requires), lacks(viewer, requires, owner))
    }
}

/// The permission that a viewer lacks for something of this owner's.
#[must_use]
pub fn lacks(viewer: &Viewer, requires: Requires, owner: crate::id::UserId) -> Option<(UserErrorCode, String)> {
    let name = requires.permission.name();
    let lacks = viewer.check_for(requires, owner).is_err();
    lacks.then(|| (UserErrorCode::PermissionRequired, format!("You need the permission `{name}` for this.")))
}

impl crate::leaf::Leaf for UserErrorCode {
    fn declare(registry: &mut Registry) -> String {
        <Self as OutputType>::create_type_info(registry)
    }

    fn write(&self, out: &mut Vec<u8>) {
        if let Value::Enum(name) = self.value() {
            crate::json::text(out, &name);
        }
    }

    fn value(&self) -> Value {
        async_graphql::resolver_utils::enum_value(*self)
    }
}
