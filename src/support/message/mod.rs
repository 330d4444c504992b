//! Messages and internal notes.

mod last;
mod object;
mod row;

pub use last::LastMessageOf;
pub use row::{LONGEST, TicketMessage};
