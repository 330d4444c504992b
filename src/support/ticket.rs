//! The ticket.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel::dsl::AsSelect;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::db::batch::{Found, Key};
use crate::db::list::{Column, FoundBy, Fragment, InScope, OfParent, SortValue};
use crate::db::schema::tickets;
use crate::db::unit::Unit;
use crate::error::Result;
use crate::id::{ServerId, TicketId, UserId};
use crate::page::{Cut, Listed, Order};
use crate::viewer::{Permission, Viewer};
use crate::{finish_list, list_rows, text_enum};

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

impl TicketPriority {
    /// Its place in the order, as the database generates it.
    fn rank(self) -> i16 {
        match self {
            Self::Low => 1,
            Self::Medium => 2,
            Self::High => 3,
            Self::Urgent => 4,
        }
    }
}

/// A ticket.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Queryable, Selectable)]
#[diesel(table_name = tickets, check_for_backend(Pg))]
pub struct Ticket {
    pub(crate) id: TicketId,
    pub(crate) revision: i32,
    pub(crate) subject: String,
    pub(crate) status: TicketStatus,
    pub(crate) priority: TicketPriority,
    pub(crate) department: TicketDepartment,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
    pub(crate) closed_at: Option<DateTime<Utc>>,
    pub(crate) user_id: UserId,
    pub(crate) assigned_to: Option<UserId>,
    pub(crate) hold_reason: Option<String>,
    pub(crate) response_due_at: Option<DateTime<Utc>>,
    pub(crate) resolution_due_at: Option<DateTime<Utc>>,
    pub(crate) merged_into: Option<TicketId>,
    pub(crate) server_id: Option<ServerId>,
}

/// What narrows a list of tickets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct TicketFilter {
    pub(crate) search: Option<String>,
    pub(crate) status: Option<Vec<TicketStatus>>,
    pub(crate) priority: Option<Vec<TicketPriority>>,
    pub(crate) department: Option<Vec<TicketDepartment>>,
    pub(crate) user: Option<UserId>,
    pub(crate) assigned_to: Option<UserId>,
    pub(crate) unassigned: Option<bool>,
}

/// What tickets can be sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, async_graphql::Enum)]
pub enum TicketOrderField {
    /// When the first answer is due; needs `ticket:update`. Tickets without a due time come last when descending.
    ResponseDueAt,
    /// When the ticket was opened.
    CreatedAt,
    /// When the ticket last changed; an internal note is no change.
    UpdatedAt,
    /// How pressing it is, ascending from LOW to URGENT.
    Priority,
}

impl Order for TicketOrderField {
    fn column(self) -> Column {
        Column::new(
            "tickets",
            match self {
                Self::ResponseDueAt => "response_due_sort",
                Self::CreatedAt => "created_at",
                Self::UpdatedAt => "updated_at",
                Self::Priority => "priority_rank",
            },
        )
    }
}

type Query = tickets::BoxedQuery<'static, Pg, AsSelect<Ticket, Pg>>;

impl Ticket {
    /// The tickets that `viewer` may see: every find, list and loader starts here.
    #[must_use]
    pub fn visible_to(viewer: &Viewer) -> Query {
        let scope = InScope(Column::new("tickets", "user_id"), viewer.scope(Permission::TicketRead));
        tickets::table.select(Self::as_select()).into_boxed().filter(scope)
    }
}

impl Listed for Ticket {
    type Order = TicketOrderField;
    type Filter = TicketFilter;

    fn id(&self) -> Uuid {
        self.id.0
    }

    fn sort_value(&self, order: TicketOrderField) -> SortValue {
        match order {
            TicketOrderField::ResponseDueAt => SortValue::Instant(self.response_due_at),
            TicketOrderField::CreatedAt => SortValue::Instant(Some(self.created_at)),
            TicketOrderField::UpdatedAt => SortValue::Instant(Some(self.updated_at)),
            TicketOrderField::Priority => SortValue::Rank(self.priority.rank()),
        }
    }

    fn query(
        viewer: &Viewer,
        parent: Option<OfParent>,
        filter: &TicketFilter,
        cut: Cut<'_, TicketOrderField>,
    ) -> Fragment {
        let mut query = Self::visible_to(viewer);
        if let Some(search) = &filter.search {
            let column = Column::new("tickets", "id");
            query = query.filter(FoundBy { column, function: "app.search_tickets", argument: search.clone() });
        }
        if let Some(status) = &filter.status {
            query = query.filter(tickets::status.eq_any(status.clone()));
        }
        if let Some(priority) = &filter.priority {
            query = query.filter(tickets::priority.eq_any(priority.clone()));
        }
        if let Some(department) = &filter.department {
            query = query.filter(tickets::department.eq_any(department.clone()));
        }
        if let Some(user) = filter.user {
            query = query.filter(tickets::user_id.eq(user));
        }
        if let Some(assignee) = filter.assigned_to {
            query = query.filter(tickets::assigned_to.eq(assignee));
        }
        match filter.unassigned {
            Some(true) => query = query.filter(tickets::assigned_to.is_null()),
            Some(false) => query = query.filter(tickets::assigned_to.is_not_null()),
            None => {}
        }
        finish_list!(query, parent, cut)
    }

    list_rows!();
}

impl Key for TicketId {
    type Value = Arc<Ticket>;

    async fn load(keys: Vec<Self>, unit: Arc<Unit>) -> Result<Found<Self>> {
        let query = Ticket::visible_to(unit.viewer()).filter(tickets::id.eq_any(keys));
        let rows: Vec<Ticket> = query.load(&mut unit.conn()).await?;
        Ok(rows.into_iter().map(|ticket| (ticket.id, Arc::new(ticket))).collect())
    }
}
