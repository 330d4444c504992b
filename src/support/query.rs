//! Asking for tickets.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object};
use uuid::Uuid;

use super::ticket::{Ticket, TicketDepartment, TicketFilter, TicketOrderField, TicketPriority, TicketStatus};
use crate::db::list::Column;
use crate::error::{Error, Result};
use crate::id::{TicketId, UserId};
use crate::page::{Connection, List, OrderDirection, PageArgs};
use crate::request::Ask as _;
use crate::requires::requires;
use crate::scalar::{Raw, any_of, decode, search};
use crate::viewer::{Permission, Requires};

/// What narrows a list of tickets. All conditions have to hold; null is none.
#[derive(InputObject, Default)]
#[graphql(name = "TicketFilter")]
pub struct TicketFilterInput {
    /// Matches words of the subject.
    search: Option<String>,
    /// Any of these.
    status: Option<Vec<TicketStatus>>,
    /// Any of these.
    priority: Option<Vec<TicketPriority>>,
    /// Any of these.
    department: Option<Vec<TicketDepartment>>,
    /// Opened by this person.
    user_id: Option<ID>,
    /// Assigned to this person.
    assigned_to_id: Option<ID>,
    /// True: assigned to nobody. False: assigned to somebody.
    unassigned: Option<bool>,
}

impl TicketFilterInput {
    fn decode(self) -> Result<TicketFilter> {
        if self.unassigned == Some(true) && self.assigned_to_id.is_some() {
            let message = "A ticket cannot be assigned to somebody and to nobody.";
            return Err(Error::bad_input("filter.unassigned", message));
        }
        Ok(TicketFilter {
            search: search(self.search, "filter.search")?,
            status: any_of(self.status, "filter.status")?,
            priority: any_of(self.priority, "filter.priority")?,
            department: any_of(self.department, "filter.department")?,
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

impl Ticket {
    /// One page of the tickets that the viewer may see, all or those of a parent.
    ///
    /// # Errors
    /// `BAD_USER_INPUT`, `FORBIDDEN` for an order by what the viewer may not see, and what the database
    /// answers.
    pub async fn page(
        ctx: &Context<'_>,
        parent: Option<(Column, Uuid)>,
        args: PageArgs,
        filter: Option<Raw<TicketFilterInput>>,
        order: Option<Raw<TicketOrder>>,
    ) -> Result<Connection<Self>> {
        let filter = Arc::new(decode(filter, "filter")?.unwrap_or_default().decode()?);
        let order = decode(order, "orderBy")?
            .map_or((TicketOrderField::CreatedAt, true), |by| (by.field, by.direction.is_descending()));
        if order.0 == TicketOrderField::ResponseDueAt {
            ctx.viewer().check(Requires::any(Permission::TicketUpdate))?;
        }
        Connection::load(ctx, List { parent, filter }, args, order).await
    }
}

/// The queries of this room.
#[derive(Default)]
pub struct SupportQuery;

/// Asking for tickets.
#[Object]
impl SupportQuery {
    /// One ticket. Null when there is none with this id, or when the viewer may not know it.
    #[graphql(directive = requires::apply(Permission::TicketRead, true))]
    async fn ticket(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The ticket.")] id: Raw<ID>,
    ) -> Option<Result<Option<Arc<Ticket>>>> {
        let ticket = async { ctx.load(TicketId::parse(&id.decode("id")?, "id")?).await };
        ctx.guarded(Requires::own(Permission::TicketRead), ticket).await
    }

    /// All tickets for holders of `ticket:read`, the viewer's own for others.
    #[graphql(directive = requires::apply(Permission::TicketRead, true))]
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection")]
    async fn tickets(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many rows from the start, at most 100; 20 by default, 0 for the count alone.")]
        first: Option<Raw<i32>>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many rows from the end, at most 100.")] last: Option<Raw<i32>>,
        #[graphql(desc = "Only rows ahead of this cursor.")] before: Option<String>,
        #[graphql(desc = "Which rows. Default all.")] filter: Option<Raw<TicketFilterInput>>,
        #[graphql(desc = "Default newest first.")] order_by: Option<Raw<TicketOrder>>,
    ) -> Option<Result<Connection<Ticket>>> {
        let page = Ticket::page(ctx, None, PageArgs::new(first, after, last, before), filter, order_by);
        ctx.guarded(Requires::own(Permission::TicketRead), page).await
    }
}
