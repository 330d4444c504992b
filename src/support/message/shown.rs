//! In whose conversation messages are shown: those of a ticket that was merged stay its own, and are shown where it goes on.

use diesel_async::RunQueryDsl as _;

use crate::db::client::Client as Database;
use crate::db::statement::{Bind, Statement};
use crate::error::Result;
use crate::id::TicketId;

/// Shows what a ticket shows, whatever was merged into it included, in another.
///
/// # Errors
/// What the database answers.
pub async fn gather(conn: &Database, from: TicketId, into: TicketId) -> Result<()> {
    let text = "/* writer */ UPDATE ticket_messages SET shown_in = ? WHERE shown_in = ?";
    Statement::<()>::new(text, vec![Bind::Uuid(into.0), Bind::Uuid(from.0)]).execute(&mut &*conn).await?;
    Ok(())
}

/// Shows in a ticket again what is its own, and what is of those that were merged into it.
///
/// # Errors
/// What the database answers.
pub async fn scatter(conn: &Database, ticket: TicketId) -> Result<()> {
    let text = "/* writer */ WITH RECURSIVE gathered AS ( \
                    SELECT ?::uuid AS id \
                    UNION ALL SELECT tickets.id FROM tickets JOIN gathered ON tickets.merged_into = gathered.id) \
                UPDATE ticket_messages SET shown_in = ? WHERE ticket_id IN (SELECT id FROM gathered)";
    Statement::<()>::new(text, vec![Bind::Uuid(ticket.0), Bind::Uuid(ticket.0)]).execute(&mut &*conn).await?;
    Ok(())
}
