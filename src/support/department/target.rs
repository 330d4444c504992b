//! How soon a department sees to its tickets.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_graphql::InputObject;
use diesel::sql_types::{Integer, Text};
use diesel_async::RunQueryDsl as _;
use serde_json::{Value, json};

use crate::db::batch::{Found, Key};
use crate::db::client::Client as Database;
use crate::db::list::Choice as _;
use crate::db::statement::{Bind, Statement};
use crate::db::unit::Unit;
use crate::error::Result;
use crate::life::name;
use crate::outcome::{UserError, UserErrorCode};
use crate::support::TicketPriority;

/// The longest time that can be promised: a year, in minutes.
const LONGEST: i32 = 365 * 24 * 60;

/// What is promised for tickets of one kind, in minutes around the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// Until the first answer.
    pub response: i32,
    /// Until it is settled.
    pub resolution: i32,
}

/// The times of a department, one for each priority, from the least pressing to the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Targets([Target; TicketPriority::ALL.len()]);

/// How soon tickets of one priority are answered and settled, in minutes around the clock.
#[derive(InputObject, Clone, Copy)]
pub struct ServiceTargetInput {
    /// Of which tickets.
    priority: TicketPriority,
    /// Until the first answer. At most a year.
    response_minutes: i32,
    /// Until it is settled. At most a year.
    resolution_minutes: i32,
}

impl Default for Targets {
    /// What a desk that is always open promises when nobody says otherwise.
    fn default() -> Self {
        const HOUR: i32 = 60;
        const DAY: i32 = 24 * HOUR;
        let times = [(24 * HOUR, 7 * DAY), (8 * HOUR, 3 * DAY), (2 * HOUR, DAY), (30, 4 * HOUR)];
        Self(times.map(|(response, resolution)| Target { response, resolution }))
    }
}

impl Targets {
    /// Reads what a form gives: every priority, once.
    ///
    /// # Errors
    /// `INVALID` at `targets`.
    pub fn read(given: &[ServiceTargetInput]) -> Result<Self, UserError> {
        let invalid = |message: &str| UserError::new(UserErrorCode::Invalid, message).at("targets");
        let is_time = |minutes: i32| (1..=LONGEST).contains(&minutes);
        if !given.iter().all(|one| is_time(one.response_minutes) && is_time(one.resolution_minutes)) {
            return Err(invalid("Times are between a minute and a year."));
        }
        let of = |priority: TicketPriority| given.iter().find(|one| one.priority == priority);
        let mut targets = Self::default();
        for (target, priority) in targets.0.iter_mut().zip(TicketPriority::ALL) {
            let one = of(*priority).ok_or_else(|| invalid("Every priority has to be there."))?;
            *target = Target { response: one.response_minutes, resolution: one.resolution_minutes };
        }
        if given.len() == targets.0.len() { Ok(targets) } else { Err(invalid("Every priority has to be there once.")) }
    }

    fn set(&mut self, (_, priority, response, resolution): TargetRow) {
        let mut each = TicketPriority::ALL.iter().zip(&mut self.0);
        if let Some((_, target)) = each.find(|(one, _)| one.as_str() == priority) {
            *target = Target { response, resolution };
        }
    }

    /// Those of a department that is about to change.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn of(conn: &Database, department: &str) -> Result<Self> {
        let text = "/* writer */ SELECT department, priority, response_minutes, resolution_minutes \
                    FROM department_targets WHERE department = ?";
        let statement = Statement::<TargetSql>::new(text, vec![Bind::text(department)]);
        let mut targets = Self::default();
        for row in statement.load::<TargetRow>(&mut &*conn).await? {
            targets.set(row);
        }
        Ok(targets)
    }

    /// Gives them to a department, instead of those that it had.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn keep(&self, conn: &Database, department: &str) -> Result<()> {
        let text = "/* writer */ INSERT INTO department_targets (department, priority, response_minutes, resolution_minutes) \
                    SELECT ?, priority, response, resolution FROM unnest(?, ?, ?) AS given (priority, response, resolution) \
                    ON CONFLICT (department, priority) DO UPDATE \
                    SET response_minutes = excluded.response_minutes, resolution_minutes = excluded.resolution_minutes";
        let priorities = TicketPriority::ALL.iter().map(|priority| priority.as_str().to_owned()).collect();
        let binds = vec![
            Bind::text(department),
            Bind::Texts(priorities),
            Bind::Ints(self.0.iter().map(|target| target.response).collect()),
            Bind::Ints(self.0.iter().map(|target| target.resolution).collect()),
        ];
        Statement::<()>::new(text, binds).execute(&mut &*conn).await?;
        Ok(())
    }

    fn each(&self) -> impl Iterator<Item = ServiceTarget> + use<> {
        let service = |(priority, target): (&TicketPriority, Target)| ServiceTarget {
            priority: *priority,
            response_minutes: target.response,
            resolution_minutes: target.resolution,
        };
        TicketPriority::ALL.iter().zip(self.0).map(service)
    }

    /// The same as the API shows them.
    #[must_use]
    pub fn shown(&self) -> Value {
        let shown = |one: ServiceTarget| {
            json!({
                "priority": name(one.priority),
                "responseMinutes": one.response_minutes,
                "resolutionMinutes": one.resolution_minutes,
            })
        };
        self.each().map(shown).collect()
    }
}

impl Target {
    /// What a department promises for tickets of a priority.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn of(conn: &Database, department: &str, priority: TicketPriority) -> Result<Self> {
        let text = "/* writer */ SELECT response_minutes, resolution_minutes FROM department_targets \
                    WHERE department = ? AND priority = ?";
        let binds = vec![Bind::text(department), Bind::text(priority.as_str())];
        let statement = Statement::<(Integer, Integer)>::new(text, binds);
        let (response, resolution) = statement.get_result(&mut &*conn).await?;
        Ok(Self { response, resolution })
    }
}

/// How soon tickets of one priority are answered and settled.
#[derive(Debug, Clone)]
pub struct ServiceTarget {
    pub(super) priority: TicketPriority,
    pub(super) response_minutes: i32,
    pub(super) resolution_minutes: i32,
}

type TargetSql = (Text, Text, Integer, Integer);
type TargetRow = (String, String, i32, i32);

/// The key of a department's times, by its slug.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TargetsOf(pub(super) String);

impl Key for TargetsOf {
    type Value = Arc<Vec<Arc<ServiceTarget>>>;

    async fn load(keys: Vec<Self>, unit: Arc<Unit>) -> Result<Found<Self>> {
        let text = "SELECT department, priority, response_minutes, resolution_minutes FROM department_targets \
                    WHERE department = ANY (?)";
        let slugs = keys.into_iter().map(|TargetsOf(slug)| slug).collect();
        let statement = Statement::<TargetSql>::new(text, vec![Bind::Texts(slugs)]).of(unit.viewer());
        let mut all = BTreeMap::<String, Targets>::new();
        for row in statement.load::<TargetRow>(&mut unit.conn()).await? {
            all.entry(row.0.clone()).or_default().set(row);
        }
        let shown = |targets: Targets| Arc::new(targets.each().map(Arc::new).collect());
        Ok(all.into_iter().map(|(slug, targets)| (Self(slug), shown(targets))).collect())
    }
}
