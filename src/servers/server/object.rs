//! Servers, as clients see them.

use super::row::Server;
use crate::entity;
use crate::entity::{edge, found, parts, required};
use crate::outcome::AllowedAction;
use crate::servers::ServerAction;
use crate::servers::action::CurrentActionOf;
use crate::support::Ticket;

entity! {
    /// A virtual server. Visible to its owner and to holders of `server:read`.
    Server: Node {
        /// The server's id.
        id;
        /// Counts the changes of the row; give it back as `expectedRevision`.
        revision;
        /// What its owner calls it.
        name;
        /// What it calls itself.
        hostname;
        /// Its address. Null until it is provisioned and after it is terminated.
        ip_address;
        /// Where it is in its life.
        status;
        /// Why it is suspended. Null when it is not.
        suspension_reason;
        /// The node that hosts it. Null for customers and while pending.
        node_id, needs ServerRead;
        /// Virtual processors.
        cpu_cores;
        /// Memory in MiB.
        memory_mb;
        /// Disk in GiB.
        disk_gb;
        /// Traffic in GB per month. Null means unmetered; zero means none.
        bandwidth_gb;
        /// Protected servers refuse termination, rebuild and resize.
        is_protected;
        /// When it will be terminated, if that is scheduled, else null; cancellable until then.
        terminate_at;
        /// When it was ordered.
        created_at;
        /// When it last changed.
        updated_at;
        /// When it was terminated, else null. Terminated servers are listed only with `includeDeleted`.
        deleted_at;
        /// Whose it is. Null for those who may not see the account.
        owner = edge[user_id];
        /// What it was sold as. Its own resources are on the server, and may differ by now.
        package = required[package_id];
        /// The action in progress, if any, else null; while it runs every other action answers LOCKED.
        current_action = found[id => CurrentActionOf(*id)];
        /// What was done to it, newest first.
        actions = page[ServerAction of server_actions.server_id];
        /// Tickets about it: all for holders of `ticket:read`, the viewer's own for others. Null without the permission.
        tickets = page[Ticket of tickets.server_id], needs own TicketRead;
        /// What the viewer may do with it. Actions come with the mutations that run them.
        allowed_actions = parts[ => Vec::<AllowedAction>::new()];
    }
}
