//! When something was last written in a ticket.

use std::sync::Arc;

use diesel::sql_types::{Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;

use crate::db::batch::{Found, Key};
use crate::db::statement::{Bind, Statement};
use crate::db::unit::Unit;
use crate::error::Result;
use crate::id::TicketId;
use crate::scalar::Instant;
use crate::viewer::Permission;

/// The key of when the last message of a ticket was written that the viewer may read: it never tells of a note to
/// whoever may not know of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LastMessageOf(pub(in crate::support) TicketId);

impl Key for LastMessageOf {
    type Value = Instant;

    async fn load(keys: Vec<Self>, unit: Arc<Unit>) -> Result<Found<Self>> {
        let text = if unit.viewer().can(Permission::TicketNote) { OF_ALL } else { OF_PUBLIC };
        let tickets = Bind::ids(keys.iter().map(|LastMessageOf(ticket)| *ticket));
        let statement = Statement::<(SqlUuid, Timestamptz)>::new(text, vec![tickets]).of(unit.viewer());
        let found: Vec<(TicketId, Instant)> = statement.load(&mut unit.conn()).await?;
        Ok(found.into_iter().map(|(ticket, at)| (Self(ticket), at)).collect())
    }
}

// One step into the index a ticket; the index of public messages holds no notes to step over.
const OF_ALL: &str = "SELECT parent.id, last.created_at FROM unnest(?) AS parent (id) CROSS JOIN LATERAL ( \
    SELECT created_at FROM ticket_messages WHERE shown_in = parent.id ORDER BY created_at DESC, id DESC LIMIT 1) AS last";
const OF_PUBLIC: &str = "SELECT parent.id, last.created_at FROM unnest(?) AS parent (id) CROSS JOIN LATERAL ( \
    SELECT created_at FROM ticket_messages WHERE shown_in = parent.id AND NOT is_internal \
    ORDER BY created_at DESC, id DESC LIMIT 1) AS last";
