//! What is done to servers. A server has at most one action that is not finished.

use std::sync::Arc;

use diesel::pg::Pg;
use diesel::prelude::*;

use crate::db::batch::{Found, Key};
use crate::db::list::{AnyOf, Ending, Fragment};
use crate::db::row::{Columns, Placed, Selected};
use crate::db::schema::{server_actions, servers};
use crate::db::unit::Unit;
use crate::error::Result;
use crate::id::{ServerActionId, ServerId, UserId};
use crate::page::{Listed, Newest};
use crate::scalar::Instant;
use crate::servers::server::Server;
use crate::viewer::{Permission, Scope, Viewer};
use crate::{by_id, column, row, text_enum};

text_enum! {
    /// What is done to a server. New values may come: keep a default branch.
    ServerActionKind {
        /// Made.
        Provision = "provision",
        /// Switched on.
        Start = "start",
        /// Switched off.
        Stop = "stop",
        /// Restarted.
        Restart = "restart",
        /// Installed anew.
        Rebuild = "rebuild",
        /// Moved to another package.
        Resize = "resize",
        /// Suspended.
        Suspend = "suspend",
        /// No longer suspended.
        Unsuspend = "unsuspend",
        /// Removed.
        Terminate = "terminate",
    }
}

text_enum! {
    /// How far an action is.
    ServerActionStatus {
        /// Waits for the provider.
        Queued = "queued",
        /// The provider is at it.
        Running = "running",
        /// Done.
        Succeeded = "succeeded",
        /// The provider could not.
        Failed = "failed",
    }
    usual {
        [Queued, Running],
    }
}

row! {
    /// One thing done to a server.
    ServerAction of server_actions {
        id: ServerActionId,
        server_id: ServerId,
        kind: ServerActionKind,
        status: ServerActionStatus,
        progress: i32,
        error: Option<String>,
        created_at: Instant,
        finished_at: Option<Instant>,
        requested_by: Option<UserId>,
    }
}

by_id! { ServerAction by ServerActionId in server_actions }

impl ServerAction {
    /// The actions on servers that `viewer` may see.
    #[must_use]
    pub fn visible_to(viewer: &Viewer) -> server_actions::BoxedQuery<'static, Pg> {
        let query = server_actions::table.into_boxed();
        if viewer.scope(Permission::ServerRead) == Scope::All {
            return query;
        }
        let seen = Server::visible_to(viewer).select(servers::id);
        query.filter(server_actions::server_id.eq_any(seen))
    }
}

impl Listed for ServerAction {
    type Order = Newest;
    type Filter = ();

    fn newest() -> Newest {
        Newest(column!(server_actions.created_at))
    }

    fn query(viewer: &Viewer, (): &(), ending: Ending) -> Fragment {
        ending.finish(Self::visible_to(viewer))
    }
}

/// The key of the action that a server is busy with.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CurrentActionOf(pub(in crate::servers) ServerId);

impl Key for CurrentActionOf {
    type Value = Arc<ServerAction>;

    async fn load(keys: Vec<Self>, unit: Arc<Unit>) -> Result<Found<Self>> {
        let servers = keys.into_iter().map(|CurrentActionOf(server)| server.0).collect();
        let selected = Selected::of::<ServerAction>(Columns::ALL, None);
        let ending =
            Ending::new(selected, unit.viewer().statement_kind()).of_ids(column!(server_actions.server_id), servers);
        let open = [ServerActionStatus::Queued, ServerActionStatus::Running];
        let mut query = ServerAction::visible_to(unit.viewer());
        if let Some(open) = AnyOf::new(column!(server_actions.status), &open) {
            query = query.filter(open);
        }
        let rows = unit.fetch(ending.finish(query), |row| selected.read::<ServerAction>(row, 0)).await?;
        Ok(rows.into_iter().map(|Placed { row, .. }| (CurrentActionOf(row.server_id), Arc::new(row))).collect())
    }
}
