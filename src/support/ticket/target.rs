//! How soon a ticket has to be answered and settled.

use super::row::{TicketDepartment, TicketPriority};

/// The times that a desk which is always open promises, in minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// Until the first answer.
    pub response: i32,
    /// Until it is settled.
    pub resolution: i32,
}

impl Target {
    /// What is promised for tickets of this kind. What stands still at a customer's, or is misused, is seen to in half
    /// the time.
    #[must_use]
    pub fn of(department: TicketDepartment, priority: TicketPriority) -> Self {
        const HOUR: i32 = 60;
        const DAY: i32 = 24 * HOUR;
        let (response, resolution) = match priority {
            TicketPriority::Urgent => (30, 4 * HOUR),
            TicketPriority::High => (2 * HOUR, DAY),
            TicketPriority::Medium => (8 * HOUR, 3 * DAY),
            TicketPriority::Low => (24 * HOUR, 7 * DAY),
        };
        let part = if matches!(department, TicketDepartment::Technical | TicketDepartment::Abuse) { 2 } else { 1 };
        Self { response: response / part, resolution: resolution / part }
    }
}
