//! Asking for tickets.

use super::ticket::{Ticket, TicketArguments};
use crate::entity;
use crate::id::TicketId;

/// The queries of this room.
#[derive(Default)]
pub struct SupportQuery;

entity! {
    /// Asking for tickets.
    SupportQuery {
        /// One ticket. Null when there is none with this id, or when the viewer may not know it.
        ticket = find[TicketId, "The ticket."], needs own TicketRead;
        /// All tickets for holders of `ticket:read`, the viewer's own for others.
        tickets = page[Ticket, TicketArguments], needs own TicketRead;
    }
}
