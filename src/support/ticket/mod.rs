//! The ticket.

mod arguments;
mod list;
mod object;
mod row;

pub use arguments::TicketArguments;
pub use list::{TicketFilter, TicketOrderField};
pub use row::{Ticket, TicketDepartment, TicketPriority, TicketStatus};
