//! What a client can narrow and sort servers by.

use async_graphql::{ID, InputObject};

use super::list::{ServerFilter, ServerOrderField};
use super::row::ServerStatus;
use crate::error::{Error, Result};
use crate::id::{PackageId, UserId};
use crate::page::{FilterInput, Filtered, order};
use crate::requires::requires;
use crate::scalar::{any_of, exact, search};
use crate::viewer::{Permission, Requires, Viewer};

/// The arguments of a list of servers.
pub type ServerArguments = Filtered<ServerFilterInput, ServerOrder>;

/// What narrows a list of servers. All conditions have to hold; null is none.
#[derive(InputObject, Default)]
#[graphql(name = "ServerFilter")]
pub struct ServerFilterInput {
    /// Matches the start of name, hostname or address. Blanks at the edges do not count; blank is no condition.
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

impl FilterInput for ServerFilterInput {
    type Filter = ServerFilter;
    const ABOUT: &'static str = "Which rows. Default all but the terminated.";

    /// `FORBIDDEN` for a staff condition.
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

order! {
    /// How a list of servers is sorted.
    ServerOrder by ServerOrderField
}
