//! Who works on a ticket.

use async_graphql::{ID, InputObject};

use super::row::Ticket;
use crate::command::{Command, Done, Effect, EffectKind, Write};
use crate::entity::{edge, method};
use crate::id::{TicketId, UserId};
use crate::outcome::{UserError, UserErrorCode};
use crate::payload;
use crate::viewer::{Permission, Requires};

/// Who gets which ticket.
#[derive(InputObject, Clone)]
pub struct AssignTicketInput {
    /// The ticket.
    id: ID,
    /// Must hold `ticket:reply`.
    user_id: ID,
}

payload! {
    /// The outcome of giving a ticket to somebody.
    AssignTicketPayload {
        /// The ticket as it is now. Null when nothing was done.
        ticket: TicketId,
    }
}

impl Command for AssignTicketInput {
    const NAME: &'static str = "assignTicket";
    const REQUIRES: Option<Requires> = Some(Requires::any(Permission::TicketAssign));
    const EFFECT: Effect = Effect::of(EffectKind::Correctable).undone_by("unassignTicket");
    type Payload = AssignTicketPayload;

    async fn run(self, write: &mut Write) -> Done<AssignTicketPayload> {
        let ticket: Ticket = write.subject(TicketId::parse(&self.id, "input.id")?).await?;
        let assignee = UserId::parse(&self.user_id, "input.userId")?;
        if !write.person_can(assignee, Permission::TicketReply).await? {
            let message = "Only somebody who may answer tickets can get one.";
            return Err(UserError::new(UserErrorCode::NotEligible, message).at("userId").into());
        }
        write.change(&ticket, |ticket| ticket.assigned_to = Some(assignee)).await?;
        Ok(AssignTicketPayload::of(ticket.id))
    }
}

/// Which ticket goes back.
#[derive(InputObject, Clone)]
pub struct UnassignTicketInput {
    /// The ticket.
    id: ID,
}

payload! {
    /// The outcome of taking a ticket from somebody.
    UnassignTicketPayload {
        /// The ticket as it is now. Null when nothing was done.
        ticket: TicketId,
    }
}

impl Command for UnassignTicketInput {
    const NAME: &'static str = "unassignTicket";
    const REQUIRES: Option<Requires> = Some(Requires::any(Permission::TicketAssign));
    const EFFECT: Effect = Effect::of(EffectKind::Correctable).undone_by("assignTicket");
    type Payload = UnassignTicketPayload;

    async fn run(self, write: &mut Write) -> Done<UnassignTicketPayload> {
        let ticket: Ticket = write.subject(TicketId::parse(&self.id, "input.id")?).await?;
        write.change(&ticket, |ticket| ticket.assigned_to = None).await?;
        Ok(UnassignTicketPayload::of(ticket.id))
    }
}

/// Which ticket somebody begins with.
#[derive(InputObject, Clone)]
pub struct StartTicketWorkInput {
    /// The ticket.
    id: ID,
}

payload! {
    /// The outcome of beginning with a ticket.
    StartTicketWorkPayload {
        /// The ticket as it is now. Null when nothing was done.
        ticket: TicketId,
    }
}

impl Command for StartTicketWorkInput {
    const NAME: &'static str = "startTicketWork";
    const REQUIRES: Option<Requires> = Some(Requires::any(Permission::TicketUpdate));
    const EFFECT: Effect = Effect::of(EffectKind::Correctable).undone_by("unassignTicket");
    type Payload = StartTicketWorkPayload;

    async fn run(self, write: &mut Write) -> Done<StartTicketWorkPayload> {
        let ticket: Ticket = write.subject(TicketId::parse(&self.id, "input.id")?).await?;
        let me = write.person()?;
        write.change(&ticket, |ticket| ticket.assigned_to = ticket.assigned_to.or(Some(me))).await?;
        Ok(StartTicketWorkPayload::of(ticket.id))
    }
}
