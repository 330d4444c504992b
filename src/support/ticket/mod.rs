//! The ticket.

mod arguments;
mod assign;
mod hold;
mod life;
mod list;
mod object;
mod release;
mod reply;
mod row;
mod settle;
mod target;

pub use arguments::TicketArguments;
pub use assign::{AssignTicketInput, StartTicketWorkInput, UnassignTicketInput};
pub use hold::{HoldTicketInput, ResumeTicketInput};
pub use list::{TicketFilter, TicketOrderField};
pub use release::release;
pub use reply::{AddTicketNoteInput, ReplyToTicketInput};
pub use row::{Ticket, TicketDepartment, TicketPriority, TicketStatus};
pub use settle::{CloseTicketInput, ReopenTicketInput, ResolveTicketInput};
