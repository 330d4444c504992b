//! Lists of tickets.

use diesel::prelude::*;

use super::row::{Ticket, TicketPriority, TicketStatus};
use crate::column;
use crate::db::list::{Column, Ending, FoundBy, Fragment};
use crate::db::schema::{departments, servers, tickets};
use crate::id::{DepartmentId, ServerId, UserId};
use crate::page::{Listed, Order};
use crate::scalar::Instant;
use crate::servers::Server;
use crate::support::Department;
use crate::viewer::Viewer;

/// What narrows a list of tickets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct TicketFilter {
    pub(super) search: Option<String>,
    pub(super) status: Option<Vec<TicketStatus>>,
    pub(super) priority: Option<Vec<TicketPriority>>,
    pub(super) departments: Option<Vec<DepartmentId>>,
    pub(super) server: Option<ServerId>,
    pub(super) created_after: Option<Instant>,
    pub(super) created_before: Option<Instant>,
    pub(super) updated_after: Option<Instant>,
    pub(super) user: Option<UserId>,
    pub(super) assigned_to: Option<UserId>,
    pub(super) unassigned: Option<bool>,
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
        match self {
            Self::ResponseDueAt => column!(tickets.response_due_sort),
            Self::CreatedAt => column!(tickets.created_at),
            Self::UpdatedAt => column!(tickets.updated_at),
            Self::Priority => column!(tickets.priority_rank),
        }
    }
}

impl Listed for Ticket {
    type Order = TicketOrderField;
    type Filter = TicketFilter;

    fn newest() -> TicketOrderField {
        TicketOrderField::CreatedAt
    }

    fn query(viewer: &Viewer, filter: &TicketFilter, mut ending: Ending) -> Fragment {
        let mut query = Self::visible_to(viewer);
        if let Some(search) = &filter.search {
            let (column, argument) = (column!(tickets.id), search.clone());
            query = query.filter(FoundBy { column, function: "app.search_tickets", argument });
        }
        if let Some(status) = ending.any_of(column!(tickets.status), filter.status.as_ref()) {
            query = query.filter(status);
        }
        if let Some(priority) = ending.any_of(column!(tickets.priority), filter.priority.as_ref()) {
            query = query.filter(priority);
        }
        if let Some(ids) = &filter.departments {
            // Some have most of the tickets, and some hardly any.
            ending.plan_anew = true;
            let slugs = Department::visible_to(viewer).filter(departments::id.eq_any(ids.clone()));
            query = query.filter(tickets::department.eq_any(slugs.select(departments::slug)));
        }
        if let Some(server) = filter.server {
            let seen = Server::visible_to(viewer).filter(servers::id.eq(server)).select(servers::id.nullable());
            query = query.filter(tickets::server_id.eq_any(seen));
        }
        if let Some(Instant(after)) = filter.created_after {
            query = query.filter(tickets::created_at.ge(after));
        }
        if let Some(Instant(before)) = filter.created_before {
            query = query.filter(tickets::created_at.lt(before));
        }
        if let Some(Instant(after)) = filter.updated_after {
            query = query.filter(tickets::updated_at.ge(after));
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
        ending.finish(query)
    }
}
