//! Asking for tickets and departments.

use super::canned_reply::AllCannedReplies;
use super::department::AllDepartments;
use super::ticket::{Ticket, TicketArguments};
use crate::entity;
use crate::entity::{each, each_allowed};
use crate::id::TicketId;

/// The queries of this room.
#[derive(Default)]
pub struct SupportQuery;

entity! {
    /// Asking for tickets and departments.
    SupportQuery {
        /// One ticket. Null when there is none with this id, or when the viewer may not know it.
        ticket = find[TicketId, "The ticket."], needs own TicketRead;
        /// All tickets for holders of `ticket:read`, the viewer's own for others.
        tickets = page[Ticket, TicketArguments], needs own TicketRead;
        /// The departments, by name: those that customers may choose, all of them for staff.
        departments = each_allowed[ => AllDepartments; ; found => found.map(|all| all.to_vec()).unwrap_or_default()];
        /// All canned replies, by name. Null without the permission.
        canned_replies = each[ => AllCannedReplies; ; found => found.map(|all| all.to_vec()).unwrap_or_default()], needs CannedReplyRead;
    }
}
