//! The ticket's row.

use diesel::pg::Pg;
use diesel::prelude::*;

use crate::db::list::InScope;
use crate::db::schema::tickets;
use crate::id::{ServerId, TicketId, UserId};
use crate::scalar::Instant;
use crate::viewer::{Permission, Viewer};
use crate::{by_id, column, record, row, text_enum};

text_enum! {
    /// Where a ticket is in its life. New values may come: keep a default branch.
    TicketStatus {
        /// Waits in the queue.
        Open = "open",
        /// Somebody of staff is at it.
        InProgress = "in_progress",
        /// Staff answered; the customer is next.
        WaitingCustomer = "waiting_customer",
        /// Waits for something else.
        OnHold = "on_hold",
        /// Settled, and closed soon unless somebody writes.
        Resolved = "resolved",
        /// Over.
        Closed = "closed",
    }
    usual {
        [Open, InProgress],
        [Open, InProgress, WaitingCustomer],
        [Open, InProgress, WaitingCustomer, OnHold],
        [WaitingCustomer, OnHold],
        [Resolved, Closed],
    }
}

text_enum! {
    /// How pressing a ticket is; it ascends from LOW to URGENT.
    TicketPriority {
        /// Whenever there is time.
        Low = "low",
        /// In turn.
        Medium = "medium",
        /// Before others.
        High = "high",
        /// At once.
        Urgent = "urgent",
    }
    usual {
        [High, Urgent],
    }
}

text_enum! {
    /// Whom a ticket is for. New values may come: keep a default branch.
    TicketDepartment {
        /// Anything else.
        General = "general",
        /// Servers that do not do what they should.
        Technical = "technical",
        /// Invoices and payments.
        Billing = "billing",
        /// Before buying.
        Sales = "sales",
        /// Misuse.
        Abuse = "abuse",
    }
}

row! {
    /// A ticket.
    Ticket of tickets {
        id: TicketId,
        revision: i32,
        subject: String,
        status: TicketStatus,
        priority: TicketPriority,
        department: TicketDepartment,
        created_at: Instant,
        updated_at: Instant,
        closed_at: Option<Instant>,
        user_id: UserId,
        assigned_to: Option<UserId>,
        hold_reason: Option<String>,
        response_due_at: Option<Instant>,
        resolution_due_at: Option<Instant>,
        merged_into: Option<TicketId>,
        server_id: Option<ServerId>,
        resolution_seconds_left: Option<i32>,
        silence_warned_at: Option<Instant>,
    }
}

by_id! { Ticket by TicketId in tickets }

record! {
    Ticket as TicketId in tickets {
        given id, user_id, created_at;
        subject, status, priority, department, assigned_to, closed_at, hold_reason, response_due_at, resolution_due_at,
        resolution_seconds_left, merged_into, server_id, silence_warned_at
    }
}

impl Ticket {
    /// The tickets that `viewer` may see: every find, list and loader starts here.
    #[must_use]
    pub fn visible_to(viewer: &Viewer) -> tickets::BoxedQuery<'static, Pg> {
        let scope = InScope(column!(tickets.user_id), viewer.scope(Permission::TicketRead));
        tickets::table.into_boxed().filter(scope)
    }
}
