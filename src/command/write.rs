//! What a command changes with.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel::sql_types::{Bool, Timestamptz};
use diesel_async::RunQueryDsl as _;
use serde_json::Value;
use uuid::Uuid;

use super::Done;
use super::constraints::{missing, outcome};
use super::record::{Record, changed};
use crate::db::change::{Change, KIND};
use crate::db::client::Client as Database;
use crate::db::list::{Ending, Fragment};
use crate::db::row::{Columns, Selected};
use crate::db::statement::{Bind, Statement};
use crate::db::unit::{Presented, Unit};
use crate::entity::camel;
use crate::error::{Error, Result};
use crate::id::UserId;
use crate::journal::audit::Event;
use crate::journal::outbox::Letter;
use crate::life::{Judge, Life, Verdict, decide};
use crate::page::ById;
use crate::viewer::{Permission, Viewer};

/// Whose the request is once a change is made.
#[derive(Debug)]
pub enum Becomes {
    /// Nobody's.
    Guest,
    /// A session's.
    Session(Presented),
}

/// A field that changed, as the API names and shows it: before and after.
pub type Shown = (String, Value, Value);

/// The request's one connection, in a transaction that may write. It loads nothing through the loaders, so it cannot
/// take a second one.
///
/// All of it runs as the database's role `app_writer`, whose policies open to a viewer's changes what some permission
/// of the viewer's changes, and to its reads what the viewer reads.
pub struct Write {
    unit: Unit,
    action: &'static str,
    now: Option<DateTime<Utc>>,
    pub(super) events: Vec<Event>,
    pub(super) letters: Vec<Letter>,
    pub(super) becomes: Option<Becomes>,
}

impl Write {
    pub(super) fn new(unit: Unit, action: &'static str) -> Self {
        Self { unit, action, now: None, events: Vec::new(), letters: Vec::new(), becomes: None }
    }

    /// Who asks, as this unit authenticated them: a check and its write see the same rights.
    #[must_use]
    pub fn viewer(&self) -> &Viewer {
        self.unit.viewer()
    }

    /// The person who asks.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` without one.
    pub fn person(&self) -> Result<UserId> {
        self.viewer().user().ok_or_else(Error::unauthenticated)
    }

    /// The connection, for statements of a room's own.
    #[must_use]
    pub fn conn(&self) -> &Database {
        self.unit.conn()
    }

    /// The time by the clock of the business, looked at once, after the first lock was had: whoever waited for one would
    /// otherwise write an older time than what was there.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn now(&mut self) -> Result<DateTime<Utc>> {
        if let Some(now) = self.now {
            return Ok(now);
        }
        let now = Statement::<Timestamptz>::new("SELECT app.instant()", vec![]);
        Ok(*self.now.insert(now.get_result(&mut self.unit.conn()).await?))
    }

    /// The row that the command is about, locked.
    ///
    /// # Errors
    /// `NOT_FOUND` when there is none, or none that the viewer may know.
    pub async fn subject<R: ById>(&mut self, id: impl Into<Uuid>) -> Done<R> {
        let row = self.find(id.into(), true).await?;
        self.now().await?;
        row.ok_or_else(|| Error::not_found().into())
    }

    /// The row that the command is about and another that the input names at `field`, both locked, in an order that no
    /// two commands take differently.
    ///
    /// # Errors
    /// `NOT_FOUND` without the first, the outcome `NOT_FOUND` at the field without the second.
    pub async fn subjects<R: ById>(
        &mut self,
        one: impl Into<Uuid>,
        other: impl Into<Uuid>,
        field: &str,
    ) -> Done<(R, R)> {
        let (one, other) = (one.into(), other.into());
        let least = self.find::<R>(one.min(other), true).await?;
        let greatest = self.find::<R>(one.max(other), true).await?;
        self.now().await?;
        let (one, other) = if one <= other { (least, greatest) } else { (greatest, least) };
        Ok((one.ok_or_else(Error::not_found)?, other.ok_or_else(|| missing(field))?))
    }

    /// Another row that the input names at `field`, in the viewer's scope.
    ///
    /// # Errors
    /// The outcome `NOT_FOUND` at the field.
    pub async fn other<R: ById>(&mut self, id: impl Into<Uuid>, field: &str) -> Done<R> {
        self.find(id.into(), false).await?.ok_or_else(|| missing(field).into())
    }

    async fn find<R: ById>(&self, id: Uuid, locks: bool) -> Result<Option<R>> {
        let found = self.rows(locks, |ending| R::seen(self.viewer(), ending.of_ids(R::ID, vec![id]))).await?;
        Ok(found.into_iter().next())
    }

    async fn rows<R: ById>(&self, locks: bool, query: impl FnOnce(Ending) -> Fragment) -> Result<Vec<R>> {
        let selected = Selected::of::<R>(Columns::ALL, None);
        let query = query(Ending { locks, ..Ending::new(selected, KIND) });
        let rows = self.unit.fetch(query, |row| selected.read::<R>(row, 0)).await?;
        Ok(rows.into_iter().map(|placed| placed.row).collect())
    }

    /// Rows that a change meets beside its subject, locked, whether or not the viewer may know them.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn locked<R: ById>(&mut self, query: impl FnOnce(Ending) -> Fragment) -> Done<Vec<R>> {
        let rows = self.rows(true, query).await?;
        self.now().await?;
        Ok(rows)
    }

    /// Whether somebody may sign in and holds a permission on any row.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn person_can(&self, person: UserId, permission: Permission) -> Result<bool> {
        let binds = vec![Bind::Uuid(person.0), Bind::text(permission.name())];
        let statement = Statement::<Bool>::new("SELECT app.person_can(?, ?)", binds);
        Ok(statement.get_result(&mut self.unit.conn()).await?)
    }

    /// Checks that the command may happen to the entity as it stands.
    ///
    /// # Errors
    /// What the entity's table of states refuses, and `FORBIDDEN` without the permission for this row.
    pub async fn allow<E: Life>(&mut self, entity: &E) -> Done<Verdict<E::State>> {
        let judge = self.judge().await?;
        let step = E::table().iter().find(|step| step.event == self.action);
        if let Some(requires) = step.and_then(|step| step.requires) {
            judge.viewer.check_for(requires, entity.owner())?;
        }
        Ok(decide(entity, self.action, &judge)?)
    }

    /// Changes an entity that was locked: what `set` sets, and its status, which is not the command's to set, as the
    /// table of states leads, with what follows from that. Whether anything was done: where the entity is already,
    /// or nothing differs, nothing is.
    ///
    /// # Errors
    /// Like [`Write::allow`], and the outcomes of the constraints that it runs into.
    pub async fn change<E: Life>(&mut self, before: &E, set: impl FnOnce(&mut E)) -> Done<bool> {
        let verdict = self.allow(before).await?;
        self.lead(before, verdict, set).await
    }

    /// Changes an entity that was locked because of what was done to another: as its table of states leads, whoever
    /// did that.
    ///
    /// # Errors
    /// What the table refuses, and what the database answers.
    pub async fn follow<E: Life>(&mut self, event: &str, before: &E, set: impl FnOnce(&mut E)) -> Done<bool> {
        let verdict = decide(before, event, &self.judge().await?)?;
        self.lead(before, verdict, set).await
    }

    async fn judge(&mut self) -> Result<Judge> {
        Ok(Judge { viewer: Arc::clone(self.unit.viewer()), now: self.now().await? })
    }

    async fn lead<E: Life>(&mut self, before: &E, to: Verdict<E::State>, set: impl FnOnce(&mut E)) -> Done<bool> {
        let Verdict::To(state) = to else { return Ok(false) };
        let now = self.now().await?;
        let mut after = before.clone();
        set(&mut after);
        let terms = after.terms(state, self.conn()).await?;
        after.enter(state, now, terms);
        self.update(before, &after, now, Vec::new()).await
    }

    /// Changes a row without a life of its own that was locked: what `set` sets. `beside` is what of it stands in
    /// another table and was changed along. Where nothing differs, nothing is done.
    ///
    /// # Errors
    /// The outcomes of the constraints that it runs into.
    pub async fn edit<R: Record>(&mut self, before: &R, set: impl FnOnce(&mut R), beside: Vec<Shown>) -> Done<bool> {
        let mut after = before.clone();
        set(&mut after);
        let now = self.now().await?;
        self.update(before, &after, now, beside).await
    }

    /// Shows in the time of a row that was locked that something around it changed.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn touch<R: Record>(&mut self, row: &R) -> Done<()> {
        let now = self.now().await?;
        self.put::<R>(&row.uuid(), Vec::new(), false, &now).await
    }

    /// Deletes a row that was locked.
    ///
    /// # Errors
    /// The outcomes of the constraints that it runs into.
    pub async fn remove<R: Record>(&mut self, row: &R) -> Done<()> {
        let rows = Change::Delete { table: R::TABLE, id: &row.uuid() }.run(self.unit.conn()).await.map_err(outcome)?;
        met_one(rows)?;
        self.happened::<R>(row.uuid(), shown(0..R::NAMES.len(), Some(row), None));
        Ok(())
    }

    async fn update<R: Record>(&mut self, before: &R, after: &R, now: DateTime<Utc>, beside: Vec<Shown>) -> Done<bool> {
        let places = changed(before, after);
        let named = |at: &usize| Some((*R::NAMES.get(*at)?, after.bind(*at)));
        let values: Vec<_> = places.iter().filter_map(named).collect();
        if values.is_empty() && beside.is_empty() {
            return Ok(false);
        }
        self.put::<R>(&before.uuid(), values, true, &now).await?;
        let mut shown = shown(places, Some(before), Some(after));
        shown.extend(beside);
        self.happened::<R>(before.uuid(), shown);
        Ok(true)
    }

    async fn put<R: Record>(
        &self,
        id: &Uuid,
        values: Vec<(&'static str, Bind)>,
        is_revised: bool,
        at: &DateTime<Utc>,
    ) -> Done<()> {
        let change = Change::Update { table: R::TABLE, id, values, is_revised, at };
        Ok(met_one(change.run(self.unit.conn()).await.map_err(outcome)?)?)
    }

    /// Adds a row.
    ///
    /// # Errors
    /// The outcomes of the constraints that it runs into.
    pub async fn insert<R: Record>(&mut self, row: &R) -> Done<()> {
        let values = R::NAMES.iter().enumerate().map(|(at, name)| (*name, row.bind(at))).collect();
        Change::Insert { table: R::TABLE, values }.run(self.unit.conn()).await.map_err(outcome)?;
        self.happened::<R>(row.uuid(), shown(0..R::NAMES.len(), None, Some(row)));
        Ok(())
    }

    /// From the commit on somebody else asks.
    pub fn becomes(&mut self, who: Becomes) {
        self.becomes = Some(who);
    }

    pub(super) fn into_unit(self) -> Unit {
        self.unit
    }
}

/// Some columns of a row before and after; null where there is no row.
fn shown<R: Record>(places: impl IntoIterator<Item = usize>, before: Option<&R>, after: Option<&R>) -> Vec<Shown> {
    let value = |row: Option<&R>, at| row.map_or(Value::Null, |row| row.shown(at));
    let shown = |at: usize| Some((camel(R::NAMES.get(at)?), value(before, at), value(after, at)));
    places.into_iter().filter_map(shown).collect()
}

/// Where row security lets a row be seen and locked, and not changed, the command asked for less than it does.
fn met_one(rows: usize) -> Result<()> {
    if rows == 1 { Ok(()) } else { Err(Error::internal(std::io::Error::other(format!("{rows} rows changed, not 1")))) }
}
