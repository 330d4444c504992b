//! The plan of a selection: how the rows of a level write themselves.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_graphql::{ContextSelectionSet, Value};
use futures_util::future::{BoxFuture, try_join_all};

use super::Object;
use super::field::{Field, Needs};
use super::pieces::Pieces;
use super::selection::{At, fields};
use crate::db::row::Columns;
use crate::db::unit::Interrupted;
use crate::error::Error;
use crate::json;
use crate::request::{ContextExt as _, Request};
use crate::viewer::Viewer;

/// The plan gives up; async-graphql's way finds out why.
#[derive(Debug)]
pub struct Abandon;

/// What comes of a step.
pub type Done<T> = std::result::Result<T, Abandon>;

impl From<Error> for Abandon {
    fn from(_: Error) -> Self {
        Self
    }
}

/// What writing needs beside the rows.
pub struct Env<'a> {
    /// The request.
    pub request: &'a Request,
    /// Who asks.
    pub viewer: Arc<Viewer>,
}

/// Writes a value of a row.
pub trait Put<T>: Send + Sync {
    /// Writes it as JSON.
    fn put(&self, row: &T, out: &mut Vec<u8>, viewer: &Viewer);
}

/// Writes what is not in the rows themselves, for all rows of a level together.
pub trait Run<T>: Send + Sync {
    /// One text for each row.
    fn run<'a>(&'a self, rows: &'a [&'a T], env: &'a Env<'a>) -> BoxFuture<'a, Done<Pieces>>;

    /// How many levels it asks for, one after another, once the rows are there.
    fn levels(&self) -> u64;

    /// Whether its first level can be asked for before the row is there, when only the id is known.
    fn prefetches(&self) -> bool {
        false
    }

    /// Asks for that level.
    fn prefetch(&self, row: &T, env: &Env<'_>) {
        let _ = (row, env);
    }
}

/// How a key is written.
pub enum Step<T: 'static> {
    /// Out of the row.
    Put(&'static dyn Put<T>),
    /// With all other rows of the level.
    Run(Box<dyn Run<T>>),
    /// The name of the type.
    Typename,
    /// `null`: a column that the viewer may not see.
    Null,
}

/// What stands before a value: `{"id":` or `,"id":`.
pub(super) fn label(at: &At<'_>, is_first: bool) -> Box<[u8]> {
    let mut label = vec![if is_first { b'{' } else { b',' }];
    json::text(&mut label, &at.field.node.response_key().node);
    label.push(b':');
    label.into()
}

/// A key of a plan.
struct Item<T: 'static> {
    label: Box<[u8]>,
    step: Step<T>,
    /// What has to hold for each row.
    needs: Option<&'static Needs<T>>,
    reads_id_alone: bool,
}

/// How the rows of a type are written.
pub struct Plan<T: 'static> {
    items: Vec<Item<T>>,
    columns: Columns,
}

/// The longest that a level is written without a pause for other requests.
const PACE: Duration = Duration::from_millis(1);
/// How many rows are written between two looks at the clock.
const STRIDE: usize = 64;

impl<T: Object> Plan<T> {
    /// The plan of what is selected here.
    #[must_use]
    pub fn of<'c>(ctx: &'c ContextSelectionSet<'c>, viewer: &'c Viewer) -> Option<Self> {
        Self::compile(fields(ctx, viewer, T::NAME, T::INTERFACES)?)
    }

    /// The plan of what is selected below a field.
    #[must_use]
    pub fn below(at: &At<'_>) -> Option<Self> {
        Self::compile(at.below(T::NAME, T::INTERFACES)?)
    }

    fn compile(selected: Vec<At<'_>>) -> Option<Self> {
        let mut plan = Self { items: Vec::with_capacity(selected.len()), columns: Columns::NONE };
        for at in selected {
            let label = label(&at, plan.items.is_empty());
            let item = match at.field.node.name.node.as_str() {
                "__typename" => Item { label, step: Step::Typename, needs: None, reads_id_alone: false },
                name => {
                    let field = T::fields().find(name)?;
                    plan.columns = plan.columns.and(field.columns);
                    let (step, needs) = step(field, &at)?;
                    Item { label, step, needs, reads_id_alone: field.reads_id_alone }
                }
            };
            plan.items.push(item);
        }
        Some(plan)
    }

    /// The columns that it reads.
    #[must_use]
    pub fn columns(&self) -> Columns {
        self.columns
    }

    /// How many levels it asks for, one after another, once the rows are there.
    #[must_use]
    pub fn levels(&self) -> u64 {
        self.runs().map(|(_, run)| run.levels()).max().unwrap_or_default()
    }

    /// The same, once a row is there that was found by its id, together with what was asked for before.
    #[must_use]
    pub fn levels_after_prefetch(&self) -> u64 {
        let levels =
            |(item, run): (&Item<T>, &dyn Run<T>)| run.levels() - u64::from(item.reads_id_alone && run.prefetches());
        self.runs().map(levels).max().unwrap_or_default()
    }

    fn runs(&self) -> impl Iterator<Item = (&Item<T>, &dyn Run<T>)> {
        self.items.iter().filter_map(|item| match &item.step {
            Step::Run(run) => Some((item, &**run)),
            _ => None,
        })
    }

    /// Asks for what hangs on a row of which only the id is known, so that it comes with the row and not after it.
    pub fn prefetch(&self, row: &T, env: &Env<'_>) {
        for (item, run) in self.runs().filter(|(item, run)| item.reads_id_alone && run.prefetches()) {
            if item.needs.is_none_or(|needs| needs.check(&env.viewer, row).is_ok()) {
                run.prefetch(row, env);
            }
        }
    }

    /// Writes one object that async-graphql came by. `None` when the plan was abandoned: then the rest of the request
    /// goes async-graphql's way.
    pub async fn write_one(&self, object: &T, ctx: &ContextSelectionSet<'_>) -> Option<Value> {
        let env = Env { request: ctx.request(), viewer: ctx.viewer() };
        let written = self.write(&[object], &env).await;
        env.value(written).await
    }

    /// Writes the rows of a level.
    ///
    /// # Errors
    /// When anything is unusual.
    pub async fn write(&self, rows: &[&T], env: &Env<'_>) -> Done<Pieces> {
        debug_assert!(rows.iter().all(|row| row.fetched().contain(self.columns)), "{} lacks a column", T::NAME);
        let mut runs: Vec<BoxFuture<'_, Done<Pieces>>> = Vec::new();
        if !rows.is_empty() {
            for item in &self.items {
                if let Some(needs) = item.needs
                    && !rows.iter().all(|row| needs.check(&env.viewer, row).is_ok())
                {
                    return Err(Abandon);
                }
                if let Step::Run(run) = &item.step {
                    runs.push(run.run(rows, env));
                }
            }
        }
        let ran = match (runs.pop(), runs.is_empty()) {
            (None, _) => Vec::new(),
            (Some(run), true) => vec![run.await?],
            (Some(last), false) => {
                runs.push(last);
                try_join_all(runs).await?
            }
        };
        self.assemble(rows, &ran, env).await
    }

    async fn assemble(&self, rows: &[&T], ran: &[Pieces], env: &Env<'_>) -> Done<Pieces> {
        let each = 24 * self.items.len() + ran.iter().map(Pieces::mean).sum::<usize>();
        let mut out = Pieces::with_capacity(rows.len(), each);
        let mut since = None;
        for (at, row) in rows.iter().enumerate() {
            if at % STRIDE == STRIDE - 1 && since.get_or_insert_with(Instant::now).elapsed() > PACE {
                env.request.batch.pause().await;
                since = None;
            }
            out.push(|out| self.put(row, at, ran, out, &env.viewer));
            out.hold(env).await?;
        }
        Ok(out)
    }

    /// Writes one row whose runs are done.
    fn put(&self, row: &T, at: usize, ran: &[Pieces], out: &mut Vec<u8>, viewer: &Viewer) {
        let mut ran = ran.iter();
        for item in &self.items {
            out.extend_from_slice(&item.label);
            match &item.step {
                Step::Put(put) => put.put(row, out, viewer),
                Step::Run(_) => out.extend_from_slice(ran.next().map_or(json::NULL, |pieces| pieces.get(at))),
                Step::Typename => json::text(out, T::NAME),
                Step::Null => out.extend_from_slice(json::NULL),
            }
        }
        out.push(b'}');
    }
}

impl Env<'_> {
    /// What was written as a value of an answer; `None` when it was abandoned, which the request remembers.
    pub(super) async fn value(&self, written: Done<Pieces>) -> Option<Value> {
        if written.is_err() {
            self.request.stop_writing_rows();
        }
        let text = written.ok()?.into_bytes();
        self.afford(self.request.work.memory.text(text.len())).await.ok()?;
        Some(Value::Binary(text.into()))
    }

    /// Interrupts the request when it may not hold what it wants to.
    pub(super) async fn afford(&self, held: impl Future<Output = crate::error::Result<()>>) -> Done<()> {
        held.await.map_err(|error| {
            self.request.work.interrupt(Interrupted::Failed(error));
            Abandon
        })
    }
}

/// How a field is written, and what then has to hold for each row.
fn step<T: Object>(field: &'static Field<T>, at: &At<'_>) -> Option<(Step<T>, Option<&'static Needs<T>>)> {
    let Some(needs) = &field.needs else { return Some((field.kind.plan(at)?, None)) };
    // A holder of the whole permission needs no look at the rows.
    if at.viewer.can(needs.requires.permission) || (needs.owner.is_none() && at.viewer.check(needs.requires).is_ok()) {
        return Some((field.kind.plan(at)?, None));
    }
    if field.kind.is_column() && needs.owner.is_none() {
        return Some((Step::Null, None));
    }
    needs.owner?;
    Some((field.kind.plan(at)?, Some(needs)))
}
