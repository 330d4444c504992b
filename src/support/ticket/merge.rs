//! Tickets that turn out to be one.

use async_graphql::{ID, InputObject};

use super::row::Ticket;
use crate::command::{Command, Done, Effect, EffectKind, Write};
use crate::entity::{edge, method};
use crate::id::TicketId;
use crate::outcome::{UserError, UserErrorCode};
use crate::payload;
use crate::support::message::{gather, scatter};
use crate::viewer::{Permission, Requires};

/// Which ticket goes on in which.
#[derive(InputObject, Clone)]
pub struct MergeTicketsInput {
    /// The one that is closed by it.
    id: ID,
    /// The one that goes on: open, and of the same customer.
    into_id: ID,
}

payload! {
    /// The outcome of merging tickets.
    MergeTicketsPayload {
        /// The one that is now closed. Null when nothing was done.
        ticket: TicketId,
        /// The one that goes on. Null when nothing was done.
        into: TicketId,
    }
}

impl Command for MergeTicketsInput {
    const NAME: &'static str = "mergeTickets";
    const REQUIRES: Option<Requires> = Some(Requires::any(Permission::TicketMerge));
    const EFFECT: Effect = Effect::of(EffectKind::Reversible).undone_by("unmergeTickets");
    type Payload = MergeTicketsPayload;

    async fn run(self, write: &mut Write) -> Done<MergeTicketsPayload> {
        let (id, into) = (TicketId::parse(&self.id, "input.id")?, TicketId::parse(&self.into_id, "input.intoId")?);
        if id == into {
            let message = "A ticket cannot be merged into itself.";
            return Err(UserError::new(UserErrorCode::NotAllowedOnSelf, message).at("intoId").into());
        }
        let (ticket, into): (Ticket, Ticket) = write.subjects(id, into, "intoId").await?;
        write.allow(&ticket).await?;
        if let Some(message) = into.cannot_take_in(&ticket) {
            return Err(UserError::new(UserErrorCode::NotEligible, message).at("intoId").into());
        }
        write.change(&ticket, |ticket| ticket.merged_into = Some(into.id)).await?;
        gather(write.conn(), ticket.id, into.id).await?;
        write.touch(&into).await?;
        Ok(MergeTicketsPayload::of(ticket.id, into.id))
    }
}

/// Which ticket goes its own way again.
#[derive(InputObject, Clone)]
pub struct UnmergeTicketsInput {
    /// The one that was merged into another.
    id: ID,
}

payload! {
    /// The outcome of taking tickets apart.
    UnmergeTicketsPayload {
        /// The ticket, as it was before. Null when nothing was done.
        ticket: TicketId,
    }
}

impl Command for UnmergeTicketsInput {
    const NAME: &'static str = "unmergeTickets";
    const REQUIRES: Option<Requires> = Some(Requires::any(Permission::TicketMerge));
    const EFFECT: Effect = Effect::of(EffectKind::Reversible).undone_by("mergeTickets");
    type Payload = UnmergeTicketsPayload;

    async fn run(self, write: &mut Write) -> Done<UnmergeTicketsPayload> {
        let ticket: Ticket = write.subject(TicketId::parse(&self.id, "input.id")?).await?;
        write.change(&ticket, |ticket| ticket.merged_into = None).await?;
        scatter(write.conn(), ticket.id).await?;
        if let Some(into) = ticket.merged_into {
            let into: Ticket = write.other(into, "id").await?;
            write.touch(&into).await?;
        }
        Ok(UnmergeTicketsPayload::of(ticket.id))
    }
}
