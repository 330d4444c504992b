//! Sessions, as clients see them.

use super::row::Session;
use crate::entity;
use crate::entity::{edge, value};

entity! {
    /// A signed-in device. The token itself is shown once, by `login`.
    Session: Node {
        /// The session's id.
        id;
        /// The address that it signed in from. Null when unknown.
        ip_address;
        /// What the device calls itself. Null when it does not.
        user_agent;
        /// When it signed in.
        created_at;
        /// When it was last seen, to within a minute.
        last_activity;
        /// When it ends at the latest.
        expires_at;
        /// Whether this is the session that asks.
        is_current = value[id; viewer => viewer.session() == Some(*id)];
        /// The account. Null for those who may not see it.
        user = edge[user_id];
    }
}
