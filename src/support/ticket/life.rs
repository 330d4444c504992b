//! The states of a ticket.

use std::sync::LazyLock;

use chrono::{DateTime, TimeDelta, Utc};

use super::row::{BeforeMerge, Ticket, TicketStatus};
use super::{
    AddTicketNoteInput, AssignTicketInput, CloseResolved, CloseTicketInput, HoldTicketInput, MergeTicketsInput,
    ReopenTicketInput, ReplyToTicketInput, ResolveSilent, ResolveTicketInput, ResumeTicketInput, StartTicketWorkInput,
    UnassignTicketInput, UnmergeTicketsInput, UpdateTicketInput, WarnOfSilence,
};
use crate::command::Command as _;
use crate::db::client::Client;
use crate::db::list::Choice as _;
use crate::error::Result;
use crate::id::UserId;
use crate::life::{Judge, Life, Refusal, Step, To};
use crate::outcome::UserErrorCode;
use crate::scalar::Instant;
use crate::support::department::Target;
use crate::viewer::Permission;

use TicketStatus::{Closed, InProgress, OnHold, Open, Resolved, WaitingCustomer};

/// For how many days its customer may open a closed ticket again.
const REOPENS_WITHIN: TimeDelta = TimeDelta::days(14);

/// Whoever has it may not answer any more.
pub(super) const RELEASED: &str = "released";

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
        Step::following(RELEASED, &[InProgress], To::State(Open)),
        Step::following(RELEASED, &[Open, WaitingCustomer, OnHold, Resolved], To::Same),
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
        Step::of::<MergeTicketsInput>(
            &[Open, InProgress, WaitingCustomer, OnHold, Resolved, Closed],
            To::State(Closed),
        ),
        Step::of::<UnmergeTicketsInput>(
            &[Closed],
            To::By("the state that it had", |ticket: &Ticket, _| ticket.before()),
        )
        .unless("it was merged", is_apart),
        Step::of::<UpdateTicketInput>(&[Open, InProgress, WaitingCustomer, OnHold, Resolved, Closed], To::Same),
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

fn is_apart(ticket: &Ticket, _: &Judge) -> Option<Refusal> {
    let message = "It was not merged into another ticket.";
    ticket.merged_into.is_none().then(|| (UserErrorCode::InvalidTransition, message.to_owned()))
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
    /// What is promised, where that begins anew.
    type Terms = Option<Target>;
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

    async fn terms(&self, state: TicketStatus, conn: &Client) -> Result<Option<Target>> {
        if self.is_over() && !is_over(state) && self.before_merge.is_none() {
            return Target::of(conn, &self.department, self.priority).await.map(Some);
        }
        Ok(None)
    }

    /// The clocks: the time to settle it stands while the customer is awaited or it is on hold; what is over owes
    /// nothing; and what was over and is open again owes a first answer once more.
    fn enter(&mut self, state: TicketStatus, now: DateTime<Utc>, promised: Option<Target>) {
        match (self.merged_into, self.before_merge.take()) {
            (None, Some(before)) => return self.restore(before, state),
            (Some(_), None) => self.before_merge = Some(self.keep()),
            (_, before) => self.before_merge = before,
        }
        let stands = matches!(state, WaitingCustomer | OnHold);
        if is_over(state) {
            (self.response_due_at, self.resolution_due_at, self.resolution_seconds_left) = (None, None, None);
        } else if let Some(target) = promised {
            self.owe(target, now);
        } else if stands {
            let left = self.resolution_due_at.take().map(|due| (due.0 - now).num_seconds());
            let bounded = |left: i64| i32::try_from(left).unwrap_or(if left < 0 { i32::MIN } else { i32::MAX });
            self.resolution_seconds_left = left.map(bounded).or(self.resolution_seconds_left);
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
        if event == UnmergeTicketsInput::NAME {
            return None;
        }
        let merged = "It was merged into another ticket, where the conversation goes on.";
        self.merged_into.map(|_| (UserErrorCode::InvalidTransition, merged.to_owned()))
    }
}

fn micros(at: Instant) -> i64 {
    at.0.timestamp_micros()
}

fn instant(micros: i64) -> Option<Instant> {
    DateTime::from_timestamp_micros(micros).map(Instant)
}

fn is_over(state: TicketStatus) -> bool {
    matches!(state, Resolved | Closed)
}

impl Ticket {
    fn is_over(&self) -> bool {
        is_over(self.status)
    }

    /// The state that it had before it was merged. What was merged before that was kept begins anew.
    fn before(&self) -> TicketStatus {
        let kept = self.before_merge.as_ref().map(|before| before.status.as_str());
        TicketStatus::ALL.iter().copied().find(|status| Some(status.as_str()) == kept).unwrap_or(Open)
    }

    /// Why another ticket cannot go on in this one.
    pub(super) fn cannot_take_in(&self, other: &Self) -> Option<&'static str> {
        if self.user_id != other.user_id {
            return Some("Only tickets of one customer can be merged.");
        }
        (self.is_over() || self.merged_into.is_some()).then_some("It is over: open it again first.")
    }

    fn keep(&self) -> BeforeMerge {
        BeforeMerge {
            status: self.status.as_str().to_owned(),
            closed_at: self.closed_at.map(micros),
            hold_reason: self.hold_reason.clone(),
            response_due_at: self.response_due_at.map(micros),
            resolution_due_at: self.resolution_due_at.map(micros),
            resolution_seconds_left: self.resolution_seconds_left,
        }
    }

    fn restore(&mut self, before: BeforeMerge, state: TicketStatus) {
        self.status = state;
        self.closed_at = before.closed_at.and_then(instant);
        self.hold_reason = before.hold_reason;
        self.response_due_at = before.response_due_at.and_then(instant);
        self.resolution_due_at = before.resolution_due_at.and_then(instant);
        self.resolution_seconds_left = before.resolution_seconds_left;
    }

    /// What is promised is owed from now on.
    pub(super) fn owe(&mut self, promised: Target, now: DateTime<Utc>) {
        let due = |minutes| Some(Instant(now + TimeDelta::minutes(i64::from(minutes))));
        (self.response_due_at, self.resolution_due_at) = (due(promised.response), due(promised.resolution));
    }

    /// Something else is promised: what is still owed moves by the difference, whether its clock runs or stands.
    pub(super) fn promise(&mut self, before: Target, instead: Target) {
        let later = |due: &mut Instant, minutes: i32| due.0 += TimeDelta::minutes(i64::from(minutes));
        let resolution = instead.resolution - before.resolution;
        self.response_due_at.iter_mut().for_each(|due| later(due, instead.response - before.response));
        self.resolution_due_at.iter_mut().for_each(|due| later(due, resolution));
        self.resolution_seconds_left.iter_mut().for_each(|left| *left = left.saturating_add(resolution * 60));
    }

    /// Whether it is the ticket's customer who decides: whatever roles he holds, here he is the customer.
    pub(super) fn is_customer(&self, judge: &Judge) -> bool {
        judge.viewer.user() == Some(self.user_id)
    }
}
