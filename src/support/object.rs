//! Tickets and messages, as clients see them.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use uuid::Uuid;

use super::message::{ByAge, TicketMessage};
use super::ticket::{Ticket, TicketDepartment, TicketPriority, TicketStatus};
use crate::db::list::Column;
use crate::error::{Error, Result};
use crate::identity::{Actor, ActorOf, User};
use crate::outcome::AllowedAction;
use crate::page::{Connection, List, PageArgs};
use crate::request::Ask as _;
use crate::requires::requires;
use crate::scalar::{Instant, Raw};
use crate::servers::Server;
use crate::viewer::{Permission, Requires};

/// A ticket. Visible to whoever opened it and to holders of `ticket:read`.
#[Object]
impl Ticket {
    /// The ticket's id.
    pub async fn id(&self) -> ID {
        self.id.into()
    }

    /// Counts the changes of the row; give it back as `expectedRevision`.
    async fn revision(&self) -> i32 {
        self.revision
    }

    /// What it is about, in a line.
    async fn subject(&self) -> &str {
        &self.subject
    }

    /// Where it is in its life.
    async fn status(&self) -> TicketStatus {
        self.status
    }

    /// How pressing it is.
    async fn priority(&self) -> TicketPriority {
        self.priority
    }

    /// Whom it is for.
    async fn department(&self) -> TicketDepartment {
        self.department
    }

    /// When it was opened.
    async fn created_at(&self) -> Instant {
        self.created_at.into()
    }

    /// When it last changed. An internal note is no change.
    async fn updated_at(&self) -> Instant {
        self.updated_at.into()
    }

    /// When it was closed, else null.
    async fn closed_at(&self) -> Option<Instant> {
        self.closed_at.map(Into::into)
    }

    /// The account that opened it. Null for those who may not see the account.
    async fn user(&self, ctx: &Context<'_>) -> Option<Result<Arc<User>>> {
        ctx.edge(self.user_id).await
    }

    /// Who opened it, for every reader; `user` is the account, for those who may see it.
    async fn opened_by(&self, ctx: &Context<'_>) -> Result<Arc<Actor>> {
        ctx.load(ActorOf(self.user_id)).await?.ok_or_else(|| Error::missing_row("a person"))
    }

    /// Who of staff is at it. Null while nobody is.
    async fn assigned_to(&self, ctx: &Context<'_>) -> Option<Result<Arc<Actor>>> {
        ctx.edge(ActorOf(self.assigned_to?)).await
    }

    /// Why it is on hold. Null when it is not, or without the permission.
    #[graphql(directive = requires::apply(Permission::TicketUpdate, false))]
    async fn hold_reason(&self, ctx: &Context<'_>) -> Option<Result<Option<&str>>> {
        ctx.guarded(Requires::any(Permission::TicketUpdate), async { Ok(self.hold_reason.as_deref()) }).await
    }

    /// When the first answer is due. Null once it was given, or without the permission.
    #[graphql(directive = requires::apply(Permission::TicketUpdate, false))]
    async fn response_due_at(&self, ctx: &Context<'_>) -> Option<Result<Option<Instant>>> {
        let due = async { Ok(self.response_due_at.map(Into::into)) };
        ctx.guarded(Requires::any(Permission::TicketUpdate), due).await
    }

    /// When it should be settled. Null when there is no such time, or without the permission.
    #[graphql(directive = requires::apply(Permission::TicketUpdate, false))]
    async fn resolution_due_at(&self, ctx: &Context<'_>) -> Option<Result<Option<Instant>>> {
        let due = async { Ok(self.resolution_due_at.map(Into::into)) };
        ctx.guarded(Requires::any(Permission::TicketUpdate), due).await
    }

    /// The ticket that it was merged into, else null.
    async fn merged_into(&self, ctx: &Context<'_>) -> Option<Result<Arc<Ticket>>> {
        ctx.edge(self.merged_into?).await
    }

    /// The server that it is about. Null when it is about none, or for those who may not see it.
    async fn server(&self, ctx: &Context<'_>) -> Option<Result<Arc<Server>>> {
        ctx.edge(self.server_id?).await
    }

    /// Newest first. Internal notes appear only to holders of `ticket:note`, here, in counts and in cursors alike.
    async fn messages(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many rows from the start, at most 100; 20 by default, 0 for the count alone.")]
        first: Option<Raw<i32>>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many rows from the end, at most 100.")] last: Option<Raw<i32>>,
        #[graphql(desc = "Only rows ahead of this cursor.")] before: Option<String>,
    ) -> Result<Connection<TicketMessage>> {
        let parent = (Column::new("ticket_messages", "ticket_id"), self.id.0);
        TicketMessage::page(ctx, parent, PageArgs::new(first, after, last, before)).await
    }

    /// What the viewer may do with it. Actions come with the mutations that run them.
    async fn allowed_actions(&self) -> Vec<AllowedAction> {
        Vec::new()
    }
}

impl TicketMessage {
    /// One page of the messages of a parent, newest first.
    ///
    /// # Errors
    /// `BAD_USER_INPUT`, and what the database answers.
    pub async fn page(ctx: &Context<'_>, parent: (Column, Uuid), args: PageArgs) -> Result<Connection<Self>> {
        Connection::load(ctx, List::of(parent.0, parent.1, ()), args, (ByAge, true)).await
    }
}

/// A message in a ticket, or an internal note of staff.
#[Object]
impl TicketMessage {
    /// The message's id.
    pub async fn id(&self) -> ID {
        self.id.into()
    }

    /// What it says, in plain text.
    async fn content(&self) -> &str {
        &self.content
    }

    /// Whether it is an internal note, which only holders of `ticket:note` see.
    async fn is_internal(&self) -> bool {
        self.is_internal
    }

    /// When it was written.
    async fn created_at(&self) -> Instant {
        self.created_at.into()
    }

    /// When it last changed.
    async fn updated_at(&self) -> Instant {
        self.updated_at.into()
    }

    /// Who wrote it.
    async fn author(&self, ctx: &Context<'_>) -> Result<Arc<Actor>> {
        ctx.load(ActorOf(self.user_id)).await?.ok_or_else(|| Error::missing_row("a person"))
    }

    /// The ticket that it is in.
    async fn ticket(&self, ctx: &Context<'_>) -> Result<Arc<Ticket>> {
        ctx.load(self.ticket_id).await?.ok_or_else(|| Error::missing_row("a ticket"))
    }
}
