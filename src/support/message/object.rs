//! The message, as clients see it.

use super::row::TicketMessage;
use crate::entity;
use crate::entity::required;
use crate::identity::face;

entity! {
    /// A message in a ticket, or an internal note of staff.
    TicketMessage: Node {
        /// The message's id.
        id;
        /// What it says, in plain text.
        content;
        /// Whether it is an internal note, which only holders of `ticket:note` see.
        is_internal;
        /// When it was written.
        created_at;
        /// When it last changed.
        updated_at;
        /// Who wrote it.
        author = face[user_id];
        /// The ticket that it is in.
        ticket = required[ticket_id];
    }
}
