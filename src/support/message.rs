//! Messages and internal notes.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel::dsl::AsSelect;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::ticket::Ticket;
use crate::db::batch::{Found, Key};
use crate::db::list::{Column, Fragment, OfParent, SortValue};
use crate::db::schema::{ticket_messages, tickets};
use crate::db::unit::Unit;
use crate::error::Result;
use crate::id::{MessageId, TicketId, UserId};
use crate::page::{Cut, Listed, Order};
use crate::viewer::{Permission, Scope, Viewer};
use crate::{finish_list, list_rows};

/// A message, or an internal note, in a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Queryable, Selectable)]
#[diesel(table_name = ticket_messages, check_for_backend(Pg))]
pub struct TicketMessage {
    pub(crate) id: MessageId,
    pub(crate) ticket_id: TicketId,
    pub(crate) user_id: UserId,
    pub(crate) content: String,
    pub(crate) is_internal: bool,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

type Query = ticket_messages::BoxedQuery<'static, Pg, AsSelect<TicketMessage, Pg>>;

impl TicketMessage {
    /// The messages of tickets that `viewer` may see; notes only with `ticket:note`.
    #[must_use]
    pub fn visible_to(viewer: &Viewer) -> Query {
        let mut query = ticket_messages::table.select(Self::as_select()).into_boxed();
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

/// Messages are sorted by when they were written, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ByAge;

impl Order for ByAge {
    fn column(self) -> Column {
        Column::new("ticket_messages", "created_at")
    }
}

impl Listed for TicketMessage {
    type Order = ByAge;
    type Filter = ();

    fn id(&self) -> Uuid {
        self.id.0
    }

    fn sort_value(&self, ByAge: ByAge) -> SortValue {
        SortValue::Instant(Some(self.created_at))
    }

    fn query(viewer: &Viewer, parent: Option<OfParent>, (): &(), cut: Cut<'_, ByAge>) -> Fragment {
        finish_list!(Self::visible_to(viewer), parent, cut)
    }

    list_rows!();
}

impl Key for MessageId {
    type Value = Arc<TicketMessage>;

    async fn load(keys: Vec<Self>, unit: Arc<Unit>) -> Result<Found<Self>> {
        let query = TicketMessage::visible_to(unit.viewer()).filter(ticket_messages::id.eq_any(keys));
        let rows: Vec<TicketMessage> = query.load(&mut unit.conn()).await?;
        Ok(rows.into_iter().map(|message| (message.id, Arc::new(message))).collect())
    }
}
