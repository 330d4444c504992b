//! Requests to set a new password, as clients see them.

use super::row::PasswordReset;
use crate::entity;
use crate::entity::edge;

entity! {
    /// A request to set a new password.
    PasswordReset: Node {
        /// The request's id.
        id;
        /// The account. Null for those who may not see it.
        user = edge[user_id];
        /// When it was asked for.
        created_at;
        /// Until when it can be used.
        expires_at;
        /// Whether it was used.
        used;
    }
}
