//! Tickets, their messages, and the departments that they are for.
//!
//! An internal note is visible only to holders of `ticket:note`: in lists, counts and cursors alike, by
//! [`TicketMessage::visible_to`] and once more by the policies of the database. Writing one never
//! touches the ticket's `updated_at`, for anybody.
//!
//! A message stays in the ticket that it was written in. When that is merged into another, it is shown there, in lists,
//! counts and cursors alike, until the two are taken apart.

mod canned_reply;
mod department;
mod message;
mod mutation;
mod query;
mod ticket;

pub use canned_reply::CannedReply;
pub use department::Department;
pub use message::TicketMessage;
pub use mutation::SupportMutation;
pub use query::SupportQuery;
pub use ticket::{
    CloseResolved, ResolveSilent, Ticket, TicketArguments, TicketFilter, TicketOrderField, TicketPriority,
    TicketStatus, WarnOfSilence, release,
};
