//! The ticket, as clients see it.

use super::row::Ticket;
use crate::entity;
use crate::entity::{edge, found_always, loaded, value};
use crate::identity::face;
use crate::life::allowed_actions;
use crate::support::TicketMessage;
use crate::support::department::DepartmentOf;
use crate::support::message::LastMessageOf;

entity! {
    /// A ticket. Visible to whoever opened it and to holders of `ticket:read`.
    Ticket: Node {
        /// The ticket's id.
        id;
        /// Counts the changes of the row; give it back as `expectedRevision`.
        revision;
        /// For people to cite, for example `T-10023`.
        number = value[number => format!("T-{number}")];
        /// What it is about, in a line.
        subject;
        /// Where it is in its life.
        status;
        /// How pressing it is.
        priority;
        /// Whom it is for.
        department = found_always[department => DepartmentOf(department.clone())];
        /// When it was opened.
        created_at;
        /// When it last changed. An internal note is no change.
        updated_at;
        /// When it was closed, else null.
        closed_at;
        /// When the last message that the viewer may read was written.
        last_message_at = loaded[id => LastMessageOf(*id); created_at; found => found.unwrap_or(*created_at)];
        /// The account that opened it. Null for those who may not see the account.
        user = edge[user_id];
        /// Who opened it, for every reader; `user` is the account, for those who may see it.
        opened_by = face[user_id];
        /// Who of staff is at it. Null while nobody is.
        assigned_to = face[assigned_to];
        /// Why it is on hold. Null when it is not, or without the permission.
        hold_reason, needs TicketUpdate;
        /// When the first answer is due. Null once it was given, or without the permission.
        response_due_at, needs TicketUpdate;
        /// When it should be settled. Null when there is no such time, or without the permission.
        resolution_due_at, needs TicketUpdate;
        /// The ticket that it was merged into, else null.
        merged_into = edge[merged_into];
        /// The server that it is about. Null when it is about none, or for those who may not see it.
        server = edge[server_id];
        /// Newest first, with those of tickets that were merged into it; those of one that was merged are shown where it
        /// goes on. Internal notes appear only to holders of `ticket:note`, here, in counts and in cursors alike.
        messages = page[TicketMessage of ticket_messages.shown_in];
        /// What the viewer may do with it.
        allowed_actions = allowed_actions[of status, user_id, assigned_to, merged_into, closed_at];
    }
}
