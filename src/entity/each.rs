//! Lists without pages: of small objects that come with the row, and of what a loader finds for it.

use std::marker::PhantomData;
use std::ops::Deref;

use async_graphql::registry::Registry;
use async_graphql::{Context, ServerResult, Value};
use futures_util::future::{BoxFuture, FutureExt as _, try_join_all};
use rustc_hash::FxHashMap;

use super::field::{Declared, Kind};
use super::pieces::Pieces;
use super::plan::{Done, Env, Plan, Run, Step};
use super::selection::At;
use super::{Object, finish, load};
use crate::db::batch::Key;
use crate::json;
use crate::request::ContextExt as _;
use crate::viewer::Viewer;

/// A list of these objects, as the schema shows it.
fn declared<U: Object>(registry: &mut Registry) -> Declared {
    Declared::plain(format!("[{}]!", U::create_type_info(registry)))
}

/// The distinct objects of lists, by their addresses, and for each place in the lists which of them stands there.
fn distinct<'a, U>(lists: &[Vec<&'a U>]) -> (Vec<&'a U>, Vec<Option<usize>>) {
    let mut places = FxHashMap::<*const U, usize>::default();
    let mut distinct: Vec<&U> = Vec::new();
    let place = |object: &&'a U| {
        Some(*places.entry(std::ptr::from_ref(*object)).or_insert_with(|| {
            distinct.push(object);
            distinct.len() - 1
        }))
    };
    let of = lists.iter().flatten().map(place).collect();
    (distinct, of)
}

/// The texts of lists, of which objects may be in several: each is written once.
async fn write_lists<U: Object>(plan: &Plan<U>, lists: &[Vec<&U>], env: &Env<'_>) -> Done<Pieces> {
    let (objects, of) = distinct(lists);
    let written = plan.write(&objects, env).await?.shared(of);
    let mut out = Pieces::with_capacity(lists.len(), 2 + written.mean());
    let mut next = 0;
    for list in lists {
        out.push(|out| json::list(out, next..next + list.len(), |out, at| out.extend_from_slice(written.get(at))));
        out.hold(env).await?;
        next += list.len();
    }
    Ok(out)
}

/// Resolves the objects of a list in async-graphql's way.
async fn resolve_list<U: Object>(objects: &[&U], ctx: &Context<'_>) -> ServerResult<Value> {
    let ctx = ctx.with_selection_set(&ctx.item.node.selection_set);
    let resolved = objects.iter().enumerate().map(|(at, object)| {
        let ctx = ctx.with_index(at);
        async move { finish(*object, None, &ctx).await }
    });
    Ok(Value::List(try_join_all(resolved).await?))
}

struct Parts<T, U>(fn(&T, &Viewer) -> Vec<U>);

/// A list of small objects made of columns.
pub fn parts<T: Object, U: Object>(get: fn(&T, &Viewer) -> Vec<U>) -> Box<dyn Kind<T>> {
    Box::new(Parts(get))
}

struct RunParts<T, U: 'static> {
    get: fn(&T, &Viewer) -> Vec<U>,
    plan: Plan<U>,
}

impl<T: Object, U: Object> Run<T> for RunParts<T, U> {
    fn levels(&self) -> u64 {
        self.plan.levels()
    }

    fn run<'a>(&'a self, rows: &'a [&'a T], env: &'a Env<'a>) -> BoxFuture<'a, Done<Pieces>> {
        let lists: Vec<Vec<U>> = rows.iter().map(|row| (self.get)(row, &env.viewer)).collect();
        async move {
            let lists: Vec<Vec<&U>> = lists.iter().map(|list| list.iter().collect()).collect();
            write_lists(&self.plan, &lists, env).await
        }
        .boxed()
    }
}

impl<T: Object, U: Object> Kind<T> for Parts<T, U> {
    fn declare(&self, registry: &mut Registry) -> Declared {
        declared::<U>(registry)
    }

    fn plan(&'static self, at: &At<'_>) -> Option<Step<T>> {
        Some(Step::Run(Box::new(RunParts { get: self.0, plan: Plan::below(at)? })))
    }

    fn resolve<'a>(&'a self, object: &'a T, ctx: &'a Context<'a>) -> BoxFuture<'a, ServerResult<Value>> {
        async move {
            let parts = self.0(object, &ctx.viewer());
            resolve_list(&parts.iter().collect::<Vec<_>>(), ctx).await
        }
        .boxed()
    }
}

/// The two halves of a list that a loader finds: its key, and its objects out of what was found.
struct Each<T, K: Key, P, U> {
    key: fn(&T, &Viewer) -> K,
    list: fn(&T, Option<K::Value>) -> Vec<P>,
    /// Whether its loader refuses some viewers: it is null then, beside the error.
    is_refusable: bool,
    object: PhantomData<fn() -> U>,
}

/// A list of what a loader finds; what is shared (`P` is an `Arc`) is written once.
pub fn each<T, K, P, U>(key: fn(&T, &Viewer) -> K, list: fn(&T, Option<K::Value>) -> Vec<P>) -> Box<dyn Kind<T>>
where
    T: Object,
    K: Key,
    P: Deref<Target = U> + Send + Sync + 'static,
    U: Object,
{
    Box::new(Each { key, list, is_refusable: false, object: PhantomData::<fn() -> U> })
}

/// The same, of what a loader finds for some viewers and refuses others.
pub fn each_allowed<T, K, P, U>(key: fn(&T, &Viewer) -> K, list: fn(&T, Option<K::Value>) -> Vec<P>) -> Box<dyn Kind<T>>
where
    T: Object,
    K: Key,
    P: Deref<Target = U> + Send + Sync + 'static,
    U: Object,
{
    Box::new(Each { key, list, is_refusable: true, object: PhantomData::<fn() -> U> })
}

struct RunEach<T: 'static, K: Key, P: 'static, U: 'static> {
    each: &'static Each<T, K, P, U>,
    plan: Plan<U>,
}

impl<T, K, P, U> Run<T> for RunEach<T, K, P, U>
where
    T: Object,
    K: Key,
    P: Deref<Target = U> + Send + Sync + 'static,
    U: Object,
{
    fn levels(&self) -> u64 {
        1 + self.plan.levels()
    }

    fn prefetches(&self) -> bool {
        true
    }

    fn run<'a>(&'a self, rows: &'a [&'a T], env: &'a Env<'a>) -> BoxFuture<'a, Done<Pieces>> {
        async move {
            let keys = rows.iter().map(|row| Some((self.each.key)(row, &env.viewer)));
            let many = env.request.batch.load_many(keys).await?;
            let lists: Vec<Vec<P>> =
                rows.iter().enumerate().map(|(at, row)| (self.each.list)(row, many.get(at))).collect();
            let lists: Vec<Vec<&U>> = lists.iter().map(|list| list.iter().map(|object| &**object).collect()).collect();
            write_lists(&self.plan, &lists, env).await
        }
        .boxed()
    }

    fn prefetch(&self, row: &T, env: &Env<'_>) {
        env.request.batch.prefetch((self.each.key)(row, &env.viewer));
    }
}

impl<T, K, P, U> Kind<T> for Each<T, K, P, U>
where
    T: Object,
    K: Key,
    P: Deref<Target = U> + Send + Sync + 'static,
    U: Object,
{
    fn declare(&self, registry: &mut Registry) -> Declared {
        let Declared { mut ty, .. } = declared::<U>(registry);
        if self.is_refusable {
            ty.truncate(ty.trim_end_matches('!').len());
        }
        Declared::plain(ty)
    }

    fn plan(&'static self, at: &At<'_>) -> Option<Step<T>> {
        Some(Step::Run(Box::new(RunEach { each: self, plan: Plan::below(at)? })))
    }

    fn resolve<'a>(&'a self, object: &'a T, ctx: &'a Context<'a>) -> BoxFuture<'a, ServerResult<Value>> {
        async move {
            let found = load(ctx, (self.key)(object, &ctx.viewer())).await?;
            let list = (self.list)(object, found);
            resolve_list(&list.iter().map(|object| &**object).collect::<Vec<_>>(), ctx).await
        }
        .boxed()
    }
}
