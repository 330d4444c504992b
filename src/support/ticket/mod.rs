//! The ticket.

mod arguments;
mod assign;
mod clock;
mod hold;
mod life;
mod list;
mod object;
mod reply;
mod row;
mod settle;
mod target;

pub use arguments::TicketArguments;
pub use assign::{AssignTicketInput, StartTicketWorkInput, UnassignTicketInput};
pub use clock::{CloseResolved, ResolveSilent, WarnOfSilence};
pub use hold::{HoldTicketInput, ResumeTicketInput};
pub use list::{TicketFilter, TicketOrderField};
pub use reply::{AddTicketNoteInput, ReplyToTicketInput};
pub use row::{Ticket, TicketDepartment, TicketPriority, TicketStatus};
pub use settle::{CloseTicketInput, ReopenTicketInput, ResolveTicketInput};
