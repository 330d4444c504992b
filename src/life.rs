//! Tables of states: the only writers of a status.
//!
//! A table says which event leads from which state to which. The same rows enforce it, answer `allowedActions`, tell
//! what is allowed when something is refused, and are printed into `docs/STATES.md`.

use std::fmt::Write as _;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel::sql_types::Timestamptz;
use diesel_async::RunQueryDsl as _;

use crate::command::{Command, Record, Timely};
use crate::db::batch::{Found, Key};
use crate::db::client::Client;
use crate::db::list::Choice;
use crate::db::statement::Statement;
use crate::db::unit::Unit;
use crate::entity::{Kind, Object, each};
use crate::error::Result;
use crate::id::UserId;
use crate::outcome::{AllowedAction, RefusedTransition, UserError, UserErrorCode, lacks};
use crate::viewer::{Requires, Viewer};

/// A row with a status.
pub trait Life: Record {
    /// Its states.
    type State: Choice + PartialEq;
    /// What entering a state takes beside the row, such as the times that are promised.
    type Terms: Send;
    /// What people call it.
    const NOUN: &'static str;

    /// Its table: the first row that fits an event and a state holds.
    fn table() -> &'static [Step<Self>];

    /// The state that it is in.
    fn state(&self) -> Self::State;

    /// Reads what entering a state, or staying in it, takes beside the row.
    fn terms(&self, state: Self::State, conn: &Client) -> impl Future<Output = Result<Self::Terms>> + Send;

    /// Enters a state, or stays in it: everything that follows from the state alone, such as clocks, is set here.
    fn enter(&mut self, state: Self::State, now: DateTime<Utc>, terms: Self::Terms);

    /// Whose it is.
    fn owner(&self) -> UserId;

    /// Why an event may not happen to it whatever its state.
    fn barred(&self, event: &str) -> Option<Refusal> {
        let _ = event;
        None
    }
}

/// Why an event is refused beside the state: for programs, and for people.
pub type Refusal = (UserErrorCode, String);

/// Who decides, and when.
#[derive(Debug, Clone)]
pub struct Judge {
    /// Who asks.
    pub viewer: Arc<Viewer>,
    /// The time, by the clock of the business.
    pub now: DateTime<Utc>,
}

/// Where an event leads.
pub enum To<E: Life> {
    /// It stays in its state.
    Same,
    /// Into this state.
    State(E::State),
    /// It depends on who does it, as the text says.
    By(&'static str, fn(&E, &Judge) -> E::State),
    /// It is there already: nothing is done, and that is a success.
    Satisfied,
}

/// What else has to hold: why it does not.
pub type Condition<E> = fn(&E, &Judge) -> Option<Refusal>;

/// A row of a table of states.
pub struct Step<E: Life> {
    /// The mutation, or what the system does.
    pub event: &'static str,
    /// The permission that it needs. `None`: the system does it.
    pub requires: Option<Requires>,
    /// From any of these states.
    pub from: &'static [E::State],
    /// Where it leads.
    pub to: To<E>,
    /// What else has to hold, and its text for the documentation.
    pub unless: Option<(&'static str, Condition<E>)>,
}

impl<E: Life> Step<E> {
    /// A command, from these states.
    #[must_use]
    pub fn of<C: Command>(from: &'static [E::State], to: To<E>) -> Self {
        Self { event: C::NAME, requires: C::REQUIRES, from, to, unless: None }
    }

    /// What follows from something that was done to another entity, whoever did it.
    #[must_use]
    pub fn following(event: &'static str, from: &'static [E::State], to: To<E>) -> Self {
        Self { event, requires: None, from, to, unless: None }
    }

    /// What the clock does, from these states.
    #[must_use]
    pub fn by_clock<T: Timely>(from: &'static [E::State], to: To<E>) -> Self {
        Self { event: T::NAME, requires: None, from, to, unless: None }
    }

    /// What else has to hold.
    #[must_use]
    pub fn unless(self, text: &'static str, refused: Condition<E>) -> Self {
        Self { unless: Some((text, refused)), ..self }
    }
}

/// What an event does to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict<S> {
    /// It leads here.
    To(S),
    /// It is there already.
    Satisfied,
}

/// Decides an event, by the state and what else its row of the table says. Permissions were looked at before.
///
/// # Errors
/// `INVALID_TRANSITION` with the state and what is allowed in it, or what the table's row or the entity says.
pub fn decide<E: Life>(entity: &E, event: &str, judge: &Judge) -> std::result::Result<Verdict<E::State>, UserError> {
    look(entity, event, judge).map_err(|(code, reason)| {
        let mut error = UserError::new(code, reason);
        if code == UserErrorCode::InvalidTransition {
            let allowed = actions(entity, judge).into_iter().filter(AllowedAction::is_allowed);
            error.transition = Some(Box::new(RefusedTransition {
                from: name(entity.state()),
                event: event.to_owned(),
                allowed: allowed.map(AllowedAction::into_action).collect(),
            }));
        }
        error
    })
}

fn look<E: Life>(entity: &E, event: &str, judge: &Judge) -> std::result::Result<Verdict<E::State>, Refusal> {
    if let Some(refusal) = entity.barred(event) {
        return Err(refusal);
    }
    let state = entity.state();
    let Some(step) = E::table().iter().find(|step| step.event == event && step.from.contains(&state)) else {
        let reason = format!("A {} that is {} does not allow it.", E::NOUN, name(state));
        return Err((UserErrorCode::InvalidTransition, reason));
    };
    if let Some(refusal) = step.unless.and_then(|(_, refused)| refused(entity, judge)) {
        return Err(refusal);
    }
    Ok(match &step.to {
        To::Same => Verdict::To(state),
        To::State(state) => Verdict::To(*state),
        To::By(_, lead) => Verdict::To(lead(entity, judge)),
        To::Satisfied => Verdict::Satisfied,
    })
}

/// What the viewer may do with the entity, in the order of the table.
#[must_use]
pub fn actions<E: Life>(entity: &E, judge: &Judge) -> Vec<AllowedAction> {
    let mut actions: Vec<AllowedAction> = Vec::new();
    for step in E::table() {
        let Some(requires) = step.requires else { continue };
        if actions.iter().any(|action| action.is(step.event)) {
            continue;
        }
        let refused = lacks(&judge.viewer, requires, entity.owner()).or_else(|| stands(entity, step.event, judge));
        actions.push(AllowedAction::new(step.event, Some(requires), refused));
    }
    actions
}

/// Why an event would do nothing to the entity as it stands.
fn stands<E: Life>(entity: &E, event: &str, judge: &Judge) -> Option<Refusal> {
    match look(entity, event, judge) {
        Ok(Verdict::To(_)) => None,
        Ok(Verdict::Satisfied) => {
            Some((UserErrorCode::InvalidTransition, format!("It is {} already.", name(entity.state()))))
        }
        Err(refusal) => Some(refusal),
    }
}

/// The name of a state in the API.
pub fn name<S: Choice>(state: S) -> String {
    state.as_str().to_ascii_uppercase()
}

/// The table as a page of the documentation.
#[must_use]
pub fn page<E: Life>() -> String {
    let mut page = format!("## {}\n\n| from | event | to | needs | and |\n|---|---|---|---|---|\n", E::NOUN);
    for Step { event, requires, from, to, unless } in E::table() {
        let from = from.iter().map(|state| name(*state)).collect::<Vec<_>>().join(", ");
        let to = match to {
            To::Same => "stays".to_owned(),
            To::State(state) => name(*state),
            To::By(text, _) => (*text).to_owned(),
            To::Satisfied => "satisfied".to_owned(),
        };
        let needs = match requires {
            Some(requires) if requires.own => format!("`{}`; its owner the `:own` form", requires.permission.name()),
            Some(requires) => format!("`{}`", requires.permission.name()),
            None => "the system".to_owned(),
        };
        let and = unless.map_or("", |(text, _)| text);
        // Writing into a text cannot fail.
        let _ = writeln!(page, "| {from} | `{event}` | {to} | {needs} | {and} |");
    }
    page
}

/// The field `allowedActions` of an entity: what [`actions`] answers, in one statement for any number of rows.
#[must_use]
pub fn allowed_actions<E: Life + Object>() -> Box<dyn Kind<E>> {
    each(
        |_, _| Judging,
        |entity: &E, judge: Option<Arc<Judge>>| {
            let actions = judge.map(|judge| actions(entity, &judge)).unwrap_or_default();
            actions.into_iter().map(Box::new).collect()
        },
    )
}

/// The key of who decides, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Judging;

impl Key for Judging {
    type Value = Arc<Judge>;

    async fn load(keys: Vec<Self>, unit: Arc<Unit>) -> Result<Found<Self>> {
        let statement = Statement::<Timestamptz>::new("SELECT app.now()", vec![]);
        let now: DateTime<Utc> = statement.get_result(&mut unit.conn()).await?;
        let judge = Arc::new(Judge { viewer: Arc::clone(unit.viewer()), now });
        Ok(keys.into_iter().map(|key| (key, Arc::clone(&judge))).collect())
    }
}
