//! Asking for servers and packages.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object};
use uuid::Uuid;

use super::package::{ByAge, PackageFilter, ServerPackage};
use super::server::{Server, ServerFilter, ServerOrderField, ServerStatus};
use crate::db::list::Column;
use crate::error::{Error, Result};
use crate::id::{PackageId, ServerId, UserId};
use crate::page::{Connection, List, OrderDirection, PageArgs};
use crate::request::Ask as _;
use crate::requires::requires;
use crate::scalar::{Raw, any_of, decode, exact, search};
use crate::viewer::{Permission, Requires, Viewer};

/// What narrows a list of servers. All conditions have to hold; null is none.
#[derive(InputObject, Default)]
#[graphql(name = "ServerFilter")]
pub struct ServerFilterInput {
    /// Matches the start of name, hostname or address.
    search: Option<String>,
    /// Any of these.
    status: Option<Vec<ServerStatus>>,
    /// Sold as this package.
    package_id: Option<ID>,
    /// Hosted on this node.
    #[graphql(directive = requires::apply(Permission::ServerRead, false))]
    node_id: Option<String>,
    /// Of this person.
    #[graphql(directive = requires::apply(Permission::ServerRead, false))]
    owner_id: Option<ID>,
    /// Whether terminated servers are listed too.
    #[graphql(default = false)]
    include_deleted: bool,
}

impl ServerFilterInput {
    fn decode(self, viewer: &Viewer) -> Result<ServerFilter> {
        if self.node_id.is_some() || self.owner_id.is_some() {
            viewer.check(Requires::any(Permission::ServerRead))?;
        }
        let only_terminated =
            |status: &Vec<_>| !status.is_empty() && status.iter().all(|one| *one == ServerStatus::Terminated);
        if self.status.as_ref().is_some_and(only_terminated) && !self.include_deleted {
            let message = "Terminated servers are listed only with `includeDeleted: true`.";
            return Err(Error::bad_input("filter.status", message));
        }
        Ok(ServerFilter {
            search: search(self.search, "filter.search")?,
            status: any_of(self.status, "filter.status")?,
            package: self.package_id.map(|id| PackageId::parse(&id, "filter.packageId")).transpose()?,
            node: exact(self.node_id, "filter.nodeId")?,
            owner: self.owner_id.map(|id| UserId::parse(&id, "filter.ownerId")).transpose()?,
            include_deleted: self.include_deleted,
        })
    }
}

/// How a list of servers is sorted.
#[derive(InputObject, Clone, Copy)]
pub struct ServerOrder {
    /// By what.
    field: ServerOrderField,
    /// Which way.
    direction: OrderDirection,
}

impl Server {
    /// One page of the servers that the viewer may see, all or those of a parent.
    ///
    /// # Errors
    /// `BAD_USER_INPUT`, `FORBIDDEN` for a staff condition, and what the database answers.
    pub async fn page(
        ctx: &Context<'_>,
        parent: Option<(Column, Uuid)>,
        args: PageArgs,
        filter: Option<Raw<ServerFilterInput>>,
        order: Option<Raw<ServerOrder>>,
    ) -> Result<Connection<Self>> {
        let filter = Arc::new(decode(filter, "filter")?.unwrap_or_default().decode(&ctx.viewer())?);
        let order = decode(order, "orderBy")?
            .map_or((ServerOrderField::CreatedAt, true), |by| (by.field, by.direction.is_descending()));
        Connection::load(ctx, List { parent, filter }, args, order).await
    }
}

/// The queries of this room.
#[derive(Default)]
pub struct ServersQuery;

/// Asking for servers and packages.
#[Object]
impl ServersQuery {
    /// One server. Null when there is none with this id, or when the viewer may not know it.
    #[graphql(directive = requires::apply(Permission::ServerRead, true))]
    async fn server(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The server.")] id: Raw<ID>,
    ) -> Option<Result<Option<Arc<Server>>>> {
        let server = async { ctx.load(ServerId::parse(&id.decode("id")?, "id")?).await };
        ctx.guarded(Requires::own(Permission::ServerRead), server).await
    }

    /// All servers for holders of `server:read`, the viewer's own for others.
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
        let page = Server::page(ctx, None, PageArgs::new(first, after, last, before), filter, order_by);
        ctx.guarded(Requires::own(Permission::ServerRead), page).await
    }

    /// One package. Null when there is none with this id, or when the viewer may not know it.
    async fn server_package(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The package.")] id: Raw<ID>,
    ) -> Option<Result<Option<Arc<ServerPackage>>>> {
        Some(async { ctx.load(PackageId::parse(&id.decode("id")?, "id")?).await }.await)
    }

    /// Open to everybody; inactive ones need `package:read`.
    async fn server_packages(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many rows from the start, at most 100; 20 by default, 0 for the count alone.")]
        first: Option<Raw<i32>>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many rows from the end, at most 100.")] last: Option<Raw<i32>>,
        #[graphql(desc = "Only rows ahead of this cursor.")] before: Option<String>,
        #[graphql(
            default_with = "Raw::of(&false)",
            desc = "Whether packages that are not on sale are listed too.",
            directive = requires::apply(Permission::PackageRead, false)
        )]
        include_inactive: Raw<bool>,
    ) -> Option<Result<Connection<ServerPackage>>> {
        let args = PageArgs::new(first, after, last, before);
        Some(packages(ctx, args, include_inactive).await)
    }
}

async fn packages(ctx: &Context<'_>, args: PageArgs, include_inactive: Raw<bool>) -> Result<Connection<ServerPackage>> {
    // A variable that was left out comes as null, and means the default.
    let include_inactive = decode(Some(include_inactive), "includeInactive")?.unwrap_or(false);
    let filter = PackageFilter { include_inactive };
    if filter.include_inactive {
        ctx.viewer().check(Requires::any(Permission::PackageRead))?;
    }
    Connection::load(ctx, List::root(filter), args, (ByAge, true)).await
}
