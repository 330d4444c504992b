//! Tickets that wait for something else.

use async_graphql::{ID, InputObject};

use super::row::Ticket;
use crate::command::{Command, Done, Effect, EffectKind, Write, words};
use crate::entity::{edge, method};
use crate::id::TicketId;
use crate::payload;
use crate::viewer::{Permission, Requires};

/// Which ticket has to wait, and why.
#[derive(InputObject, Clone)]
pub struct HoldTicketInput {
    /// The ticket.
    id: ID,
    /// Why, for staff. At most 500 characters.
    reason: String,
}

payload! {
    /// The outcome of putting a ticket on hold.
    HoldTicketPayload {
        /// The ticket as it is now. Null when nothing was done.
        ticket: TicketId,
    }
}

impl Command for HoldTicketInput {
    const NAME: &'static str = "holdTicket";
    const REQUIRES: Option<Requires> = Some(Requires::any(Permission::TicketUpdate));
    const EFFECT: Effect = Effect::of(EffectKind::Correctable).undone_by("resumeTicket");
    type Payload = HoldTicketPayload;

    async fn run(self, write: &mut Write) -> Done<HoldTicketPayload> {
        let reason = words(&self.reason, "reason", 500)?;
        let ticket: Ticket = write.subject(TicketId::parse(&self.id, "input.id")?).await?;
        write.change(&ticket, |ticket| ticket.hold_reason = Some(reason)).await?;
        Ok(HoldTicketPayload::of(ticket.id))
    }
}

/// Which ticket goes on.
#[derive(InputObject, Clone)]
pub struct ResumeTicketInput {
    /// The ticket.
    id: ID,
}

payload! {
    /// The outcome of going on with a ticket.
    ResumeTicketPayload {
        /// The ticket as it is now. Null when nothing was done.
        ticket: TicketId,
    }
}

impl Command for ResumeTicketInput {
    const NAME: &'static str = "resumeTicket";
    const REQUIRES: Option<Requires> = Some(Requires::any(Permission::TicketUpdate));
    const EFFECT: Effect = Effect::of(EffectKind::Correctable).undone_by("holdTicket");
    type Payload = ResumeTicketPayload;

    async fn run(self, write: &mut Write) -> Done<ResumeTicketPayload> {
        let ticket: Ticket = write.subject(TicketId::parse(&self.id, "input.id")?).await?;
        write.change(&ticket, |_| {}).await?;
        Ok(ResumeTicketPayload::of(ticket.id))
    }
}
