//! The states of an account.

use std::sync::LazyLock;

use chrono::{DateTime, TimeDelta, Utc};

use super::close::Closing;
use super::row::{User, UserStatus};
use super::{ActivateUserInput, ReinstateUserInput, ReopenUserInput, SuspendUserInput, UpdateUserInput};
use crate::db::client::Client;
use crate::error::Result;
use crate::id::UserId;
use crate::identity::role::{AssignRoleInput, UnassignRoleInput};
use crate::life::{Judge, Life, Refusal, Step, To};
use crate::outcome::UserErrorCode;

use UserStatus::{Active, Closed, Pending, Suspended};

/// For how many days a closed account may be opened again.
const REOPENS_WITHIN: TimeDelta = TimeDelta::days(30);

const NOT_ONESELF: &str = "not oneself";

static TABLE: LazyLock<Vec<Step<User>>> = LazyLock::new(|| {
    let before_suspension =
        To::By("the state before: PENDING or ACTIVE", |user: &User, _| user.suspended_from.unwrap_or(Active));
    let before_closing =
        To::By("the state before: PENDING, ACTIVE or SUSPENDED", |user: &User, _| user.closed_from.unwrap_or(Active));
    vec![
        Step::of::<UpdateUserInput>(&[Pending, Active, Suspended], To::Same),
        Step::of::<SuspendUserInput>(&[Pending, Active], To::State(Suspended)).unless(NOT_ONESELF, oneself),
        Step::of::<SuspendUserInput>(&[Suspended], To::Satisfied),
        Step::of::<ReinstateUserInput>(&[Suspended], before_suspension),
        Step::of::<ReinstateUserInput>(&[Pending, Active], To::Satisfied),
        Step::of::<ActivateUserInput>(&[Pending], To::State(Active)).unless(NOT_ONESELF, oneself),
        Step::of::<ActivateUserInput>(&[Active], To::Satisfied),
        Step::of::<Closing>(&[Pending, Active, Suspended], To::State(Closed)),
        Step::of::<Closing>(&[Closed], To::Satisfied),
        Step::of::<ReopenUserInput>(&[Closed], before_closing)
            .unless("not later than 30 days after it was closed", too_late),
        Step::of::<ReopenUserInput>(&[Pending, Active, Suspended], To::Satisfied),
        Step::of::<AssignRoleInput>(&[Pending, Active, Suspended], To::Same),
        Step::of::<UnassignRoleInput>(&[Pending, Active, Suspended, Closed], To::Same),
    ]
});

fn oneself(user: &User, judge: &Judge) -> Option<Refusal> {
    (judge.viewer.user() == Some(user.id))
        .then(|| (UserErrorCode::NotAllowedOnSelf, "Somebody else has to do this.".to_owned()))
}

fn too_late(user: &User, judge: &Judge) -> Option<Refusal> {
    let over = user.closed_at.is_some_and(|closed| closed.0 + REOPENS_WITHIN < judge.now);
    over.then(|| (UserErrorCode::Expired, "It was closed more than 30 days ago.".to_owned()))
}

impl Life for User {
    type State = UserStatus;
    type Terms = ();
    const NOUN: &'static str = "user";

    fn table() -> &'static [Step<Self>] {
        &TABLE
    }

    fn state(&self) -> UserStatus {
        self.status
    }

    fn owner(&self) -> UserId {
        self.id
    }

    async fn terms(&self, _: UserStatus, _: &Client) -> Result<()> {
        Ok(())
    }

    /// It remembers where it came from: a pending person who is reinstated is still pending, and a suspended account
    /// that is closed and opened again is still suspended.
    fn enter(&mut self, state: UserStatus, now: DateTime<Utc>, (): ()) {
        let former = std::mem::replace(&mut self.status, state);
        if former == state {
            return;
        }
        (self.closed_from, self.closed_at) =
            if state == Closed { (Some(former), Some(now.into())) } else { (None, None) };
        match state {
            Suspended if former != Closed => self.suspended_from = Some(former),
            Suspended | Closed => {}
            Pending | Active => (self.suspended_from, self.suspension_reason) = (None, None),
        }
    }
}
