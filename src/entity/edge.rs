//! Edges to one row, and the roots that find one by its id.

use std::marker::PhantomData;
use std::sync::Arc;

use async_graphql::registry::Registry;
use async_graphql::{Context, ID, OutputType, ServerResult, Value};
use futures_util::future::{BoxFuture, FutureExt as _};
use uuid::Uuid;

use super::field::{Declared, Kind};
use super::pieces::Pieces;
use super::plan::{Abandon, Done, Env, Plan, Run, Step};
use super::selection::At;
use super::{Object, failed, finish};
use crate::db::batch::Key;
use crate::db::row::Columns;
use crate::error::{Error, Result};
use crate::page::{ById, One, argument};
use crate::request::ContextExt as _;
use crate::scalar::Undecoded;
use crate::viewer::Viewer;

/// What names a row: its id, or perhaps no id.
pub trait Names: 'static {
    /// The row.
    type Row: Object + ById;

    /// The id, if there is one.
    fn uuid(&self) -> Option<Uuid>;
}

impl<N: Names> Names for Option<N> {
    type Row = N::Row;

    fn uuid(&self) -> Option<Uuid> {
        self.as_ref().and_then(N::uuid)
    }
}

/// The key of the row at the end of an edge, with the columns that are asked for.
type KeyOf<T, K> = Box<dyn Fn(&T, &Viewer, Columns) -> Option<K> + Send + Sync>;

struct Edge<T, K, U> {
    key: KeyOf<T, K>,
    is_required: bool,
    row: PhantomData<fn() -> U>,
}

fn by_id<T: Object, N: Names>(get: fn(&T, &Viewer) -> N, is_required: bool) -> Box<dyn Kind<T>> {
    let key: KeyOf<T, One<N::Row>> =
        Box::new(move |row, viewer, columns| get(row, viewer).uuid().map(|id| One::new(id, columns)));
    Box::new(Edge { key, is_required, row: PhantomData })
}

/// An edge to a row that the viewer may not see, or that is not there: null then.
pub fn edge<T: Object, N: Names>(get: fn(&T, &Viewer) -> N) -> Box<dyn Kind<T>> {
    by_id(get, false)
}

/// An edge to a row that whoever sees this one sees as well.
pub fn required<T: Object, N: Names>(get: fn(&T, &Viewer) -> N) -> Box<dyn Kind<T>> {
    by_id(get, true)
}

/// An edge to what a loader of its own finds, or null.
pub fn found<T: Object, K: Key<Value = Arc<U>>, U: Object>(get: fn(&T, &Viewer) -> K) -> Box<dyn Kind<T>> {
    let key: KeyOf<T, K> = Box::new(move |row, viewer, _| Some(get(row, viewer)));
    Box::new(Edge { key, is_required: false, row: PhantomData })
}

/// The same, of what is there for whoever sees the row.
pub fn found_always<T: Object, K: Key<Value = Arc<U>>, U: Object>(get: fn(&T, &Viewer) -> K) -> Box<dyn Kind<T>> {
    let key: KeyOf<T, K> = Box::new(move |row, viewer, _| Some(get(row, viewer)));
    Box::new(Edge { key, is_required: true, row: PhantomData })
}

struct RunEdge<T: 'static, K: 'static, U: 'static> {
    edge: &'static Edge<T, K, U>,
    plan: Plan<U>,
}

impl<T: Object, K: Key<Value = Arc<U>>, U: Object> Run<T> for RunEdge<T, K, U> {
    fn levels(&self) -> u64 {
        1 + self.plan.levels()
    }

    fn prefetches(&self) -> bool {
        true
    }

    fn run<'a>(&'a self, rows: &'a [&'a T], env: &'a Env<'a>) -> BoxFuture<'a, Done<Pieces>> {
        async move {
            let columns = env.request.columns::<U>(self.plan.columns());
            let keys = rows.iter().map(|row| (self.edge.key)(row, &env.viewer, columns));
            let many = env.request.batch.load_many(keys).await?;
            if self.edge.is_required && many.of.contains(&None) {
                return Err(Abandon);
            }
            let children: Vec<&U> = many.values.iter().map(|child| &**child).collect();
            Ok(self.plan.write(&children, env).await?.shared(many.of))
        }
        .boxed()
    }

    fn prefetch(&self, row: &T, env: &Env<'_>) {
        let columns = env.request.columns::<U>(self.plan.columns());
        if let Some(key) = (self.edge.key)(row, &env.viewer, columns) {
            env.request.batch.prefetch(key);
        }
    }
}

impl<T: Object, K: Key<Value = Arc<U>>, U: Object> Kind<T> for Edge<T, K, U> {
    fn declare(&self, registry: &mut Registry) -> Declared {
        let ty = U::create_type_info(registry);
        Declared::plain(if self.is_required { ty } else { ty.trim_end_matches('!').to_owned() })
    }

    fn plan(&'static self, at: &At<'_>) -> Option<Step<T>> {
        let plan = Plan::below(at)?;
        // Told before anything is asked for: what stands deeper in the document may be of the same row.
        let _ = at.ctx.request().columns::<U>(plan.columns());
        Some(Step::Run(Box::new(RunEdge { edge: self, plan })))
    }

    fn resolve<'a>(&'a self, object: &'a T, ctx: &'a Context<'a>) -> BoxFuture<'a, ServerResult<Value>> {
        async move {
            let asked = Asked::new(ctx);
            let plan = asked.plan::<U>();
            let columns = ctx.request().columns::<U>(plan.as_ref().map_or(Columns::ALL, Plan::columns));
            let Some(key) = (self.key)(object, &asked.viewer, columns) else {
                return Ok(Value::Null);
            };
            asked.announce(plan.as_ref().map(|plan| 1 + plan.levels()));
            match asked.load(key).await.map_err(|error| failed(ctx, error))? {
                Some(row) => finish(&*row, plan.filter(|_| asked.writes()), &asked.ctx).await,
                None if self.is_required => Err(failed(ctx, Error::missing_row(U::NAME))),
                None => Ok(Value::Null),
            }
        }
        .boxed()
    }
}

/// A field that is resolved in async-graphql's way, and from where rows may write themselves.
pub(super) struct Asked<'a> {
    pub(super) ctx: async_graphql::ContextSelectionSet<'a>,
    pub(super) viewer: Arc<Viewer>,
    writes: bool,
}

impl<'a> Asked<'a> {
    pub(super) fn new(ctx: &'a Context<'a>) -> Self {
        let writes = ctx.request().writes_rows() && super::selection::is_alone(ctx);
        Self { ctx: ctx.with_selection_set(&ctx.item.node.selection_set), viewer: ctx.viewer(), writes }
    }

    /// Whether rows may write themselves from here on.
    pub(super) fn writes(&self) -> bool {
        self.writes && self.ctx.request().writes_rows()
    }

    fn plan<U: Object>(&self) -> Option<Plan<U>> {
        Plan::of(&self.ctx, &self.viewer)
    }

    /// Tells how many levels the plan of what is asked for here has; `None` without one.
    pub(super) fn announce(&self, levels: Option<u64>) {
        match levels.filter(|_| self.writes()) {
            Some(levels) => self.ctx.request().batch.announce(levels),
            None => self.ctx.request().batch.announce_unknown(),
        }
    }

    /// Loads a key, of which the levels below are announced.
    pub(super) fn load<K: Key>(&self, key: K) -> impl Future<Output = Result<Option<K::Value>>> + Send + use<K> {
        self.ctx.request().batch.load(key)
    }
}

/// A typed id of the API.
pub trait Id: Names + Sized + Send + Sync {
    /// Reads an id; `field` is the argument that an error names.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` when the text is malformed or an id of another type.
    fn read(id: &ID, field: &str) -> Result<Self>;
}

struct Find<N> {
    about: &'static str,
    id: PhantomData<fn() -> N>,
}

/// The root that finds a row by its id. Null when there is none, or when the viewer may not know it.
#[must_use]
pub fn find<T: Object, N: Id>(about: &'static str) -> Box<dyn Kind<T>> {
    Box::new(Find::<N> { about, id: PhantomData })
}

impl<T: Object, N: Id> Kind<T> for Find<N> {
    fn declare(&self, registry: &mut Registry) -> Declared {
        let ty = N::Row::create_type_info(registry).trim_end_matches('!').to_owned();
        Declared::with(ty, vec![argument::<ID>(registry, "id", self.about)])
    }

    fn plan(&'static self, _: &At<'_>) -> Option<Step<T>> {
        None
    }

    fn resolve<'a>(&'a self, _: &'a T, ctx: &'a Context<'a>) -> BoxFuture<'a, ServerResult<Value>> {
        async move {
            let (_, given) = ctx.param_value::<Undecoded<ID>>("id", None)?;
            let id = given.decode("id").and_then(|id| N::read(&id, "id")).map_err(|error| failed(ctx, error))?;
            let Some(uuid) = id.uuid() else { return Ok(Value::Null) };
            let asked = Asked::new(ctx);
            let plan = asked.plan::<N::Row>();
            let columns = ctx.request().columns::<N::Row>(plan.as_ref().map_or(Columns::ALL, Plan::columns));
            asked.announce(plan.as_ref().map(|plan| 1 + plan.levels_after_prefetch()));
            // The row first: should what hangs on it fail, it was found before.
            let row = asked.load(One::<N::Row>::new(uuid, columns));
            if let Some(plan) = plan.as_ref().filter(|_| asked.writes()) {
                let env = Env { request: ctx.request(), viewer: Arc::clone(&asked.viewer) };
                plan.prefetch(&N::Row::known_by(uuid), &env);
            }
            match row.await.map_err(|error| failed(ctx, error))? {
                Some(row) => finish(&*row, plan.filter(|_| asked.writes()), &asked.ctx).await,
                None => Ok(Value::Null),
            }
        }
        .boxed()
    }
}
