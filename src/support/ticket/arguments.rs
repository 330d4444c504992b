//! What a client can narrow and sort tickets by.

use async_graphql::{ID, InputObject};

use super::list::{TicketFilter, TicketOrderField};
use super::row::{TicketPriority, TicketStatus};
use crate::error::{Error, Result};
use crate::id::{DepartmentId, ServerId, UserId};
use crate::page::{FilterInput, Filtered, OrderDirection, OrderInput};
use crate::requires::requires;
use crate::scalar::{Instant, Undecoded, any_of, decode, search, span};
use crate::viewer::{Permission, Requires, Viewer};

/// The arguments of a list of tickets.
pub type TicketArguments = Filtered<TicketFilterInput, TicketOrder>;

/// What narrows a list of tickets. All conditions have to hold; null is none.
#[derive(InputObject, Default)]
#[graphql(name = "TicketFilter")]
pub struct TicketFilterInput {
    /// Matches words of the subject. Blanks at the edges do not count; blank is no condition.
    search: Option<String>,
    /// Any of these.
    status: Option<Vec<TicketStatus>>,
    /// Any of these.
    priority: Option<Vec<TicketPriority>>,
    /// For any of these.
    department_ids: Option<Vec<ID>>,
    /// About this server.
    server_id: Option<ID>,
    /// Opened at this time or later.
    created_after: Option<Undecoded<Instant>>,
    /// Opened before this time.
    created_before: Option<Undecoded<Instant>>,
    /// Changed at this time or later. Whoever follows changes asks from ten seconds before the last answer on.
    updated_after: Option<Undecoded<Instant>>,
    /// Opened by this person.
    user_id: Option<ID>,
    /// Assigned to this person.
    assigned_to_id: Option<ID>,
    /// True: assigned to nobody. False: assigned to somebody.
    unassigned: Option<bool>,
}

impl FilterInput for TicketFilterInput {
    type Filter = TicketFilter;
    const ABOUT: &'static str = "Which rows. Default all.";

    fn decode(self, _: &Viewer) -> Result<TicketFilter> {
        if self.unassigned == Some(true) && self.assigned_to_id.is_some() {
            let message = "A ticket cannot be assigned to somebody and to nobody.";
            return Err(Error::bad_input("filter.unassigned", message));
        }
        let departments = any_of(self.department_ids, "filter.departmentIds")?;
        let departments = departments.map(|ids| {
            ids.iter().map(|id| DepartmentId::parse(id, "filter.departmentIds")).collect::<Result<Vec<_>>>()
        });
        let created = ((self.created_after, "filter.createdAfter"), (self.created_before, "filter.createdBefore"));
        let (created_after, created_before) = span(created.0, created.1)?;
        Ok(TicketFilter {
            search: search(self.search, "filter.search")?,
            status: any_of(self.status, "filter.status")?,
            priority: any_of(self.priority, "filter.priority")?,
            departments: departments.transpose()?,
            server: self.server_id.map(|id| ServerId::parse(&id, "filter.serverId")).transpose()?,
            created_after,
            created_before,
            updated_after: decode(self.updated_after, "filter.updatedAfter")?,
            user: self.user_id.map(|id| UserId::parse(&id, "filter.userId")).transpose()?,
            assigned_to: self.assigned_to_id.map(|id| UserId::parse(&id, "filter.assignedToId")).transpose()?,
            unassigned: self.unassigned,
        })
    }
}

/// How a list of tickets is sorted.
#[derive(InputObject, Clone, Copy)]
pub struct TicketOrder {
    /// By what.
    field: TicketOrderField,
    /// Which way.
    direction: OrderDirection,
}

impl OrderInput for TicketOrder {
    type Order = TicketOrderField;

    /// `FORBIDDEN` for an order by what the viewer may not see.
    fn decode(self, viewer: &Viewer) -> Result<(TicketOrderField, bool)> {
        if self.field == TicketOrderField::ResponseDueAt {
            viewer.check(Requires::any(Permission::TicketUpdate))?;
        }
        Ok((self.field, self.direction.is_descending()))
    }
}

/// What a new ticket is.
#[derive(InputObject, Clone)]
pub struct CreateTicketInput {
    /// What it is about, in a line. At most 200 characters.
    pub(super) subject: String,
    /// The first message, in plain text. At most 20 000 characters.
    pub(super) content: String,
    /// Whom it is for. Customers choose among the public ones.
    pub(super) department_id: ID,
    /// How pressing it is.
    #[graphql(default_with = "TicketPriority::Medium")]
    pub(super) priority: TicketPriority,
    /// The server that it is about, one of the ticket's customer.
    pub(super) server_id: Option<ID>,
    /// On whose behalf. Default the viewer.
    #[graphql(directive = requires::apply(Permission::TicketCreate, false))]
    pub(super) user_id: Option<ID>,
    /// With a key, the same key again answers the first call's result.
    pub(super) idempotency_key: Option<String>,
}
