//! Asking for servers and packages.

use super::package::{PackageArguments, ServerPackage};
use super::server::{Server, ServerArguments};
use crate::entity;
use crate::id::{PackageId, ServerId};

/// The queries of this room.
#[derive(Default)]
pub struct ServersQuery;

entity! {
    /// Asking for servers and packages.
    ServersQuery {
        /// One server. Null when there is none with this id, or when the viewer may not know it.
        server = find[ServerId, "The server."], needs own ServerRead;
        /// All servers for holders of `server:read`, the viewer's own for others.
        servers = page[Server, ServerArguments], needs own ServerRead;
        /// One package. Null when there is none with this id, or when the viewer may not know it.
        server_package = find[PackageId, "The package."];
        /// Open to everybody; inactive ones need `package:read`.
        server_packages = page[ServerPackage, PackageArguments];
    }
}
