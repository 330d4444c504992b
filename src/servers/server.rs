//! The server.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel::dsl::AsSelect;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::db::batch::{Found, Key};
use crate::db::list::{Column, Fragment, InScope, OfParent, SortValue, StartsWith};
use crate::db::schema::servers;
use crate::db::unit::Unit;
use crate::error::Result;
use crate::id::{PackageId, ServerId, UserId};
use crate::page::{Cut, Listed, Order};
use crate::viewer::{Permission, Viewer};
use crate::{finish_list, list_rows, text_enum};

text_enum! {
    /// Where a server is in its life. New values may come: keep a default branch.
    ServerStatus {
        /// Ordered; nothing on a node yet.
        Pending = "pending",
        /// Being made.
        Provisioning = "provisioning",
        /// On.
        Running = "running",
        /// Off.
        Stopped = "stopped",
        /// Being switched on.
        Starting = "starting",
        /// Being switched off.
        Stopping = "stopping",
        /// Being restarted.
        Restarting = "restarting",
        /// Being installed anew.
        Rebuilding = "rebuilding",
        /// Being moved to another package.
        Resizing = "resizing",
        /// Switched off by staff or for want of payment.
        Suspended = "suspended",
        /// The provider could not do what was asked.
        Failed = "failed",
        /// Being removed.
        Terminating = "terminating",
        /// Gone.
        Terminated = "terminated",
    }
}

text_enum! {
    /// Why a server is suspended.
    SuspensionReason {
        /// An invoice was not paid.
        Nonpayment = "nonpayment",
        /// It was misused.
        Abuse = "abuse",
        /// Its owner's account is suspended.
        Account = "account",
        /// Staff decided so.
        Admin = "admin",
    }
}

/// A virtual server.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Queryable, Selectable)]
#[diesel(table_name = servers, check_for_backend(Pg))]
pub struct Server {
    pub(crate) id: ServerId,
    pub(crate) revision: i32,
    pub(crate) name: String,
    pub(crate) hostname: String,
    pub(crate) ip_address: Option<String>,
    pub(crate) status: ServerStatus,
    pub(crate) suspension_reason: Option<SuspensionReason>,
    pub(crate) node_id: Option<String>,
    pub(crate) cpu_cores: i32,
    pub(crate) memory_mb: i32,
    pub(crate) disk_gb: i32,
    pub(crate) bandwidth_gb: Option<i32>,
    pub(crate) is_protected: bool,
    pub(crate) terminate_at: Option<DateTime<Utc>>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
    pub(crate) deleted_at: Option<DateTime<Utc>>,
    pub(crate) user_id: UserId,
    pub(crate) package_id: PackageId,
    pub(crate) name_key: String,
}

/// What narrows a list of servers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct ServerFilter {
    pub(crate) search: Option<String>,
    pub(crate) status: Option<Vec<ServerStatus>>,
    pub(crate) package: Option<PackageId>,
    pub(crate) node: Option<String>,
    pub(crate) owner: Option<UserId>,
    pub(crate) include_deleted: bool,
}

/// What servers can be sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, async_graphql::Enum)]
pub enum ServerOrderField {
    /// When the server was ordered.
    CreatedAt,
    /// The name, without regard to case.
    Name,
}

impl Order for ServerOrderField {
    fn column(self) -> Column {
        Column::new(
            "servers",
            match self {
                Self::CreatedAt => "created_at",
                Self::Name => "name_key",
            },
        )
    }
}

type Query = servers::BoxedQuery<'static, Pg, AsSelect<Server, Pg>>;

impl Server {
    /// The servers that `viewer` may see, terminated ones too.
    #[must_use]
    pub fn visible_to(viewer: &Viewer) -> Query {
        let scope = InScope(Column::new("servers", "user_id"), viewer.scope(Permission::ServerRead));
        servers::table.select(Self::as_select()).into_boxed().filter(scope)
    }
}

impl Listed for Server {
    type Order = ServerOrderField;
    type Filter = ServerFilter;

    fn id(&self) -> Uuid {
        self.id.0
    }

    fn sort_value(&self, order: ServerOrderField) -> SortValue {
        match order {
            ServerOrderField::CreatedAt => SortValue::Instant(Some(self.created_at)),
            ServerOrderField::Name => SortValue::Text(self.name_key.clone()),
        }
    }

    fn query(
        viewer: &Viewer,
        parent: Option<OfParent>,
        filter: &ServerFilter,
        cut: Cut<'_, ServerOrderField>,
    ) -> Fragment {
        let mut query = Self::visible_to(viewer);
        if !filter.include_deleted {
            query = query.filter(servers::deleted_at.is_null());
        }
        if let Some(search) = &filter.search {
            let starts = |column| StartsWith { column: Column::new("servers", column), prefix: search.clone() };
            query = query.filter(starts("name_key").or(starts("hostname_key")).or(starts("ip_address")));
        }
        if let Some(status) = &filter.status {
            query = query.filter(servers::status.eq_any(status.clone()));
        }
        if let Some(package) = filter.package {
            query = query.filter(servers::package_id.eq(package));
        }
        if let Some(node) = &filter.node {
            query = query.filter(servers::node_id.eq(node.clone()));
        }
        if let Some(owner) = filter.owner {
            query = query.filter(servers::user_id.eq(owner));
        }
        finish_list!(query, parent, cut)
    }

    list_rows!();
}

impl Key for ServerId {
    type Value = Arc<Server>;

    async fn load(keys: Vec<Self>, unit: Arc<Unit>) -> Result<Found<Self>> {
        let query = Server::visible_to(unit.viewer()).filter(servers::id.eq_any(keys));
        let rows: Vec<Server> = query.load(&mut unit.conn()).await?;
        Ok(rows.into_iter().map(|server| (server.id, Arc::new(server))).collect())
    }
}
