//! Lists: what a row type tells of itself, and the loaders of its pages and counts.

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::Arc;

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::future::try_join_all;
use uuid::Uuid;

use super::{Order, Page};
use crate::db::batch::{Found, Key};
use crate::db::list::{Column, Count, CountPerParent, Fragment, OfParent, SortValue};
use crate::db::unit::Unit;
use crate::error::Result;
use crate::viewer::Viewer;

/// What a list needs to know of its rows.
pub trait Listed: diesel::Selectable<Pg> + Debug + Clone + Eq + Hash + Send + Sync + 'static {
    /// What it can be sorted by.
    type Order: Order;
    /// What narrows it.
    type Filter: Debug + Clone + Eq + Hash + Send + Sync + 'static;

    /// The row's id.
    fn id(&self) -> Uuid;

    /// The row's value of a sort column.
    fn sort_value(&self, order: Self::Order) -> SortValue;

    /// The rows that `viewer` may see and `filter` lets through, and with a parent only those of
    /// [`OfParent`]; cut to the page, or to `limit` where they are only counted.
    fn query(viewer: &Viewer, parent: Option<OfParent>, filter: &Self::Filter, cut: Cut<'_, Self::Order>) -> Fragment;

    /// Runs such a query.
    fn rows(query: Fragment, conn: &AsyncPgConnection) -> impl Future<Output = QueryResult<Vec<Self>>> + Send;

    /// Runs such a query once for each parent.
    fn rows_per_parent(
        parents: Vec<Uuid>,
        query: Fragment,
        conn: &AsyncPgConnection,
    ) -> impl Future<Output = QueryResult<Vec<(Uuid, Self)>>> + Send;
}

/// The two ways to run a list's query, the same for every row type: diesel needs to see the type.
#[macro_export]
macro_rules! list_rows {
    () => {
        async fn rows(
            query: $crate::db::list::Fragment,
            conn: &diesel_async::AsyncPgConnection,
        ) -> diesel::QueryResult<Vec<Self>> {
            diesel_async::RunQueryDsl::load($crate::db::list::Rows::<Self>::new(query), &mut &*conn).await
        }

        async fn rows_per_parent(
            parents: Vec<uuid::Uuid>,
            query: $crate::db::list::Fragment,
            conn: &diesel_async::AsyncPgConnection,
        ) -> diesel::QueryResult<Vec<(uuid::Uuid, Self)>> {
            diesel_async::RunQueryDsl::load($crate::db::list::PerParent::<Self>::new(parents, query), &mut &*conn).await
        }
    };
}

/// Where a list's query ends.
#[derive(Clone, Copy)]
pub enum Cut<'a, O> {
    /// At the page.
    Page(&'a Page<O>),
    /// Where a count stops.
    Count,
}

/// Applies a [`Cut`] and a parent to a boxed query.
#[macro_export]
macro_rules! finish_list {
    ($query:expr, $parent:expr, $cut:expr) => {{
        let mut query = $query;
        if let Some(parent) = $parent {
            query = query.filter(parent);
        }
        match $cut {
            $crate::page::Cut::Page(page) => {
                if let Some(beyond) = page.beyond() {
                    query = query.filter(beyond);
                }
                Box::new(query.order(page.in_order()).limit(page.limit())) as $crate::db::list::Fragment
            }
            $crate::page::Cut::Count => Box::new(query.limit($crate::page::COUNT_CAP + 1)),
        }
    }};
}

/// A list: all rows that the viewer may see, or those of one parent.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct List<L: Listed> {
    /// The column that points at the parent, and the parent.
    pub parent: Option<(Column, Uuid)>,
    /// What narrows it.
    pub filter: Arc<L::Filter>,
}

impl<L: Listed> Clone for List<L> {
    fn clone(&self) -> Self {
        Self { parent: self.parent, filter: Arc::clone(&self.filter) }
    }
}

impl<L: Listed> List<L> {
    /// The whole list.
    pub fn root(filter: L::Filter) -> Self {
        Self { parent: None, filter: Arc::new(filter) }
    }

    /// The rows whose `column` points at `parent`.
    pub fn of(column: Column, parent: impl Into<Uuid>, filter: L::Filter) -> Self {
        Self { parent: Some((column, parent.into())), filter: Arc::new(filter) }
    }

    fn column(&self) -> Option<Column> {
        self.parent.map(|(column, _)| column)
    }
}

/// The key of one page of a list.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct PageOf<L: Listed> {
    /// The list.
    pub list: List<L>,
    /// The page.
    pub page: Arc<Page<L::Order>>,
}

impl<L: Listed> Clone for PageOf<L> {
    fn clone(&self) -> Self {
        Self { list: self.list.clone(), page: Arc::clone(&self.page) }
    }
}

/// Pages with the same arguments share one statement, whatever their parents.
fn by_arguments<K, A: Eq + Hash>(keys: Vec<K>, arguments: impl Fn(&K) -> A) -> Vec<Vec<K>> {
    let mut groups = HashMap::<A, Vec<K>>::new();
    for key in keys {
        groups.entry(arguments(&key)).or_default().push(key);
    }
    groups.into_values().collect()
}

fn parents<'a, L: Listed>(lists: impl Iterator<Item = &'a List<L>>) -> Vec<Uuid> {
    lists.filter_map(|list| list.parent.map(|(_, id)| id)).collect()
}

impl<L: Listed> Key for PageOf<L> {
    type Value = Arc<Vec<Arc<L>>>;

    async fn load(keys: Vec<Self>, unit: Arc<Unit>) -> Result<Found<Self>> {
        let groups = by_arguments(keys, |key| (key.list.column(), Arc::clone(&key.list.filter), Arc::clone(&key.page)));
        let pages = groups.into_iter().map(|group| load_pages(group, &unit));
        Ok(try_join_all(pages).await?.into_iter().flatten().collect())
    }
}

/// Loads one page of each list; they differ in their parents alone.
async fn load_pages<L: Listed>(keys: Vec<PageOf<L>>, unit: &Unit) -> Result<Found<PageOf<L>>> {
    let [PageOf { list, page }, ..] = keys.as_slice() else { return Ok(Found::new()) };
    let query = L::query(unit.viewer(), list.column().map(OfParent), &list.filter, Cut::Page(page));
    let Some(column) = list.column() else {
        let rows = L::rows(query, unit.conn()).await?.into_iter().map(Arc::new).collect();
        return Ok([(PageOf { list: list.clone(), page: Arc::clone(page) }, Arc::new(rows))].into());
    };
    let parents = parents(keys.iter().map(|key| &key.list));
    let mut pages: HashMap<Uuid, Vec<Arc<L>>> = parents.iter().map(|parent| (*parent, Vec::new())).collect();
    for (parent, row) in L::rows_per_parent(parents, query, unit.conn()).await? {
        pages.entry(parent).or_default().push(Arc::new(row));
    }
    let key = |parent| List { parent: Some((column, parent)), filter: Arc::clone(&list.filter) };
    Ok(pages
        .into_iter()
        .map(|(parent, rows)| (PageOf { list: key(parent), page: Arc::clone(page) }, Arc::new(rows)))
        .collect())
}

/// The key of how many rows a list has, up to [`COUNT_CAP`] and one more.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct CountOf<L: Listed>(pub List<L>);

impl<L: Listed> Clone for CountOf<L> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<L: Listed> Key for CountOf<L> {
    type Value = i64;

    async fn load(keys: Vec<Self>, unit: Arc<Unit>) -> Result<Found<Self>> {
        let groups = by_arguments(keys, |CountOf(list)| (list.column(), Arc::clone(&list.filter)));
        let counts = groups.into_iter().map(|group| load_counts(group, &unit));
        Ok(try_join_all(counts).await?.into_iter().flatten().collect())
    }
}

async fn load_counts<L: Listed>(keys: Vec<CountOf<L>>, unit: &Unit) -> Result<Found<CountOf<L>>> {
    let [CountOf(list), ..] = keys.as_slice() else { return Ok(Found::new()) };
    let query = L::query(unit.viewer(), list.column().map(OfParent), &list.filter, Cut::Count);
    let Some(column) = list.column() else {
        let count: i64 = Count(query).get_result(&mut unit.conn()).await?;
        return Ok([(CountOf(list.clone()), count)].into());
    };
    let parents = parents(keys.iter().map(|CountOf(list)| list));
    let counts: Vec<(Uuid, i64)> = CountPerParent { parents, query }.load(&mut unit.conn()).await?;
    let key = |parent| CountOf(List { parent: Some((column, parent)), filter: Arc::clone(&list.filter) });
    Ok(counts.into_iter().map(|(parent, count)| (key(parent), count)).collect())
}
