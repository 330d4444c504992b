//! Packages, as clients see them.

use super::row::ServerPackage;
use crate::entity;
use crate::entity::part;
use crate::money::Money;
use crate::servers::Server;

entity! {
    /// What can be bought. Active packages are visible to everybody.
    ServerPackage: Node {
        /// The package's id.
        id;
        /// Counts the changes of the row; give it back as `expectedRevision`.
        revision;
        /// What it is called.
        name;
        /// Virtual processors.
        cpu_cores;
        /// Memory in MiB.
        memory_mb;
        /// Disk in GiB.
        disk_gb;
        /// Traffic in GB per month. Null means unmetered; zero means none.
        bandwidth_gb;
        /// The most that a calendar month costs.
        price_monthly = part[price_monthly, currency => Money::new(price_monthly, *currency)];
        /// What a started hour costs, with six decimals.
        price_hourly = part[price_hourly, currency => Money::per_hour(price_hourly, *currency)];
        /// Whether it is on sale.
        is_active;
        /// When it was made.
        created_at;
        /// When it last changed.
        updated_at;
        /// Servers that were sold as it: all for holders of `server:read`, the viewer's own for others. Null
        /// without the permission.
        servers = page[Server of servers.package_id], needs own ServerRead;
    }
}
