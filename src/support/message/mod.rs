//! Messages and internal notes.

mod last;
mod object;
mod row;
mod shown;

pub use last::LastMessageOf;
pub use row::{LONGEST, TicketMessage};
pub use shown::{gather, scatter};
