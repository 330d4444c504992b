//! Messages and internal notes.

mod object;
mod row;

pub use row::{LONGEST, TicketMessage};
