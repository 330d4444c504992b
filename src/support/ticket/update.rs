//! What a ticket is about, whom it is for and how pressing it is.

use async_graphql::{ID, InputObject};

use super::open::{LONGEST_SUBJECT, chosen};
use super::row::{Ticket, TicketPriority};
use crate::command::{Command, Done, Effect, EffectKind, Write, as_expected, line};
use crate::entity::{edge, method};
use crate::id::TicketId;
use crate::payload;
use crate::support::department::Target;
use crate::viewer::{Permission, Requires};

/// What of a ticket changes.
#[derive(InputObject, Clone)]
pub struct UpdateTicketInput {
    /// The ticket.
    id: ID,
    /// What it is about, in a line. At most 200 characters. Left out, it stays.
    subject: Option<String>,
    /// How pressing it is. Left out, it stays; what is still due moves with it.
    priority: Option<TicketPriority>,
    /// Whom it is for. Left out, it stays; what is still due moves with it.
    department_id: Option<ID>,
    /// The `revision` that the form was filled from; answers CONFLICT when the row has moved on.
    expected_revision: Option<i32>,
}

payload! {
    /// The outcome of changing a ticket.
    UpdateTicketPayload {
        /// The ticket as it is now. Null when nothing was done.
        ticket: TicketId,
    }
}

impl Command for UpdateTicketInput {
    const NAME: &'static str = "updateTicket";
    const REQUIRES: Option<Requires> = Some(Requires::any(Permission::TicketUpdate));
    const EFFECT: Effect = Effect::of(EffectKind::Reversible).undone_by("updateTicket");
    type Payload = UpdateTicketPayload;

    async fn run(self, write: &mut Write) -> Done<UpdateTicketPayload> {
        let subject = self.subject.map(|subject| line(&subject, "subject", LONGEST_SUBJECT)).transpose()?;
        let ticket: Ticket = write.subject(TicketId::parse(&self.id, "input.id")?).await?;
        as_expected(ticket.revision, self.expected_revision)?;
        let department = match &self.department_id {
            Some(id) => chosen(write, id).await?.slug().to_owned(),
            None => ticket.department.clone(),
        };
        let priority = self.priority.unwrap_or(ticket.priority);
        let promised = Target::of(write.conn(), &ticket.department, ticket.priority).await?;
        let instead = Target::of(write.conn(), &department, priority).await?;
        let set = |ticket: &mut Ticket| {
            ticket.subject = subject.unwrap_or_else(|| ticket.subject.clone());
            (ticket.department, ticket.priority) = (department, priority);
            ticket.promise(promised, instead);
        };
        write.change(&ticket, set).await?;
        Ok(UpdateTicketPayload::of(ticket.id))
    }
}
