//! The account, as clients see it.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_graphql::{Context, ID, Object};

use super::role::RoleAssignment;
use crate::billing::{
    CreditsOf, Invoice, InvoiceFilterInput, InvoiceOrder, Transaction, TransactionFilterInput, TransactionOrder,
};
use crate::db::list::Column;
use crate::error::Result;
use crate::id::UserId;
use crate::identity::password_reset::{ByRequest, PasswordReset};
use crate::identity::role::{Held, Role, RolesOf};
use crate::identity::session::{ByStart, Session};
use crate::identity::user::{User, UserStatus};
use crate::money::Money;
use crate::outcome::AllowedAction;
use crate::page::{Connection, List, PageArgs};
use crate::request::Ask as _;
use crate::requires::requires;
use crate::scalar::{Instant, Raw};
use crate::servers::{Server, ServerFilterInput, ServerOrder};
use crate::support::{Ticket, TicketFilterInput, TicketMessage, TicketOrder};
use crate::viewer::{Permission, Requires};

/// An account. Visible to its owner and to holders of `user:read`.
#[Object]
impl User {
    /// The account's id.
    pub async fn id(&self) -> ID {
        self.id.into()
    }

    /// Counts the changes of the row; give it back as `expectedRevision`.
    async fn revision(&self) -> i32 {
        self.revision
    }

    /// First and last name, else the username.
    #[graphql(name = "displayName")]
    async fn graphql_display_name(&self) -> String {
        self.display_name()
    }

    /// The address that the account signs in with and gets mail at.
    async fn email(&self) -> &str {
        &self.email
    }

    /// The other name that the account signs in with.
    async fn username(&self) -> &str {
        &self.username
    }

    /// Null when the person gave none.
    async fn first_name(&self) -> Option<&str> {
        self.first_name.as_deref()
    }

    /// Null when the person gave none.
    async fn last_name(&self) -> Option<&str> {
        self.last_name.as_deref()
    }

    /// Whether the person has shown that the e-mail address is theirs.
    async fn email_verified(&self) -> bool {
        self.email_verified
    }

    /// Where the account is in its life.
    async fn status(&self) -> UserStatus {
        self.status
    }

    /// When the account was made.
    async fn created_at(&self) -> Instant {
        self.created_at.into()
    }

    /// When the account last changed.
    async fn updated_at(&self) -> Instant {
        self.updated_at.into()
    }

    /// When the person last signed in. Null before the first time.
    async fn last_login(&self) -> Option<Instant> {
        self.last_login.map(Into::into)
    }

    /// The id of this person in VirtFusion. Null when there is none, or without `user:read`.
    #[graphql(directive = requires::apply(Permission::UserRead, false))]
    async fn virtfusion_id(&self, ctx: &Context<'_>) -> Option<Result<Option<&str>>> {
        ctx.guarded(Requires::any(Permission::UserRead), async { Ok(self.virtfusion_id.as_deref()) }).await
    }

    /// The roles that the person holds, the longest held first.
    async fn roles(&self, ctx: &Context<'_>) -> Result<Vec<Arc<Role>>> {
        Ok(held(ctx, self.id).await?.iter().map(|held| Arc::clone(&held.role)).collect())
    }

    /// The roles with the time each was given.
    async fn role_assignments(&self, ctx: &Context<'_>) -> Result<Vec<RoleAssignment>> {
        let held = held(ctx, self.id).await?;
        Ok(held
            .iter()
            .map(|held| RoleAssignment { role: Arc::clone(&held.role), assigned_at: held.assigned_at.into() })
            .collect())
    }

    /// Prepaid balance, one entry a currency. Null without the permission.
    #[graphql(directive = requires::apply(Permission::CreditRead, true))]
    async fn credits(&self, ctx: &Context<'_>) -> Option<Result<Arc<Vec<Money>>>> {
        let credits = async { Ok(ctx.load(CreditsOf(self.id)).await?.unwrap_or_default()) };
        ctx.guarded_for(Requires::own(Permission::CreditRead), self.id, credits).await
    }

    /// What the person is told about the suspension. Null when not suspended.
    async fn suspension_reason(&self) -> Option<&str> {
        self.suspension_reason.as_deref()
    }

    /// Requests to set a new password, newest first. Null without the permission.
    #[graphql(directive = requires::apply(Permission::UserResetCredentials, false))]
    async fn password_resets(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many rows from the start, at most 100; 20 by default, 0 for the count alone.")]
        first: Option<Raw<i32>>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many rows from the end, at most 100.")] last: Option<Raw<i32>>,
        #[graphql(desc = "Only rows ahead of this cursor.")] before: Option<String>,
    ) -> Option<Result<Connection<PasswordReset>>> {
        let list = List::of(Column::new("password_reset_tokens", "user_id"), self.id, ());
        let page = Connection::load(ctx, list, PageArgs::new(first, after, last, before), (ByRequest, true));
        ctx.guarded(Requires::any(Permission::UserResetCredentials), page).await
    }

    /// The union of the permissions of all roles, sorted.
    async fn permissions(&self, ctx: &Context<'_>) -> Result<BTreeSet<String>> {
        Ok(held(ctx, self.id).await?.iter().flat_map(|held| held.role.permissions()).collect())
    }

    /// What the viewer may do with this account.
    async fn allowed_actions(&self, ctx: &Context<'_>) -> Vec<AllowedAction> {
        let viewer = ctx.viewer();
        if viewer.user() != Some(self.id) {
            return Vec::new();
        }
        vec![AllowedAction::by_permission(
            "revokeOtherSessions",
            &viewer,
            Requires::own(Permission::SessionRevoke),
            self.id,
        )]
    }

    /// Signed-in devices, the newest first. Null without the permission.
    #[graphql(directive = requires::apply(Permission::SessionRead, true))]
    async fn sessions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many rows from the start, at most 100; 20 by default, 0 for the count alone.")]
        first: Option<Raw<i32>>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many rows from the end, at most 100.")] last: Option<Raw<i32>>,
        #[graphql(desc = "Only rows ahead of this cursor.")] before: Option<String>,
    ) -> Option<Result<Connection<Session>>> {
        let list = List::of(Column::new("sessions", "user_id"), self.id, ());
        let page = Connection::load(ctx, list, PageArgs::new(first, after, last, before), (ByStart, true));
        ctx.guarded_for(Requires::own(Permission::SessionRead), self.id, page).await
    }

    /// The person's servers, newest first. Null without the permission.
    #[graphql(directive = requires::apply(Permission::ServerRead, true))]
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection")]
    async fn servers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many rows from the start, at most 100; 20 by default, 0 for the count alone.")]
        first: Option<Raw<i32>>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many rows from the end, at most 100.")] last: Option<Raw<i32>>,
        #[graphql(desc = "Only rows ahead of this cursor.")] before: Option<String>,
        #[graphql(desc = "Which rows. Default all but the terminated.")] filter: Option<Raw<ServerFilterInput>>,
        #[graphql(desc = "Default newest first.")] order_by: Option<Raw<ServerOrder>>,
    ) -> Option<Result<Connection<Server>>> {
        let page = Server::page(
            ctx,
            Some((Column::new("servers", "user_id"), self.id.0)),
            PageArgs::new(first, after, last, before),
            filter,
            order_by,
        );
        ctx.guarded_for(Requires::own(Permission::ServerRead), self.id, page).await
    }

    /// The person's invoices, newest first. Null without the permission.
    #[graphql(directive = requires::apply(Permission::InvoiceRead, true))]
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection")]
    async fn invoices(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many rows from the start, at most 100; 20 by default, 0 for the count alone.")]
        first: Option<Raw<i32>>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many rows from the end, at most 100.")] last: Option<Raw<i32>>,
        #[graphql(desc = "Only rows ahead of this cursor.")] before: Option<String>,
        #[graphql(desc = "Which rows. Default all.")] filter: Option<Raw<InvoiceFilterInput>>,
        #[graphql(desc = "Default newest first.")] order_by: Option<Raw<InvoiceOrder>>,
    ) -> Option<Result<Connection<Invoice>>> {
        let page = Invoice::page(
            ctx,
            Some((Column::new("invoices", "user_id"), self.id.0)),
            PageArgs::new(first, after, last, before),
            filter,
            order_by,
        );
        ctx.guarded_for(Requires::own(Permission::InvoiceRead), self.id, page).await
    }

    /// The person's transactions, newest first. Null without the permission.
    #[graphql(directive = requires::apply(Permission::TransactionRead, true))]
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection")]
    async fn transactions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many rows from the start, at most 100; 20 by default, 0 for the count alone.")]
        first: Option<Raw<i32>>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many rows from the end, at most 100.")] last: Option<Raw<i32>>,
        #[graphql(desc = "Only rows ahead of this cursor.")] before: Option<String>,
        #[graphql(desc = "Which rows. Default all.")] filter: Option<Raw<TransactionFilterInput>>,
        #[graphql(desc = "Default newest first.")] order_by: Option<Raw<TransactionOrder>>,
    ) -> Option<Result<Connection<Transaction>>> {
        let page = Transaction::page(
            ctx,
            Some((Column::new("transactions", "user_id"), self.id.0)),
            PageArgs::new(first, after, last, before),
            filter,
            order_by,
        );
        ctx.guarded_for(Requires::own(Permission::TransactionRead), self.id, page).await
    }

    /// Tickets that this person opened, newest first. Null without the permission.
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
        let page = Ticket::page(
            ctx,
            Some((Column::new("tickets", "user_id"), self.id.0)),
            PageArgs::new(first, after, last, before),
            filter,
            order_by,
        );
        ctx.guarded_for(Requires::own(Permission::TicketRead), self.id, page).await
    }

    /// Tickets assigned to this person, newest first. Null without the permission.
    #[graphql(directive = requires::apply(Permission::TicketRead, true))]
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection")]
    async fn assigned_tickets(
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
        let page = Ticket::page(
            ctx,
            Some((Column::new("tickets", "assigned_to"), self.id.0)),
            PageArgs::new(first, after, last, before),
            filter,
            order_by,
        );
        ctx.guarded_for(Requires::own(Permission::TicketRead), self.id, page).await
    }

    /// Messages that this person wrote, newest first. Null without the permission.
    #[graphql(directive = requires::apply(Permission::TicketRead, true))]
    async fn ticket_messages(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many rows from the start, at most 100; 20 by default, 0 for the count alone.")]
        first: Option<Raw<i32>>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many rows from the end, at most 100.")] last: Option<Raw<i32>>,
        #[graphql(desc = "Only rows ahead of this cursor.")] before: Option<String>,
    ) -> Option<Result<Connection<TicketMessage>>> {
        let page = TicketMessage::page(
            ctx,
            (Column::new("ticket_messages", "user_id"), self.id.0),
            PageArgs::new(first, after, last, before),
        );
        ctx.guarded_for(Requires::own(Permission::TicketRead), self.id, page).await
    }
}

async fn held(ctx: &Context<'_>, user: UserId) -> Result<Arc<Vec<Held>>> {
    Ok(ctx.load(RolesOf(user)).await?.unwrap_or_default())
}
