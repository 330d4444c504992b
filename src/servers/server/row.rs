//! The server's row.

use diesel::pg::Pg;
use diesel::prelude::*;

use crate::db::list::InScope;
use crate::db::schema::servers;
use crate::id::{PackageId, ServerId, UserId};
use crate::scalar::Instant;
use crate::viewer::{Permission, Viewer};
use crate::{by_id, column, row, text_enum};

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
    usual {
        [Running, Stopped],
        [Pending, Provisioning],
        [Provisioning, Starting, Stopping, Restarting, Rebuilding, Resizing, Terminating],
        [Suspended, Failed],
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

row! {
    /// A virtual server.
    Server of servers {
        id: ServerId,
        revision: i32,
        name: String,
        hostname: String,
        ip_address: Option<String>,
        status: ServerStatus,
        suspension_reason: Option<SuspensionReason>,
        node_id: Option<String>,
        cpu_cores: i32,
        memory_mb: i32,
        disk_gb: i32,
        bandwidth_gb: Option<i32>,
        is_protected: bool,
        terminate_at: Option<Instant>,
        created_at: Instant,
        updated_at: Instant,
        deleted_at: Option<Instant>,
        user_id: UserId,
        package_id: PackageId,
    }
}

by_id! { Server by ServerId in servers }

impl Server {
    /// The servers that `viewer` may see, terminated ones too.
    #[must_use]
    pub fn visible_to(viewer: &Viewer) -> servers::BoxedQuery<'static, Pg> {
        let scope = InScope(column!(servers.user_id), viewer.scope(Permission::ServerRead));
        servers::table.into_boxed().filter(scope)
    }

    /// Whose it is.
    #[must_use]
    pub fn owner(&self) -> UserId {
        self.user_id
    }
}
