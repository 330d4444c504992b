//! What is done to servers. A server has at most one action that is not finished.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel::dsl::AsSelect;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::server::Server;
use crate::db::batch::{Found, Key};
use crate::db::list::{Column, Fragment, OfParent, SortValue};
use crate::db::schema::{server_actions, servers};
use crate::db::unit::Unit;
use crate::error::Result;
use crate::id::{ServerActionId, ServerId, UserId};
use crate::page::{Cut, Listed, Order};
use crate::viewer::Viewer;
use crate::{finish_list, list_rows, text_enum};

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
}

/// One thing done to a server.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Queryable, Selectable)]
#[diesel(table_name = server_actions, check_for_backend(Pg))]
pub struct ServerAction {
    pub(crate) id: ServerActionId,
    pub(crate) server_id: ServerId,
    pub(crate) kind: ServerActionKind,
    pub(crate) status: ServerActionStatus,
    pub(crate) progress: i32,
    pub(crate) error: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) finished_at: Option<DateTime<Utc>>,
    pub(crate) requested_by: Option<UserId>,
}

type Query = server_actions::BoxedQuery<'static, Pg, AsSelect<ServerAction, Pg>>;

impl ServerAction {
    /// The actions on servers that `viewer` may see.
    #[must_use]
    pub fn visible_to(viewer: &Viewer) -> Query {
        let seen = Server::visible_to(viewer).select(servers::id);
        server_actions::table.select(Self::as_select()).into_boxed().filter(server_actions::server_id.eq_any(seen))
    }
}

/// Actions are sorted by when they were asked for, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ByAge;

impl Order for ByAge {
    fn column(self) -> Column {
        Column::new("server_actions", "created_at")
    }
}

impl Listed for ServerAction {
    type Order = ByAge;
    type Filter = ();

    fn id(&self) -> Uuid {
        self.id.0
    }

    fn sort_value(&self, ByAge: ByAge) -> SortValue {
        SortValue::Instant(Some(self.created_at))
    }

    fn query(viewer: &Viewer, parent: Option<OfParent>, (): &(), cut: Cut<'_, ByAge>) -> Fragment {
        finish_list!(Self::visible_to(viewer), parent, cut)
    }

    list_rows!();
}

impl Key for ServerActionId {
    type Value = Arc<ServerAction>;

    async fn load(keys: Vec<Self>, unit: Arc<Unit>) -> Result<Found<Self>> {
        let query = ServerAction::visible_to(unit.viewer()).filter(server_actions::id.eq_any(keys));
        let rows: Vec<ServerAction> = query.load(&mut unit.conn()).await?;
        Ok(rows.into_iter().map(|action| (action.id, Arc::new(action))).collect())
    }
}

/// The key of the action that a server is busy with.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CurrentActionOf(pub(crate) ServerId);

impl Key for CurrentActionOf {
    type Value = Arc<ServerAction>;

    async fn load(keys: Vec<Self>, unit: Arc<Unit>) -> Result<Found<Self>> {
        let servers: Vec<ServerId> = keys.into_iter().map(|CurrentActionOf(server)| server).collect();
        let open = server_actions::status.eq_any([ServerActionStatus::Queued, ServerActionStatus::Running]);
        let query =
            ServerAction::visible_to(unit.viewer()).filter(server_actions::server_id.eq_any(servers)).filter(open);
        let rows: Vec<ServerAction> = query.load(&mut unit.conn()).await?;
        Ok(rows.into_iter().map(|action| (CurrentActionOf(action.server_id), Arc::new(action))).collect())
    }
}
