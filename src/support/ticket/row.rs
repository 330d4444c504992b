//! The ticket's row.

use async_graphql::registry::Registry;
use async_graphql::{OutputType, Value};
use chrono::{DateTime, Utc};
use diesel::deserialize::{FromSql, FromSqlRow, Result as Read};
use diesel::pg::{Pg, PgValue};
use diesel::prelude::*;
use diesel::sql_types::Jsonb;
use serde::{Deserialize, Serialize};

use crate::db::list::InScope;
use crate::db::schema::tickets;
use crate::db::statement::{Bind, Bound};
use crate::id::{ServerId, TicketId, UserId};
use crate::leaf::Leaf;
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

/// What a merge changes of a ticket beside where it goes on, to be restored when it is taken back. Instants are
/// microseconds since 1970, as exact as the database's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromSqlRow)]
pub struct BeforeMerge {
    pub(super) status: String,
    pub(super) closed_at: Option<i64>,
    pub(super) hold_reason: Option<String>,
    pub(super) response_due_at: Option<i64>,
    pub(super) resolution_due_at: Option<i64>,
    pub(super) resolution_seconds_left: Option<i32>,
}

impl FromSql<Jsonb, Pg> for BeforeMerge {
    fn from_sql(value: PgValue<'_>) -> Read<Self> {
        Ok(serde_json::from_value(FromSql::<Jsonb, Pg>::from_sql(value)?)?)
    }
}

impl Bound for Option<BeforeMerge> {
    fn bind(&self) -> Bind {
        Bind::Json(self.as_ref().and_then(|before| serde_json::to_value(before).ok()))
    }
}

impl Leaf for BeforeMerge {
    fn declare(registry: &mut Registry) -> String {
        <serde_json::Value as OutputType>::create_type_info(registry)
    }

    fn write(&self, out: &mut Vec<u8>) {
        crate::json::value(out, &self.value());
    }

    fn value(&self) -> Value {
        async_graphql::to_value(self).unwrap_or_default()
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
        department: String,
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
        number: i32,
        before_merge: Option<BeforeMerge>,
        silence_warned_at: Option<Instant>,
    }
}

by_id! { Ticket by TicketId in tickets }

record! {
    Ticket as TicketId in tickets {
        given id, user_id, created_at, updated_at;
        subject, status, priority, department, assigned_to, closed_at, hold_reason, response_due_at, resolution_due_at,
        resolution_seconds_left, merged_into, server_id, before_merge, silence_warned_at
    }
}

impl Ticket {
    /// A ticket that somebody opens now.
    #[must_use]
    pub fn new(id: TicketId, user_id: UserId, now: DateTime<Utc>) -> Self {
        Self { id, user_id, created_at: now.into(), updated_at: now.into(), ..Self::default() }
    }

    /// The tickets that `viewer` may see: every find, list and loader starts here.
    #[must_use]
    pub fn visible_to(viewer: &Viewer) -> tickets::BoxedQuery<'static, Pg> {
        let scope = InScope(column!(tickets.user_id), viewer.scope(Permission::TicketRead));
        tickets::table.into_boxed().filter(scope)
    }
}
