//! The message's row, and its lists.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;

use crate::db::list::{Ending, Fragment};
use crate::db::schema::{ticket_messages, tickets};
use crate::id::{MessageId, TicketId, UserId};
use crate::page::{Listed, Newest};
use crate::scalar::Instant;
use crate::support::ticket::Ticket;
use crate::viewer::{Permission, Scope, Viewer};
use crate::{by_id, column, record, row};

row! {
    /// A message, or an internal note, in a ticket.
    TicketMessage of ticket_messages {
        id: MessageId,
        ticket_id: TicketId,
        user_id: UserId,
        content: String,
        is_internal: bool,
        created_at: Instant,
        updated_at: Instant,
    }
}

by_id! { TicketMessage by MessageId in ticket_messages }

record! {
    TicketMessage as MessageId in ticket_messages {
        given id, ticket_id, user_id, is_internal, created_at, updated_at, content;
    }
}

/// The most characters of a message.
pub const LONGEST: usize = 20_000;

impl TicketMessage {
    /// What somebody writes now: in which ticket and who, what and whether among staff.
    #[must_use]
    pub fn new(
        id: MessageId,
        (ticket_id, user_id): (TicketId, UserId),
        (content, is_internal): (String, bool),
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            id,
            ticket_id,
            user_id,
            content,
            is_internal,
            created_at: now.into(),
            updated_at: now.into(),
            ..Self::default()
        }
    }

    /// The messages of tickets that `viewer` may see; notes only with `ticket:note`.
    #[must_use]
    pub fn visible_to(viewer: &Viewer) -> ticket_messages::BoxedQuery<'static, Pg> {
        let mut query = ticket_messages::table.into_boxed();
        if viewer.scope(Permission::TicketRead) != Scope::All {
            let seen = Ticket::visible_to(viewer).select(tickets::id);
            query = query.filter(ticket_messages::ticket_id.eq_any(seen));
        }
        if !viewer.can(Permission::TicketNote) {
            query = query.filter(diesel::dsl::not(ticket_messages::is_internal));
        }
        query
    }
}

impl Listed for TicketMessage {
    type Order = Newest;
    type Filter = ();

    fn newest() -> Newest {
        Newest(column!(ticket_messages.created_at))
    }

    fn query(viewer: &Viewer, (): &(), ending: Ending) -> Fragment {
        ending.finish(Self::visible_to(viewer))
    }
}
