//! Canned replies, as clients see them.

use super::row::CannedReply;
use crate::entity;
use crate::entity::edge;

entity! {
    /// An answer that staff keeps ready. Visible to holders of `canned_reply:read`.
    CannedReply: Node {
        /// The reply's id.
        id;
        /// Counts the changes of the row; give it back as `expectedRevision`.
        revision;
        /// What staff finds it by.
        name;
        /// What it says, in plain text.
        content;
        /// Whose it is. Null: of all departments.
        department = edge[department_id];
    }
}
