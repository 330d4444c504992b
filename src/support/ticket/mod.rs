//! The ticket.

mod arguments;
mod assign;
mod clock;
mod hold;
mod life;
mod list;
mod merge;
mod object;
mod open;
mod release;
mod reply;
mod row;
mod settle;
mod update;

pub use arguments::{CreateTicketInput, TicketArguments};
pub use assign::{AssignTicketInput, StartTicketWorkInput, UnassignTicketInput};
pub use clock::{CloseResolved, ResolveSilent, WarnOfSilence};
pub use hold::{HoldTicketInput, ResumeTicketInput};
pub use list::{TicketFilter, TicketOrderField};
pub use merge::{MergeTicketsInput, UnmergeTicketsInput};
pub use release::release;
pub use reply::{AddTicketNoteInput, ReplyToTicketInput};
pub use row::{Ticket, TicketPriority, TicketStatus};
pub use settle::{CloseTicketInput, ReopenTicketInput, ResolveTicketInput};
pub use update::UpdateTicketInput;
