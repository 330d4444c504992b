//! The states of a ticket.

use std::sync::LazyLock;

use chrono::{DateTime, TimeDelta, Utc};

use super::row::{Ticket, TicketStatus};
use super::target::Target;
use super::{
    AddTicketNoteInput, AssignTicketInput, CloseResolved, CloseTicketInput, HoldTicketInput, ReopenTicketInput,
    ReplyToTicketInput, ResolveSilent, ResolveTicketInput, ResumeTicketInput, StartTicketWorkInput,
    UnassignTicketInput, WarnOfSilence,
};
use crate::id::UserId;
use crate::life::{Judge, Life, Refusal, Step, To};
use crate::outcome::UserErrorCode;
use crate::scalar::Instant;
use crate::viewer::Permission;

use TicketStatus::{Closed, InProgress, OnHold, Open, Resolved, WaitingCustomer};

/// For how many days its customer may open a closed ticket again.
const REOPENS_WITHIN: TimeDelta = TimeDelta::days(14);

static TABLE: LazyLock<Vec<Step<Ticket>>> = LazyLock::new(|| {
    let answered =
        To::By("WAITING_CUSTOMER when staff writes; the customer changes nothing", |ticket: &Ticket, judge| {
            if ticket.is_customer(judge) { ticket.status } else { WaitingCustomer }
        });
    let asks = To::By("OPEN when the customer writes; staff changes nothing", |ticket: &Ticket, judge| {
        if ticket.is_customer(judge) { Open } else { ticket.status }
    });
    vec![
        Step::of::<ReplyToTicketInput>(&[Open, InProgress, OnHold], answered),
        Step::of::<ReplyToTicketInput>(&[WaitingCustomer, Resolved], asks),
        Step::of::<AddTicketNoteInput>(&[Open, InProgress, WaitingCustomer, OnHold, Resolved, Closed], To::Same),
        Step::of::<AssignTicketInput>(&[Open], To::State(InProgress)),
        Step::of::<AssignTicketInput>(&[InProgress, WaitingCustomer, OnHold], To::Same),
        Step::of::<UnassignTicketInput>(&[InProgress], To::State(Open)),
        Step::of::<UnassignTicketInput>(&[Open, WaitingCustomer, OnHold], To::Same),
        Step::of::<StartTicketWorkInput>(&[Open], To::State(InProgress))
            .unless("somebody has it, or whoever begins may answer tickets", cannot_take),
        Step::of::<StartTicketWorkInput>(&[InProgress], To::Satisfied),
        Step::of::<HoldTicketInput>(&[Open, InProgress, WaitingCustomer], To::State(OnHold)),
        Step::of::<HoldTicketInput>(&[OnHold], To::Satisfied),
        Step::of::<ResumeTicketInput>(&[OnHold], To::State(InProgress)),
        Step::of::<ResumeTicketInput>(&[InProgress], To::Satisfied),
        Step::of::<ResolveTicketInput>(&[Open, InProgress, WaitingCustomer, OnHold], To::State(Resolved)),
        Step::of::<ResolveTicketInput>(&[Resolved], To::Satisfied),
        Step::of::<CloseTicketInput>(&[Open, InProgress, WaitingCustomer, OnHold, Resolved], To::State(Closed)),
        Step::of::<CloseTicketInput>(&[Closed], To::Satisfied),
        Step::of::<ReopenTicketInput>(&[Resolved, Closed], To::State(Open))
            .unless("by its customer: not later than 14 days after it was closed", too_late),
        Step::of::<ReopenTicketInput>(&[Open], To::Satisfied),
        Step::by_clock::<WarnOfSilence>(&[WaitingCustomer], To::Same),
        Step::by_clock::<ResolveSilent>(&[WaitingCustomer], To::State(Resolved)),
        Step::by_clock::<CloseResolved>(&[Resolved], To::State(Closed)),
    ]
});

fn too_late(ticket: &Ticket, judge: &Judge) -> Option<Refusal> {
    let over = ticket.closed_at.is_some_and(|closed| closed.0 + REOPENS_WITHIN < judge.now);
    (over && !judge.viewer.can(Permission::TicketReopen))
        .then(|| (UserErrorCode::Expired, "It was closed more than 14 days ago. Open a new ticket instead.".to_owned()))
}

fn cannot_take(ticket: &Ticket, judge: &Judge) -> Option<Refusal> {
    let takes = ticket.assigned_to.is_none() && !judge.viewer.can(Permission::TicketReply);
    takes.then(|| {
        let message = "Nobody has this ticket, and you may not answer it: assign it to somebody who may.";
        (UserErrorCode::NotEligible, message.to_owned())
    })
}

impl Life for Ticket {
    type State = TicketStatus;
    const NOUN: &'static str = "ticket";

    fn table() -> &'static [Step<Self>] {
        &TABLE
    }

    fn state(&self) -> TicketStatus {
        self.status
    }

    fn owner(&self) -> UserId {
        self.user_id
    }

    /// The clocks: the time to settle it stands while the customer is awaited or it is on hold; what is over owes
    /// nothing; and what was over and is open again owes a first answer once more.
    fn enter(&mut self, state: TicketStatus, now: DateTime<Utc>) {
        let was_over = matches!(self.status, Resolved | Closed);
        let is_over = matches!(state, Resolved | Closed);
        let stands = matches!(state, WaitingCustomer | OnHold);
        if is_over {
            (self.response_due_at, self.resolution_due_at, self.resolution_seconds_left) = (None, None, None);
        } else if was_over {
            let target = Target::of(self.department, self.priority);
            let due = |minutes| Some(Instant(now + TimeDelta::minutes(i64::from(minutes))));
            (self.response_due_at, self.resolution_due_at) = (due(target.response), due(target.resolution));
        } else if stands {
            let left = self.resolution_due_at.take().map(|due| (due.0 - now).num_seconds().max(0));
            self.resolution_seconds_left =
                left.map(|left| i32::try_from(left).unwrap_or(i32::MAX)).or(self.resolution_seconds_left);
        } else if let Some(left) = self.resolution_seconds_left.take() {
            self.resolution_due_at = Some(Instant(now + TimeDelta::seconds(i64::from(left))));
        }
        match (self.closed_at, state == Closed) {
            (None, true) => self.closed_at = Some(now.into()),
            (Some(_), false) => self.closed_at = None,
            _ => {}
        }
        if state != OnHold {
            self.hold_reason = None;
        }
        self.status = state;
    }

    /// What goes on elsewhere is over here.
    fn barred(&self, event: &str) -> Option<Refusal> {
        let _ = event;
        let merged = "It was merged into another ticket, where the conversation goes on.";
        self.merged_into.map(|_| (UserErrorCode::InvalidTransition, merged.to_owned()))
    }
}

impl Ticket {
    /// Whether it is the ticket's customer who decides: whatever roles he holds, here he is the customer.
    pub(super) fn is_customer(&self, judge: &Judge) -> bool {
        judge.viewer.user() == Some(self.user_id)
    }
}
