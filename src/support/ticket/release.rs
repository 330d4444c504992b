//! Tickets of people who cannot answer any more.

use diesel::define_sql_function;
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text, Uuid as SqlUuid};
use serde_json::json;

use super::life::RELEASED;
use super::row::{Ticket, TicketStatus};
use crate::column;
use crate::command::{Done, Write};
use crate::db::list::{Choice as _, InOrder};
use crate::db::schema::tickets;
use crate::id::UserId;
use crate::outcome::ConsequenceKind;
use crate::viewer::Permission;

define_sql_function! {
    /// Whether somebody may sign in and holds a permission on any row.
    #[sql_name = "app.person_can"]
    fn person_can(person: Nullable<SqlUuid>, permission: Text) -> Nullable<diesel::sql_types::Bool>;
}

/// Gives the tickets that these people have, and may not answer any more, back to the queue: the next message is
/// nobody's to miss.
///
/// # Errors
/// What the database answers.
pub async fn release(write: &mut Write, people: Vec<UserId>) -> Done<()> {
    let left: Vec<Ticket> = write
        .locked(|mut ending| {
            ending.order = Some(InOrder { column: column!(tickets.created_at), descending: false });
            let can_answer = person_can(tickets::assigned_to, Permission::TicketReply.name());
            let of_theirs = tickets::table
                .into_boxed()
                .filter(tickets::assigned_to.eq_any(people))
                .filter(tickets::status.ne(TicketStatus::Closed.as_str()))
                .filter(can_answer.eq(false));
            ending.finish(of_theirs)
        })
        .await?;
    for ticket in left {
        write.follow(RELEASED, &ticket, |ticket| ticket.assigned_to = None).await?;
        let kind = (ConsequenceKind::Ticket, "ticket");
        write.send(kind, &ticket, json!({}), "A ticket goes back to the queue.");
    }
    Ok(())
}
