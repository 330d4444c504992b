//! Lists of servers.

use diesel::prelude::*;

use super::row::{Server, ServerStatus};
use crate::column;
use crate::db::list::{Column, Ending, Fragment, StartsWith};
use crate::db::schema::servers;
use crate::id::{PackageId, UserId};
use crate::page::{Listed, Order};
use crate::viewer::Viewer;

/// What narrows a list of servers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct ServerFilter {
    pub(super) search: Option<String>,
    pub(super) status: Option<Vec<ServerStatus>>,
    pub(super) package: Option<PackageId>,
    pub(super) node: Option<String>,
    pub(super) owner: Option<UserId>,
    pub(super) include_deleted: bool,
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
        match self {
            Self::CreatedAt => column!(servers.created_at),
            Self::Name => column!(servers.name_key),
        }
    }
}

impl Listed for Server {
    type Order = ServerOrderField;
    type Filter = ServerFilter;

    fn newest() -> ServerOrderField {
        ServerOrderField::CreatedAt
    }

    fn query(viewer: &Viewer, filter: &ServerFilter, mut ending: Ending) -> Fragment {
        let mut query = Self::visible_to(viewer);
        if !filter.include_deleted {
            query = query.filter(servers::deleted_at.is_null());
        }
        // What a generic plan serves badly: how many names begin so differs from text to text.
        ending.plan_anew |= filter.search.is_some();
        if let Some(search) = &filter.search {
            let starts = |column| StartsWith { column, prefix: search.clone() };
            let names = starts(column!(servers.name_key)).or(starts(column!(servers.hostname_key)));
            query = query.filter(names.or(starts(column!(servers.ip_address))));
        }
        if let Some(status) = ending.any_of(column!(servers.status), filter.status.as_ref()) {
            query = query.filter(status);
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
        ending.finish(query)
    }
}
