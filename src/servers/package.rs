//! What can be bought.

use std::sync::Arc;

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use diesel::dsl::AsSelect;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::server::Server;
use crate::db::batch::{Found, Key};
use crate::db::list::{Column, Fragment, OfParent, SortValue};
use crate::db::schema::{server_packages, servers};
use crate::db::unit::Unit;
use crate::error::Result;
use crate::id::PackageId;
use crate::page::{Cut, Listed, Order};
use crate::viewer::{Permission, Viewer};
use crate::{finish_list, list_rows};

/// What can be bought.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Queryable, Selectable)]
#[diesel(table_name = server_packages, check_for_backend(Pg))]
pub struct ServerPackage {
    pub(crate) id: PackageId,
    pub(crate) revision: i32,
    pub(crate) name: String,
    pub(crate) cpu_cores: i32,
    pub(crate) memory_mb: i32,
    pub(crate) disk_gb: i32,
    pub(crate) bandwidth_gb: Option<i32>,
    pub(crate) price_monthly: BigDecimal,
    pub(crate) price_hourly: BigDecimal,
    pub(crate) currency: String,
    pub(crate) is_active: bool,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

/// What narrows the list of packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PackageFilter {
    pub(crate) include_inactive: bool,
}

/// Packages are sorted by when they were made, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ByAge;

impl Order for ByAge {
    fn column(self) -> Column {
        Column::new("server_packages", "created_at")
    }
}

type Query = server_packages::BoxedQuery<'static, Pg, AsSelect<ServerPackage, Pg>>;

impl ServerPackage {
    /// The packages that `viewer` may see: active ones, those behind a server that the viewer sees, and
    /// for holders of `package:read` all of them.
    #[must_use]
    pub fn visible_to(viewer: &Viewer) -> Query {
        let query = server_packages::table.select(Self::as_select()).into_boxed();
        if viewer.can(Permission::PackageRead) {
            return query;
        }
        if viewer.user().is_none() {
            return query.filter(server_packages::is_active);
        }
        let in_use = Server::visible_to(viewer).select(servers::package_id);
        query.filter(server_packages::is_active.or(server_packages::id.eq_any(in_use)))
    }
}

impl Listed for ServerPackage {
    type Order = ByAge;
    type Filter = PackageFilter;

    fn id(&self) -> Uuid {
        self.id.0
    }

    fn sort_value(&self, ByAge: ByAge) -> SortValue {
        SortValue::Instant(Some(self.created_at))
    }

    fn query(viewer: &Viewer, parent: Option<OfParent>, filter: &PackageFilter, cut: Cut<'_, ByAge>) -> Fragment {
        let mut query = Self::visible_to(viewer);
        if !filter.include_inactive {
            query = query.filter(server_packages::is_active);
        }
        finish_list!(query, parent, cut)
    }

    list_rows!();
}

impl Key for PackageId {
    type Value = Arc<ServerPackage>;

    async fn load(keys: Vec<Self>, unit: Arc<Unit>) -> Result<Found<Self>> {
        let query = ServerPackage::visible_to(unit.viewer()).filter(server_packages::id.eq_any(keys));
        let rows: Vec<ServerPackage> = query.load(&mut unit.conn()).await?;
        Ok(rows.into_iter().map(|package| (package.id, Arc::new(package))).collect())
    }
}
