//! Servers, actions and packages, as clients see them.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};

use super::action::{ByAge, CurrentActionOf, ServerAction, ServerActionKind, ServerActionStatus};
use super::package::ServerPackage;
use super::server::{Server, ServerStatus, SuspensionReason};
use crate::db::list::Column;
use crate::error::{Error, Result};
use crate::identity::{Actor, ActorOf, User};
use crate::money::Money;
use crate::outcome::AllowedAction;
use crate::page::{Connection, List, PageArgs};
use crate::request::Ask as _;
use crate::requires::requires;
use crate::scalar::{Instant, Raw};
use crate::viewer::{Permission, Requires};

/// A virtual server. Visible to its owner and to holders of `server:read`.
#[Object]
impl Server {
    /// The server's id.
    pub async fn id(&self) -> ID {
        self.id.into()
    }

    /// Counts the changes of the row; give it back as `expectedRevision`.
    async fn revision(&self) -> i32 {
        self.revision
    }

    /// What its owner calls it.
    async fn name(&self) -> &str {
        &self.name
    }

    /// What it calls itself.
    async fn hostname(&self) -> &str {
        &self.hostname
    }

    /// Its address. Null until it is provisioned and after it is terminated.
    async fn ip_address(&self) -> Option<&str> {
        self.ip_address.as_deref()
    }

    /// Where it is in its life.
    async fn status(&self) -> ServerStatus {
        self.status
    }

    /// Why it is suspended. Null when it is not.
    async fn suspension_reason(&self) -> Option<SuspensionReason> {
        self.suspension_reason
    }

    /// The node that hosts it. Null for customers and while pending.
    #[graphql(directive = requires::apply(Permission::ServerRead, false))]
    async fn node_id(&self, ctx: &Context<'_>) -> Option<&str> {
        // Null without an error: owners ask for it in the same documents as staff.
        if ctx.viewer().can(Permission::ServerRead) { self.node_id.as_deref() } else { None }
    }

    /// Virtual processors.
    async fn cpu_cores(&self) -> i32 {
        self.cpu_cores
    }

    /// Memory in MiB.
    async fn memory_mb(&self) -> i32 {
        self.memory_mb
    }

    /// Disk in GiB.
    async fn disk_gb(&self) -> i32 {
        self.disk_gb
    }

    /// Traffic in GB per month. Null means unmetered; zero means none.
    async fn bandwidth_gb(&self) -> Option<i32> {
        self.bandwidth_gb
    }

    /// Protected servers refuse termination, rebuild and resize.
    async fn is_protected(&self) -> bool {
        self.is_protected
    }

    /// When it will be terminated, if that is scheduled, else null; cancellable until then.
    async fn terminate_at(&self) -> Option<Instant> {
        self.terminate_at.map(Into::into)
    }

    /// When it was ordered.
    async fn created_at(&self) -> Instant {
        self.created_at.into()
    }

    /// When it last changed.
    async fn updated_at(&self) -> Instant {
        self.updated_at.into()
    }

    /// When it was terminated, else null. Terminated servers are listed only with `includeDeleted`.
    async fn deleted_at(&self) -> Option<Instant> {
        self.deleted_at.map(Into::into)
    }

    /// Whose it is. Null for those who may not see the account.
    async fn owner(&self, ctx: &Context<'_>) -> Option<Result<Arc<User>>> {
        ctx.edge(self.user_id).await
    }

    /// What it was sold as. Its own resources are on the server, and may differ by now.
    async fn package(&self, ctx: &Context<'_>) -> Result<Arc<ServerPackage>> {
        ctx.load(self.package_id).await?.ok_or_else(|| Error::missing_row("a package"))
    }

    /// The action in progress, if any, else null; while it runs every other action answers LOCKED.
    async fn current_action(&self, ctx: &Context<'_>) -> Option<Result<Arc<ServerAction>>> {
        ctx.edge(CurrentActionOf(self.id)).await
    }

    /// What was done to it, newest first.
    async fn actions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many rows from the start, at most 100; 20 by default, 0 for the count alone.")]
        first: Option<Raw<i32>>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many rows from the end, at most 100.")] last: Option<Raw<i32>>,
        #[graphql(desc = "Only rows ahead of this cursor.")] before: Option<String>,
    ) -> Result<Connection<ServerAction>> {
        let actions = List::of(Column::new("server_actions", "server_id"), self.id, ());
        Connection::load(ctx, actions, PageArgs::new(first, after, last, before), (ByAge, true)).await
    }

    /// What the viewer may do with it. Actions come with the mutations that run them.
    async fn allowed_actions(&self) -> Vec<AllowedAction> {
        Vec::new()
    }
}

/// One thing done to a server by the provider, with its progress.
#[Object]
impl ServerAction {
    /// The action's id.
    pub async fn id(&self) -> ID {
        self.id.into()
    }

    /// What is done.
    async fn kind(&self) -> ServerActionKind {
        self.kind
    }

    /// How far it is.
    async fn status(&self) -> ServerActionStatus {
        self.status
    }

    /// 0 to 100.
    async fn progress(&self) -> i32 {
        self.progress
    }

    /// What the provider said when it failed, fit for the owner's eyes. Null unless it failed.
    async fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    /// When it was asked for.
    async fn created_at(&self) -> Instant {
        self.created_at.into()
    }

    /// When it ended. Null while it runs.
    async fn finished_at(&self) -> Option<Instant> {
        self.finished_at.map(Into::into)
    }

    /// The server.
    async fn server(&self, ctx: &Context<'_>) -> Result<Arc<Server>> {
        ctx.load(self.server_id).await?.ok_or_else(|| Error::missing_row("a server"))
    }

    /// Who asked: a person, or the system. Customers see whoever suspended a server as "Support".
    async fn requested_by(&self, ctx: &Context<'_>) -> Result<Arc<Actor>> {
        let viewer = ctx.viewer();
        let suspends = matches!(self.kind, ServerActionKind::Suspend | ServerActionKind::Unsuspend);
        match self.requested_by {
            Some(user) if suspends && !viewer.is_staff() && viewer.user() != Some(user) => {
                Ok(Arc::new(Actor::support()))
            }
            Some(user) => ctx.load(ActorOf(user)).await?.ok_or_else(|| Error::missing_row("a person")),
            None => Ok(Arc::new(Actor::system())),
        }
    }
}

/// What can be bought. Active packages are visible to everybody.
#[Object]
impl ServerPackage {
    /// The package's id.
    pub async fn id(&self) -> ID {
        self.id.into()
    }

    /// Counts the changes of the row; give it back as `expectedRevision`.
    async fn revision(&self) -> i32 {
        self.revision
    }

    /// What it is called.
    async fn name(&self) -> &str {
        &self.name
    }

    /// Virtual processors.
    async fn cpu_cores(&self) -> i32 {
        self.cpu_cores
    }

    /// Memory in MiB.
    async fn memory_mb(&self) -> i32 {
        self.memory_mb
    }

    /// Disk in GiB.
    async fn disk_gb(&self) -> i32 {
        self.disk_gb
    }

    /// Traffic in GB per month. Null means unmetered; zero means none.
    async fn bandwidth_gb(&self) -> Option<i32> {
        self.bandwidth_gb
    }

    /// The most that a calendar month costs.
    async fn price_monthly(&self) -> Money {
        Money::new(&self.price_monthly, &self.currency)
    }

    /// What a started hour costs, with six decimals.
    async fn price_hourly(&self) -> Money {
        Money::per_hour(&self.price_hourly, &self.currency)
    }

    /// Whether it is on sale.
    async fn is_active(&self) -> bool {
        self.is_active
    }

    /// When it was made.
    async fn created_at(&self) -> Instant {
        self.created_at.into()
    }

    /// When it last changed.
    async fn updated_at(&self) -> Instant {
        self.updated_at.into()
    }

    /// Servers that were sold as it: all for holders of `server:read`, the viewer's own for others. Null
    /// without the permission.
    #[graphql(directive = requires::apply(Permission::ServerRead, true))]
    async fn servers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many rows from the start, at most 100; 20 by default, 0 for the count alone.")]
        first: Option<Raw<i32>>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many rows from the end, at most 100.")] last: Option<Raw<i32>>,
        #[graphql(desc = "Only rows ahead of this cursor.")] before: Option<String>,
    ) -> Option<Result<Connection<Server>>> {
        let args = PageArgs::new(first, after, last, before);
        let page = Server::page(ctx, Some((Column::new("servers", "package_id"), self.id.0)), args, None, None);
        ctx.guarded(Requires::own(Permission::ServerRead), page).await
    }
}
