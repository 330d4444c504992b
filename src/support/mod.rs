//! Tickets and their messages.
//!
//! An internal note is visible only to holders of `ticket:note`: in lists, counts and cursors alike, by
//! [`TicketMessage::visible_to`] and once more by the policies of the database. Writing one never
//! touches the ticket's `updated_at`, for anybody.

mod message;
mod mutation;
mod query;
mod ticket;

pub use message::TicketMessage;
pub use mutation::SupportMutation;
pub use query::SupportQuery;
pub use ticket::{
    CloseResolved, ResolveSilent, Ticket, TicketArguments, TicketDepartment, TicketFilter, TicketOrderField,
    TicketPriority, TicketStatus, WarnOfSilence,
};
