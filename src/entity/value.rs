//! Fields that come with the row: columns, values made of columns, and small objects.

use std::sync::Arc;

use async_graphql::registry::Registry;
use async_graphql::{Context, OutputType, ServerResult, Value};
use futures_util::future::{BoxFuture, FutureExt as _, ready};

use super::field::{Declared, Kind};
use super::pieces::Pieces;
use super::plan::{Done, Env, Plan, Put, Run, Step};
use super::selection::At;
use super::{Object, finish_below};
use crate::leaf::Leaf;
use crate::request::ContextExt as _;
use crate::viewer::Viewer;

struct Column<T, R>(fn(&T) -> &R);

/// A column as it is.
pub fn column<T: Object, R: Leaf>(get: fn(&T) -> &R) -> Box<dyn Kind<T>> {
    Box::new(Column(get))
}

impl<T: Object, R: Leaf> Put<T> for Column<T, R> {
    fn put(&self, row: &T, out: &mut Vec<u8>, _: &Viewer) {
        self.0(row).write(out);
    }
}

impl<T: Object, R: Leaf> Kind<T> for Column<T, R> {
    fn declare(&self, registry: &mut Registry) -> Declared {
        Declared::plain(R::declare(registry))
    }

    fn is_column(&self) -> bool {
        true
    }

    fn plan(&'static self, _: &At<'_>) -> Option<Step<T>> {
        Some(Step::Put(self))
    }

    fn resolve<'a>(&'a self, object: &'a T, _: &'a Context<'a>) -> BoxFuture<'a, ServerResult<Value>> {
        ready(Ok(self.0(object).value())).boxed()
    }
}

struct Made<T, R>(fn(&T, &Viewer) -> R);

/// A value made of columns, and of who asks.
pub fn value<T: Object, R: Leaf>(get: fn(&T, &Viewer) -> R) -> Box<dyn Kind<T>> {
    Box::new(Made(get))
}

impl<T: Object, R: Leaf> Put<T> for Made<T, R> {
    fn put(&self, row: &T, out: &mut Vec<u8>, viewer: &Viewer) {
        self.0(row, viewer).write(out);
    }
}

impl<T: Object, R: Leaf> Kind<T> for Made<T, R> {
    fn declare(&self, registry: &mut Registry) -> Declared {
        Declared::plain(R::declare(registry))
    }

    fn is_column(&self) -> bool {
        true
    }

    fn plan(&'static self, _: &At<'_>) -> Option<Step<T>> {
        Some(Step::Put(self))
    }

    fn resolve<'a>(&'a self, object: &'a T, ctx: &'a Context<'a>) -> BoxFuture<'a, ServerResult<Value>> {
        ready(Ok(self.0(object, &ctx.viewer()).value())).boxed()
    }
}

struct Part<T, U>(fn(&T, &Viewer) -> U);

/// A small object made of columns, such as an amount of money.
pub fn part<T: Object, U: Object>(get: fn(&T, &Viewer) -> U) -> Box<dyn Kind<T>> {
    Box::new(Part(get))
}

struct RunPart<T, U: 'static> {
    get: fn(&T, &Viewer) -> U,
    plan: Plan<U>,
}

impl<T: Object, U: Object> Run<T> for RunPart<T, U> {
    fn levels(&self) -> u64 {
        self.plan.levels()
    }

    fn run<'a>(&'a self, rows: &'a [&'a T], env: &'a Env<'a>) -> BoxFuture<'a, Done<Pieces>> {
        let parts: Vec<U> = rows.iter().map(|row| (self.get)(row, &env.viewer)).collect();
        async move { self.plan.write(&parts.iter().collect::<Vec<_>>(), env).await }.boxed()
    }
}

impl<T: Object, U: Object> Kind<T> for Part<T, U> {
    fn declare(&self, registry: &mut Registry) -> Declared {
        Declared::plain(U::create_type_info(registry))
    }

    fn is_column(&self) -> bool {
        true
    }

    fn plan(&'static self, at: &At<'_>) -> Option<Step<T>> {
        Some(Step::Run(Box::new(RunPart { get: self.0, plan: Plan::below(at)? })))
    }

    fn resolve<'a>(&'a self, object: &'a T, ctx: &'a Context<'a>) -> BoxFuture<'a, ServerResult<Value>> {
        async move {
            let part = self.0(object, &ctx.viewer());
            finish_below(&part, ctx).await
        }
        .boxed()
    }
}

struct Inner<T, U>(fn(&T, &Viewer) -> Arc<U>);

/// An object that the row holds already.
pub fn inner<T: Object, U: Object>(get: fn(&T, &Viewer) -> Arc<U>) -> Box<dyn Kind<T>> {
    Box::new(Inner(get))
}

struct RunInner<T, U: 'static> {
    get: fn(&T, &Viewer) -> Arc<U>,
    plan: Plan<U>,
}

impl<T: Object, U: Object> Run<T> for RunInner<T, U> {
    fn levels(&self) -> u64 {
        self.plan.levels()
    }

    fn run<'a>(&'a self, rows: &'a [&'a T], env: &'a Env<'a>) -> BoxFuture<'a, Done<Pieces>> {
        let objects: Vec<Arc<U>> = rows.iter().map(|row| (self.get)(row, &env.viewer)).collect();
        async move { self.plan.write(&objects.iter().map(|object| &**object).collect::<Vec<_>>(), env).await }.boxed()
    }
}

impl<T: Object, U: Object> Kind<T> for Inner<T, U> {
    fn declare(&self, registry: &mut Registry) -> Declared {
        Declared::plain(U::create_type_info(registry))
    }

    fn plan(&'static self, at: &At<'_>) -> Option<Step<T>> {
        Some(Step::Run(Box::new(RunInner { get: self.0, plan: Plan::below(at)? })))
    }

    fn resolve<'a>(&'a self, object: &'a T, ctx: &'a Context<'a>) -> BoxFuture<'a, ServerResult<Value>> {
        async move {
            let inner = self.0(object, &ctx.viewer());
            finish_below(&*inner, ctx).await
        }
        .boxed()
    }
}

struct Method<T, R>(fn(&T, &Viewer) -> R);

/// A value of a type that async-graphql alone writes: for roots, which are never rows.
pub fn method<T: Object, R: OutputType + 'static>(get: fn(&T, &Viewer) -> R) -> Box<dyn Kind<T>> {
    Box::new(Method(get))
}

impl<T: Object, R: OutputType + 'static> Kind<T> for Method<T, R> {
    fn declare(&self, registry: &mut Registry) -> Declared {
        Declared::plain(R::create_type_info(registry))
    }

    fn plan(&'static self, _: &At<'_>) -> Option<Step<T>> {
        None
    }

    fn resolve<'a>(&'a self, object: &'a T, ctx: &'a Context<'a>) -> BoxFuture<'a, ServerResult<Value>> {
        async move {
            let value = self.0(object, &ctx.viewer());
            value.resolve(&ctx.with_selection_set(&ctx.item.node.selection_set), ctx.item).await
        }
        .boxed()
    }
}
