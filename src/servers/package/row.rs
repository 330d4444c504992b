//! The package's row, and its lists.

use bigdecimal::BigDecimal;
use diesel::pg::Pg;
use diesel::prelude::*;

use crate::db::list::{Ending, Fragment};
use crate::db::schema::{server_packages, servers};
use crate::id::PackageId;
use crate::money::CurrencyCode;
use crate::page::{Listed, Newest};
use crate::scalar::Instant;
use crate::servers::server::Server;
use crate::viewer::{Permission, Viewer};
use crate::{by_id, column, row};

row! {
    /// What can be bought.
    ServerPackage of server_packages {
        id: PackageId,
        revision: i32,
        name: String,
        cpu_cores: i32,
        memory_mb: i32,
        disk_gb: i32,
        bandwidth_gb: Option<i32>,
        price_monthly: BigDecimal,
        price_hourly: BigDecimal,
        currency: CurrencyCode,
        is_active: bool,
        created_at: Instant,
        updated_at: Instant,
    }
}

by_id! { ServerPackage by PackageId in server_packages }

/// What narrows the list of packages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct PackageFilter {
    pub(super) include_inactive: bool,
}

impl ServerPackage {
    /// The packages that `viewer` may see: active ones, those behind a server that the viewer sees, and
    /// for holders of `package:read` all of them.
    #[must_use]
    pub fn visible_to(viewer: &Viewer) -> server_packages::BoxedQuery<'static, Pg> {
        let query = server_packages::table.into_boxed();
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
    type Order = Newest;
    type Filter = PackageFilter;

    fn newest() -> Newest {
        Newest(column!(server_packages.created_at))
    }

    fn query(viewer: &Viewer, filter: &PackageFilter, ending: Ending) -> Fragment {
        let mut query = Self::visible_to(viewer);
        if !filter.include_inactive {
            query = query.filter(server_packages::is_active);
        }
        ending.finish(query)
    }
}
