//! Changes of accounts, and who is signed in.

use super::revoke::{RevokeOtherSessions, RevokeSessionInput};
use super::role::{AssignRoleInput, CreateRoleInput, DeleteRoleInput, UnassignRoleInput, UpdateRoleInput};
use super::sign_in::{LoginInput, Logout};
use super::user::{
    ActivateUserInput, CloseUserInput, CreateUserInput, ReinstateUserInput, ReopenUserInput, SuspendUserInput,
    UpdateUserInput,
};
use crate::command::{bare, command};
use crate::entity;

/// The mutations of this room.
#[derive(Default)]
pub struct IdentityMutation;

entity! {
    /// Signing in and out, people and roles.
    IdentityMutation {
        /// Signs in with an e-mail address or a username, and a password. The rest of the payload is what
        /// the new session sees.
        login = command[LoginInput];
        /// Ends the session that asks.
        logout = bare[Logout];
        /// Ends a session: one's own, or anybody's for holders of `session:revoke`.
        revoke_session = command[RevokeSessionInput];
        /// Ends every session of the viewer but the one that asks.
        revoke_other_sessions = bare[RevokeOtherSessions];
        /// Makes an account, with the default role and others.
        create_user = command[CreateUserInput];
        /// Changes an account. A new e-mail address has to be verified again.
        update_user = command[UpdateUserInput];
        /// Suspends an account: its person is signed out everywhere and cannot sign in.
        suspend_user = command[SuspendUserInput];
        /// Takes a suspension back.
        reinstate_user = command[ReinstateUserInput];
        /// Takes an account for verified.
        activate_user = command[ActivateUserInput];
        /// Closes an account that has no servers and owes nothing. It can be opened again within 30 days.
        close_user = command[CloseUserInput];
        /// Opens a closed account again, in the state in which it was closed.
        reopen_user = command[ReopenUserInput];
        /// Makes a role, of what the viewer holds.
        create_role = command[CreateRoleInput];
        /// Changes a role. What it grants no longer is refused from the next request on.
        update_role = command[UpdateRoleInput];
        /// Deletes a role that nobody holds.
        delete_role = command[DeleteRoleInput];
        /// Gives a role to somebody.
        assign_role = command[AssignRoleInput];
        /// Takes a role from somebody; the next request of theirs goes without it.
        unassign_role = command[UnassignRoleInput];
    }
}
