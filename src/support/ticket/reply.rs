//! What is written in a ticket.

use async_graphql::{ID, InputObject};

use super::row::Ticket;
use crate::command::{Command, Done, Effect, EffectKind, Write, words};
use crate::entity::{edge, method};
use crate::id::{MessageId, TicketId};
use crate::journal::outbox::{Addressee, Occasion};
use crate::payload;
use crate::support::message::{LONGEST, TicketMessage};
use crate::viewer::{Permission, Requires};

/// What is answered.
#[derive(InputObject, Clone)]
pub struct ReplyToTicketInput {
    /// The ticket.
    id: ID,
    /// The answer, in plain text. At most 20 000 characters.
    content: String,
    /// With a key, the same key again answers the first call's result.
    idempotency_key: Option<String>,
}

payload! {
    /// The outcome of an answer.
    ReplyToTicketPayload {
        /// What was written. Null when nothing was done.
        message: MessageId,
        /// The ticket as it is now. Null when nothing was done.
        ticket: TicketId,
    }
}

impl Command for ReplyToTicketInput {
    const NAME: &'static str = "replyToTicket";
    const REQUIRES: Option<Requires> = Some(Requires::own(Permission::TicketReply));
    const EFFECT: Effect = Effect::of(EffectKind::Create);
    type Payload = ReplyToTicketPayload;

    fn key(&self) -> Option<&str> {
        self.idempotency_key.as_deref()
    }

    async fn run(self, write: &mut Write) -> Done<ReplyToTicketPayload> {
        let content = words(&self.content, "content", LONGEST)?;
        let ticket: Ticket = write.subject(TicketId::parse(&self.id, "input.id")?).await?;
        let (author, now) = (write.person()?, write.now().await?);
        let from_customer = author == ticket.user_id;
        // The first answer is what the response clock waits for.
        let answer = |ticket: &mut Ticket| ticket.response_due_at = ticket.response_due_at.filter(|_| from_customer);
        if !write.change(&ticket, answer).await? {
            write.touch(&ticket).await?;
        }
        let id = MessageId::fresh();
        let message = TicketMessage::new(id, (ticket.id, author), (content, false), now);
        write.insert(&message).await?;
        let told = match (from_customer, ticket.assigned_to) {
            (false, _) => Some((Addressee::Customer, "The customer is told by mail.")),
            (true, Some(_)) => Some((Addressee::Assignee, "Whoever of support has the ticket is told by mail.")),
            (true, None) => None,
        };
        if let Some((to, summary)) = told {
            write.mail(&message, Occasion::Reply, to, summary);
        }
        Ok(ReplyToTicketPayload::of(id, ticket.id))
    }
}

/// What is noted.
#[derive(InputObject, Clone)]
pub struct AddTicketNoteInput {
    /// The ticket.
    id: ID,
    /// The note, in plain text. At most 20 000 characters.
    content: String,
    /// With a key, the same key again answers the first call's result.
    idempotency_key: Option<String>,
}

payload! {
    /// The outcome of a note.
    AddTicketNotePayload {
        /// What was noted. Null when nothing was done.
        message: MessageId,
        /// The ticket, in which nothing changed. Null when nothing was done.
        ticket: TicketId,
    }
}

impl Command for AddTicketNoteInput {
    const NAME: &'static str = "addTicketNote";
    const REQUIRES: Option<Requires> = Some(Requires::any(Permission::TicketNote));
    const EFFECT: Effect = Effect::of(EffectKind::Create);
    type Payload = AddTicketNotePayload;

    fn key(&self) -> Option<&str> {
        self.idempotency_key.as_deref()
    }

    /// The ticket itself stays untouched: its times would tell the customer that there is a note.
    async fn run(self, write: &mut Write) -> Done<AddTicketNotePayload> {
        let content = words(&self.content, "content", LONGEST)?;
        let ticket: Ticket = write.subject(TicketId::parse(&self.id, "input.id")?).await?;
        write.allow(&ticket).await?;
        let id = MessageId::fresh();
        let message = TicketMessage::new(id, (ticket.id, write.person()?), (content, true), write.now().await?);
        write.insert(&message).await?;
        Ok(AddTicketNotePayload::of(id, ticket.id))
    }
}
