//! The end of a ticket, and its return.

use async_graphql::{ID, InputObject};

use super::row::Ticket;
use crate::command::{Command, Done, Effect, EffectKind, Write};
use crate::entity::{edge, method};
use crate::id::TicketId;
use crate::journal::outbox::{Addressee, Occasion};
use crate::payload;
use crate::viewer::{Permission, Requires};

/// Which ticket is settled.
#[derive(InputObject, Clone)]
pub struct ResolveTicketInput {
    /// The ticket.
    id: ID,
}

payload! {
    /// The outcome of settling a ticket.
    ResolveTicketPayload {
        /// The ticket as it is now. Null when nothing was done.
        ticket: TicketId,
    }
}

impl Command for ResolveTicketInput {
    const NAME: &'static str = "resolveTicket";
    const REQUIRES: Option<Requires> = Some(Requires::own(Permission::TicketClose));
    const EFFECT: Effect = Effect::of(EffectKind::Correctable).undone_by("reopenTicket");
    type Payload = ResolveTicketPayload;

    async fn run(self, write: &mut Write) -> Done<ResolveTicketPayload> {
        let ticket: Ticket = write.subject(TicketId::parse(&self.id, "input.id")?).await?;
        if write.change(&ticket, |_| {}).await? && write.viewer().user() != Some(ticket.user_id) {
            write.mail(
                &ticket,
                Occasion::Resolved,
                Addressee::Customer,
                "The customer is told by mail that the ticket is settled.",
            );
        }
        Ok(ResolveTicketPayload::of(ticket.id))
    }
}

/// Which ticket is over.
#[derive(InputObject, Clone)]
pub struct CloseTicketInput {
    /// The ticket.
    id: ID,
}

payload! {
    /// The outcome of closing a ticket.
    CloseTicketPayload {
        /// The ticket as it is now. Null when nothing was done.
        ticket: TicketId,
    }
}

impl Command for CloseTicketInput {
    const NAME: &'static str = "closeTicket";
    const REQUIRES: Option<Requires> = Some(Requires::own(Permission::TicketClose));
    const EFFECT: Effect = Effect::of(EffectKind::Correctable).undone_by("reopenTicket");
    type Payload = CloseTicketPayload;

    async fn run(self, write: &mut Write) -> Done<CloseTicketPayload> {
        let ticket: Ticket = write.subject(TicketId::parse(&self.id, "input.id")?).await?;
        write.change(&ticket, |_| {}).await?;
        Ok(CloseTicketPayload::of(ticket.id))
    }
}

/// Which ticket comes back.
#[derive(InputObject, Clone)]
pub struct ReopenTicketInput {
    /// The ticket.
    id: ID,
}

payload! {
    /// The outcome of opening a ticket again.
    ReopenTicketPayload {
        /// The ticket as it is now. Null when nothing was done.
        ticket: TicketId,
    }
}

impl Command for ReopenTicketInput {
    const NAME: &'static str = "reopenTicket";
    const REQUIRES: Option<Requires> = Some(Requires::own(Permission::TicketReopen));
    const EFFECT: Effect = Effect::of(EffectKind::Correctable).undone_by("closeTicket");
    type Payload = ReopenTicketPayload;

    async fn run(self, write: &mut Write) -> Done<ReopenTicketPayload> {
        let ticket: Ticket = write.subject(TicketId::parse(&self.id, "input.id")?).await?;
        write.change(&ticket, |_| {}).await?;
        Ok(ReopenTicketPayload::of(ticket.id))
    }
}
