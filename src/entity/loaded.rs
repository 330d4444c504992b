//! Fields that a loader answers: a value, or a small object, of what was found for the row.

use async_graphql::registry::Registry;
use async_graphql::{Context, ServerResult, Value};
use futures_util::future::{BoxFuture, FutureExt as _};

use super::field::{Declared, Kind};
use super::pieces::Pieces;
use super::plan::{Abandon, Done, Env, Plan, Run, Step};
use super::selection::At;
use super::{Object, failed, finish_below, load};
use crate::db::batch::Key;
use crate::error::Error;
use crate::leaf::Leaf;
use crate::request::ContextExt as _;
use crate::viewer::Viewer;

struct Loaded<T, K: Key, R> {
    key: fn(&T, &Viewer) -> K,
    get: fn(&T, Option<K::Value>) -> R,
}

/// A value of what a loader finds. For those who lack its permission it is null in silence, like a column.
pub fn loaded<T: Object, K: Key, R: Leaf>(
    key: fn(&T, &Viewer) -> K,
    get: fn(&T, Option<K::Value>) -> R,
) -> Box<dyn Kind<T>> {
    Box::new(Loaded { key, get })
}

struct RunLoaded<T: 'static, K: Key, R: 'static>(&'static Loaded<T, K, R>);

impl<T: Object, K: Key, R: Leaf> Run<T> for RunLoaded<T, K, R> {
    fn levels(&self) -> u64 {
        1
    }

    fn prefetches(&self) -> bool {
        true
    }

    fn run<'a>(&'a self, rows: &'a [&'a T], env: &'a Env<'a>) -> BoxFuture<'a, Done<Pieces>> {
        async move {
            let many = env.request.batch.load_many(rows.iter().map(|row| Some((self.0.key)(row, &env.viewer)))).await?;
            let mut out = Pieces::with_capacity(rows.len(), 32);
            for (at, row) in rows.iter().enumerate() {
                out.push(|out| (self.0.get)(row, many.get(at)).write(out));
                out.hold(env).await?;
            }
            Ok(out)
        }
        .boxed()
    }

    fn prefetch(&self, row: &T, env: &Env<'_>) {
        env.request.batch.prefetch((self.0.key)(row, &env.viewer));
    }
}

impl<T: Object, K: Key, R: Leaf> Kind<T> for Loaded<T, K, R> {
    fn declare(&self, registry: &mut Registry) -> Declared {
        Declared::plain(R::declare(registry))
    }

    fn is_column(&self) -> bool {
        true
    }

    fn plan(&'static self, _: &At<'_>) -> Option<Step<T>> {
        Some(Step::Run(Box::new(RunLoaded(self))))
    }

    fn resolve<'a>(&'a self, object: &'a T, ctx: &'a Context<'a>) -> BoxFuture<'a, ServerResult<Value>> {
        async move {
            let found = load(ctx, (self.key)(object, &ctx.viewer())).await?;
            Ok((self.get)(object, found).value())
        }
        .boxed()
    }
}

struct LoadedPart<T, K: Key, U> {
    key: fn(&T, &Viewer) -> K,
    get: fn(&T, Option<K::Value>) -> Option<U>,
}

/// A small object made of what a loader finds, which must be there.
pub fn loaded_part<T: Object, K: Key, U: Object>(
    key: fn(&T, &Viewer) -> K,
    get: fn(&T, Option<K::Value>) -> Option<U>,
) -> Box<dyn Kind<T>> {
    Box::new(LoadedPart { key, get })
}

struct RunLoadedPart<T: 'static, K: Key, U: 'static> {
    part: &'static LoadedPart<T, K, U>,
    plan: Plan<U>,
}

impl<T: Object, K: Key, U: Object> Run<T> for RunLoadedPart<T, K, U> {
    fn levels(&self) -> u64 {
        1 + self.plan.levels()
    }

    fn prefetches(&self) -> bool {
        true
    }

    fn run<'a>(&'a self, rows: &'a [&'a T], env: &'a Env<'a>) -> BoxFuture<'a, Done<Pieces>> {
        async move {
            let keys = rows.iter().map(|row| Some((self.part.key)(row, &env.viewer)));
            let many = env.request.batch.load_many(keys).await?;
            let part = |(at, row): (usize, &&T)| (self.part.get)(row, many.get(at)).ok_or(Abandon);
            let parts = rows.iter().enumerate().map(part).collect::<Done<Vec<U>>>()?;
            self.plan.write(&parts.iter().collect::<Vec<_>>(), env).await
        }
        .boxed()
    }

    fn prefetch(&self, row: &T, env: &Env<'_>) {
        env.request.batch.prefetch((self.part.key)(row, &env.viewer));
    }
}

impl<T: Object, K: Key, U: Object> Kind<T> for LoadedPart<T, K, U> {
    fn declare(&self, registry: &mut Registry) -> Declared {
        Declared::plain(U::create_type_info(registry))
    }

    fn plan(&'static self, at: &At<'_>) -> Option<Step<T>> {
        Some(Step::Run(Box::new(RunLoadedPart { part: self, plan: Plan::below(at)? })))
    }

    fn resolve<'a>(&'a self, object: &'a T, ctx: &'a Context<'a>) -> BoxFuture<'a, ServerResult<Value>> {
        async move {
            let found = load(ctx, (self.key)(object, &ctx.viewer())).await?;
            let part = (self.get)(object, found).ok_or_else(|| failed(ctx, Error::missing_row(T::NAME)))?;
            finish_below(&part, ctx).await
        }
        .boxed()
    }
}
