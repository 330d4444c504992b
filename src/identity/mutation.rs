//! Changes of accounts, and who is signed in.

use super::revoke::{RevokeOtherSessions, RevokeSessionInput};
use super::sign_in::{LoginInput, Logout};
use crate::command::{bare, command};
use crate::entity;

/// The mutations of this room.
#[derive(Default)]
pub struct IdentityMutation;

entity! {
    /// Signing in and out.
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
    }
}
