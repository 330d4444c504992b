//! Lists with pages: the field that is one.

mod plan;

use std::marker::PhantomData;
use std::sync::Arc;

use async_graphql::registry::Registry;
use async_graphql::{Context, ObjectType, OutputType, ServerResult, Value};
use futures_util::future::{BoxFuture, FutureExt as _};
use uuid::Uuid;

use self::plan::{PagePlan, View};
use super::edge::Asked;
use super::field::{Declared, Kind};
use super::pieces::Pieces;
use super::plan::{Abandon, Done, Env, Run, Step};
use super::selection::{At, fields};
use super::{Object, failed};
use crate::db::list::Column;
use crate::page::{Connection, List, Listed, Narrow, Narrowed, Page, PageArguments, PageOf, Reads};
use crate::request::ContextExt as _;
use crate::viewer::Viewer;

/// The column of a list's rows that points at their parent, and the parent's id.
type Parent<T> = (Column, fn(&T) -> Uuid);

/// A field that is a list with pages: all rows that the viewer may see, or those that hang on this row.
pub struct PageKind<T, L, N> {
    /// The column that points at the parent, and the parent; `None` for a root.
    parent: Option<Parent<T>>,
    of: PhantomData<fn() -> (L, N)>,
}

/// The rows of `L`, narrowed and sorted by the arguments `N`.
#[must_use]
pub fn page<T, L, N>(parent: Option<Parent<T>>) -> Box<dyn Kind<T>>
where
    T: Object,
    L: Listed + Object + ObjectType,
    N: Narrow<L>,
{
    Box::new(PageKind::<T, L, N> { parent, of: PhantomData })
}

/// What a field asks for: the same for all rows of a level.
struct Asking<L: Listed> {
    filter: Arc<L::Filter>,
    page: Arc<Page<L::Order>>,
}

impl<L: Listed> Asking<L> {
    fn read<N: Narrow<L>>(ctx: &Context<'_>, viewer: &Viewer) -> crate::error::Result<Self> {
        let Narrowed { filter, order, descends } = N::read(ctx, viewer)?;
        let page = Page::read(PageArguments::read(ctx), order, descends)?;
        Ok(Self { filter: Arc::new(filter), page: Arc::new(page) })
    }

    fn list(&self, parent: Option<(Column, Uuid)>) -> List<L> {
        List { parent, filter: Arc::clone(&self.filter) }
    }

    fn key(&self, list: List<L>, reads: Reads) -> PageOf<L> {
        PageOf { list, page: Arc::clone(&self.page), reads }
    }
}

struct RunPage<T, L: Listed> {
    column: Column,
    parent: fn(&T) -> Uuid,
    asking: Asking<L>,
    plan: PagePlan<L>,
}

impl<T: Object, L: Listed + Object> RunPage<T, L> {
    fn list(&self, row: &T) -> List<L> {
        self.asking.list(Some((self.column, (self.parent)(row))))
    }
}

impl<T: Object, L: Listed + Object> Run<T> for RunPage<T, L> {
    fn levels(&self) -> u64 {
        u64::from(self.asking.page.size > 0) + self.plan.levels()
    }

    fn prefetches(&self) -> bool {
        self.asking.page.size > 0
    }

    fn run<'a>(&'a self, rows: &'a [&'a T], env: &'a Env<'a>) -> BoxFuture<'a, Done<Pieces>> {
        async move {
            let lists = || rows.iter().map(|row| self.list(row));
            if self.asking.page.size == 0 {
                let views: Vec<_> = rows.iter().map(|_| View::new(&self.asking.page, &[])).collect();
                return self.plan.write(&views, lists().collect(), env).await;
            }
            let reads = self.plan.reads();
            let many = env.request.batch.load_many(lists().map(|list| Some(self.asking.key(list, reads)))).await?;
            if many.of.contains(&None) {
                return Err(Abandon);
            }
            // A page for each row, also where two rows have one parent: who else asks for counts would mix them up.
            let found = many.of.iter().filter_map(|at| many.values.get((*at)?));
            let views: Vec<_> = found.map(|found| View::new(&self.asking.page, found)).collect();
            self.plan.write(&views, lists().collect(), env).await
        }
        .boxed()
    }

    fn prefetch(&self, row: &T, env: &Env<'_>) {
        env.request.batch.prefetch(self.asking.key(self.list(row), self.plan.reads()));
    }
}

impl<T, L, N> Kind<T> for PageKind<T, L, N>
where
    T: Object,
    L: Listed + Object + ObjectType,
    N: Narrow<L>,
{
    fn declare(&self, registry: &mut Registry) -> Declared {
        let ty = Connection::<L>::create_type_info(registry);
        let mut arguments = PageArguments::declare(registry);
        arguments.extend(N::declare(registry));
        // A root stays in its place when it fails.
        let ty = if self.parent.is_none() { ty.trim_end_matches('!').to_owned() } else { ty };
        Declared::with(ty, arguments)
    }

    fn plan(&'static self, at: &At<'_>) -> Option<Step<T>> {
        let (column, parent) = self.parent?;
        let asking = Asking::read::<N>(&at.context(), at.viewer).ok()?;
        let plan = PagePlan::compile(at.below(&format!("{}Connection", L::NAME), &[])?)?;
        Some(Step::Run(Box::new(RunPage { column, parent, asking, plan })))
    }

    fn resolve<'a>(&'a self, object: &'a T, ctx: &'a Context<'a>) -> BoxFuture<'a, ServerResult<Value>> {
        async move {
            let asked = Asked::new(ctx);
            let asking = Asking::<L>::read::<N>(ctx, &asked.viewer).map_err(|error| failed(ctx, error))?;
            let selected = fields(&asked.ctx, &asked.viewer, &format!("{}Connection", L::NAME), &[]);
            let plan = selected.and_then(PagePlan::<L>::compile);
            let list = asking.list(self.parent.map(|(column, parent)| (column, parent(object))));
            let found = if asking.page.size == 0 {
                Arc::default()
            } else {
                let reads = plan.as_ref().map_or(Reads::ALL, PagePlan::reads);
                asked.announce(plan.as_ref().map(|plan| 1 + plan.levels()));
                let found = asked.load(asking.key(list.clone(), reads)).await;
                found.map_err(|error| failed(ctx, error))?.unwrap_or_default()
            };
            if let Some(plan) = plan.filter(|_| asked.writes()) {
                let env = Env { request: ctx.request(), viewer: Arc::clone(&asked.viewer) };
                let views = [View::new(&asking.page, &found)];
                let written = plan.write(&views, vec![list.clone()], &env).await;
                if let Some(value) = env.value(written).await {
                    return Ok(value);
                }
            }
            Connection::new(list, asking.page, &found).resolve(&asked.ctx, ctx.item).await
        }
        .boxed()
    }
}
