//! Who asks, from where, and what they may do.
//!
//! A permission is `resource:action` (any row), `resource:action:own` (rows that the viewer owns) or
//! `*` (all of it). Holding `x` is holding `x:own`. The set is read from the database at every
//! request, never from the token.

mod held;

use std::net::IpAddr;

pub use held::Permissions;

use crate::error::{Error, Result};
use crate::id::{SessionId, UserId};

/// Declares the permissions that exist: a name without a field behind it is not in the list.
macro_rules! permissions {
    ($($name:ident = $text:literal, $own:literal, $description:literal;)*) => {
        /// A permission that a field asks for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Permission { $(#[doc = $description] $name,)* }

        impl Permission {
            /// Every permission, in the order of the documentation.
            pub const ALL: &'static [Permission] = &[$(Permission::$name,)*];

            /// The name on any row: `resource:action`.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The name on the viewer's own rows: `resource:action:own`.
            #[must_use]
            pub fn own_name(self) -> &'static str {
                match self { $(Self::$name => concat!($text, ":own"),)* }
            }

            /// What it allows, for a role editor.
            #[must_use]
            pub fn description(self) -> &'static str {
                match self { $(Self::$name => $description,)* }
            }

            /// Whether a role can hold the `:own` form.
            #[must_use]
            pub fn is_ownable(self) -> bool {
                match self { $(Self::$name => $own,)* }
            }

            /// Whether a role can hold something of this name.
            #[must_use]
            pub fn is_known(name: &str) -> bool {
                let is = |one: &Self| one.name() == name || (one.is_ownable() && one.own_name() == name);
                name == "*" || Self::ALL.iter().any(is)
            }
        }
    };
}

permissions! {
    UserRead = "user:read", true, "See accounts.";
    UserCreate = "user:create", false, "Make accounts.";
    UserUpdate = "user:update", true, "Change accounts, and confirm addresses.";
    UserSuspend = "user:suspend", false, "Suspend accounts, and take that back.";
    UserClose = "user:close", true, "Close accounts, and open them again.";
    UserResetCredentials = "user:reset_credentials", false, "See and send password resets.";
    SessionRead = "session:read", true, "See signed-in devices.";
    SessionRevoke = "session:revoke", true, "Sign devices out.";
    RoleRead = "role:read", false, "See roles and the permissions that exist.";
    RoleCreate = "role:create", false, "Make roles.";
    RoleUpdate = "role:update", false, "Change roles: what they grant, and which one is the default.";
    RoleDelete = "role:delete", false, "Delete roles that nobody holds.";
    RoleAssign = "role:assign", false, "Give roles to people, and take them away.";
    PackageRead = "package:read", false, "See packages that are not on sale.";
    ServerRead = "server:read", true, "See servers.";
    InvoiceRead = "invoice:read", true, "See invoices.";
    TransactionRead = "transaction:read", true, "See transactions.";
    CreditRead = "credit:read", true, "See prepaid balances.";
    TicketRead = "ticket:read", true, "See tickets and their messages.";
    TicketUpdate = "ticket:update", false, "See and steer how a ticket is handled: due times, holds, who is at it.";
    TicketNote = "ticket:note", false, "Read and write internal notes.";
    TicketAssign = "ticket:assign", false, "Say who works on a ticket.";
    TicketReply = "ticket:reply", true, "Answer tickets.";
    TicketClose = "ticket:close", true, "Settle and close tickets.";
    TicketReopen = "ticket:reopen", true, "Open tickets again.";
    DepartmentWrite = "department:write", false, "Make and change departments and their times.";
    TicketCreate = "ticket:create", true, "Open tickets; on behalf of anybody without `:own`.";
    TicketMerge = "ticket:merge", false, "Merge tickets of one customer, and take them apart.";
    CannedReplyRead = "canned_reply:read", false, "See canned replies.";
    CannedReplyWrite = "canned_reply:write", false, "Make, change and delete canned replies.";
    SystemRead = "system:read", false, "See what the program does by itself: its jobs and mails.";
    SystemRunJob = "system:run_job", false, "Have the program try again what it gave up.";
}

/// What a field asks of its viewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Requires {
    /// The permission.
    pub permission: Permission,
    /// Whether the owner of the row needs only the `:own` form.
    pub own: bool,
}

impl Requires {
    /// The permission on any row.
    #[must_use]
    pub const fn any(permission: Permission) -> Self {
        Self { permission, own: false }
    }

    /// The permission on any row, or its `:own` form on the viewer's own rows.
    #[must_use]
    pub const fn own(permission: Permission) -> Self {
        Self { permission, own: true }
    }
}

/// How much of a table the viewer may see. The row-level policies of the database say the same once
/// more; a query starts from this so that it finds its index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Every row.
    All,
    /// The rows of this person.
    Own(UserId),
    /// Nothing.
    Nothing,
}

/// Who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// The person.
    pub user: UserId,
    /// The session that the token opened.
    pub session: SessionId,
    /// Whether the person holds a permission on other people's rows.
    pub is_staff: bool,
}

/// Where a request came from.
#[derive(Debug, Clone, Default)]
pub struct Client {
    /// The address of the client, as far as trusted proxies tell it.
    pub ip: Option<IpAddr>,
    /// What the client calls itself, at most 512 characters.
    pub user_agent: Option<String>,
}

/// Who asks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Viewer {
    /// `None` without a session.
    pub signed_in: Option<SignedIn>,
    /// Empty without a session.
    pub permissions: Permissions,
}

impl Viewer {
    /// The program itself, on a clock: nobody, who may do what the tables of states leave to the clock.
    #[must_use]
    pub fn clock() -> Self {
        Self { signed_in: None, permissions: std::iter::once("*".to_owned()).collect() }
    }

    /// The person, if signed in.
    #[must_use]
    pub fn user(&self) -> Option<UserId> {
        self.signed_in.as_ref().map(|who| who.user)
    }

    /// The session, if signed in.
    #[must_use]
    pub fn session(&self) -> Option<SessionId> {
        self.signed_in.as_ref().map(|who| who.session)
    }

    /// Whether the viewer is staff.
    #[must_use]
    pub fn is_staff(&self) -> bool {
        self.signed_in.as_ref().is_some_and(|who| who.is_staff)
    }

    /// What the statements of this kind of viewer begin with: a comment, so that each kind has texts, and plans, of
    /// its own.
    #[must_use]
    pub fn statement_kind(&self) -> &'static str {
        match &self.signed_in {
            None => "/* guest */ ",
            Some(who) if who.is_staff => "/* staff */ ",
            Some(_) => "/* customer */ ",
        }
    }

    /// Whether the viewer holds the permission on any row.
    #[must_use]
    pub fn can(&self, permission: Permission) -> bool {
        self.permissions.holds(permission.name())
    }

    /// Whether the viewer holds at least the `:own` form.
    #[must_use]
    pub fn can_own(&self, permission: Permission) -> bool {
        self.permissions.holds(permission.own_name())
    }

    /// Whether the viewer may read this person's rows of the permission's kind.
    #[must_use]
    pub fn can_for(&self, permission: Permission, owner: UserId) -> bool {
        self.can(permission) || (self.user() == Some(owner) && self.can_own(permission))
    }

    /// The rows that the permission opens.
    #[must_use]
    pub fn scope(&self, permission: Permission) -> Scope {
        match self.user() {
            _ if self.can(permission) => Scope::All,
            Some(user) if self.can_own(permission) => Scope::Own(user),
            _ => Scope::Nothing,
        }
    }

    /// Checks what a field asks, where the rows behind it are scoped by their own query.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` without a session, `FORBIDDEN` without the permission.
    pub fn check(&self, requires: Requires) -> Result<()> {
        let Requires { permission, own } = requires;
        self.decide(requires, self.can(permission) || (own && self.can_own(permission)))
    }

    /// Checks what a field of somebody's row asks.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` without a session, `FORBIDDEN` without the permission.
    pub fn check_for(&self, requires: Requires, owner: UserId) -> Result<()> {
        let Requires { permission, own } = requires;
        self.decide(requires, self.can(permission) || (own && self.can_for(permission, owner)))
    }

    fn decide(&self, requires: Requires, allowed: bool) -> Result<()> {
        match (&self.signed_in, allowed) {
            (None, _) => Err(Error::unauthenticated()),
            (Some(_), true) => Ok(()),
            (Some(_), false) => Err(Error::forbidden(requires.permission.name())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn viewer(names: &[&str]) -> Viewer {
        let signed_in = SignedIn { user: UserId::fresh(), session: SessionId::fresh(), is_staff: false };
        Viewer { signed_in: Some(signed_in), permissions: names.iter().map(ToString::to_string).collect() }
    }

    #[test]
    fn a_permission_implies_its_own_form_and_never_the_reverse() {
        assert!(viewer(&["ticket:read"]).can_own(Permission::TicketRead));
        assert!(!viewer(&["ticket:read:own"]).can(Permission::TicketRead));
        assert!(viewer(&["*"]).can(Permission::TicketRead));
        assert!(!viewer(&["ticket:note"]).can_own(Permission::TicketRead));
    }

    #[test]
    fn the_owner_needs_the_own_form_and_a_stranger_the_whole() {
        let ada = viewer(&["server:read:own"]);
        let (own, other) = (ada.user().unwrap(), UserId::fresh());
        assert!(ada.check_for(Requires::own(Permission::ServerRead), own).is_ok());
        assert_eq!(
            ada.check_for(Requires::own(Permission::ServerRead), other).unwrap_err().code(),
            crate::error::Code::Forbidden
        );
        assert_eq!(
            ada.check_for(Requires::any(Permission::ServerRead), own).unwrap_err().code(),
            crate::error::Code::Forbidden
        );
        assert_eq!(
            Viewer::default().check(Requires::own(Permission::ServerRead)).unwrap_err().code(),
            crate::error::Code::Unauthenticated
        );
    }
}
