//! Lists: what a row type tells of itself, and the loaders of its rows by id, of its pages and of its counts.

use std::fmt::Debug;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use diesel::sql_types::{BigInt, Uuid as SqlUuid};
use futures_util::future::try_join_all;
use rustc_hash::FxHashMap;
use uuid::Uuid;

use super::{COUNT_CAP, Order, Page};
use crate::db::batch::{Found, Key};
use crate::db::list::{self, Column, Ending, Fragment, OfParent};
use crate::db::row::{Columns, DatabaseRow, Placed, Row, Selected, value};
use crate::db::unit::Unit;
use crate::error::Result;
use crate::viewer::Viewer;

/// Equality and hashes of keys, by their parts: derives would ask the same of the rows, which are not in them.
macro_rules! key {
    ($ty:ident<$row:ident: $bound:ident>: $($part:tt),*) => {
        impl<$row: $bound> PartialEq for $ty<$row> {
            fn eq(&self, other: &Self) -> bool {
                ($(&self.$part,)*) == ($(&other.$part,)*)
            }
        }

        impl<$row: $bound> Eq for $ty<$row> {}

        impl<$row: $bound> Hash for $ty<$row> {
            fn hash<H: Hasher>(&self, state: &mut H) {
                ($(&self.$part,)*).hash(state);
            }
        }
    };
}

key!(One<R: ById>: id, columns);
key!(List<L: Listed>: parent, filter);
key!(PageOf<L: Listed>: list, page, reads);
key!(CountOf<L: Listed>: 0);

/// A row that can be found by its id.
pub trait ById: Row {
    /// The column of its id.
    const ID: Column;

    /// The rows that `viewer` may see, with this ending.
    fn seen(viewer: &Viewer, ending: Ending) -> Fragment;

    /// The row's id.
    fn uuid(&self) -> Uuid;

    /// A row of which nothing is known but its id.
    fn known_by(id: Uuid) -> Self;
}

/// The key of one row by its id, with the columns that are asked for.
pub struct One<R> {
    id: Uuid,
    columns: Columns,
    row: std::marker::PhantomData<fn() -> R>,
}

impl<R: ById> One<R> {
    /// The row of this id.
    pub fn new(id: impl Into<Uuid>, columns: Columns) -> Self {
        Self { id: id.into(), columns, row: std::marker::PhantomData }
    }
}

impl<R: ById> Clone for One<R> {
    fn clone(&self) -> Self {
        Self::new(self.id, self.columns)
    }
}

impl<R: ById> Key for One<R> {
    type Value = Arc<R>;

    async fn load(keys: Vec<Self>, unit: Arc<Unit>) -> Result<Found<Self>> {
        // Who asks for few columns may have the many that somebody else asks for: one statement for all.
        let mut asked: Vec<Columns> = Vec::new();
        let mut ids: Vec<Uuid> = Vec::with_capacity(keys.len());
        for One { id, columns, .. } in &keys {
            if !asked.contains(columns) {
                asked.push(*columns);
            }
            ids.push(*id);
        }
        if asked.len() > 1 {
            ids.sort_unstable();
            ids.dedup();
        }
        let by_id = Columns::named(R::COLUMNS, &[R::ID.name]);
        let columns = asked.iter().fold(by_id, |all, columns| all.and(*columns));
        let selected = Selected::of::<R>(columns, None).by(unit.viewer());
        let ending = Ending::new(selected, unit.viewer().statement_kind()).of_ids(R::ID, ids);
        let rows = unit.fetch(R::seen(unit.viewer(), ending), |row| selected.read::<R>(row, 0)).await?;
        let mut found = Found::<Self>::default();
        for Placed { row, .. } in rows {
            let (id, row) = (row.uuid(), Arc::new(row));
            found.extend(asked.iter().map(|columns| (Self::new(id, *columns), Arc::clone(&row))));
        }
        Ok(found)
    }
}

/// What a list needs to know of its rows.
pub trait Listed: Row {
    /// What it can be sorted by.
    type Order: Order;
    /// What narrows it.
    type Filter: Debug + Clone + Default + Eq + Hash + Send + Sync + 'static;

    /// Which way it runs when nobody says.
    const DESCENDS: bool = true;

    /// The order when nobody says: the one that shows the newest first when it descends.
    fn newest() -> Self::Order;

    /// The rows that `viewer` may see and `filter` lets through, with this ending.
    fn query(viewer: &Viewer, filter: &Self::Filter, ending: Ending) -> Fragment;
}

/// A list: all rows that the viewer may see, or those of one parent.
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
    fn column(&self) -> Option<Column> {
        self.parent.map(|(column, _)| column)
    }

    fn with_parent(&self, parent: Uuid) -> Self {
        Self { parent: self.column().map(|column| (column, parent)), filter: Arc::clone(&self.filter) }
    }

    /// The statement that answers for this list, or, with `parents`, for all that differ from it in their parent alone.
    fn statement(&self, unit: &Unit, selected: Selected, page: Option<&Page<L::Order>>, parents: &[Uuid]) -> Fragment {
        let mut ending = Ending::new(selected, unit.viewer().statement_kind());
        let only = if let [parent] = parents { Some(*parent) } else { None };
        ending.parent = self.column().map(|column| OfParent { column, only });
        ending.limit = Some(page.map_or(COUNT_CAP + 1, Page::limit));
        ending.beyond = page.and_then(Page::beyond);
        ending.order = page.map(Page::in_order);
        L::query(unit.viewer(), &self.filter, ending)
    }
}

/// The key of one page of a list.
pub struct PageOf<L: Listed> {
    /// The list.
    pub list: List<L>,
    /// The page.
    pub page: Arc<Page<L::Order>>,
    /// What is read of its rows.
    pub reads: Reads,
}

/// What is read of the rows of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Reads {
    /// The columns.
    pub columns: Columns,
    /// Whether a cursor is asked for.
    pub cursors: bool,
}

impl Reads {
    /// Whatever may be asked for.
    pub const ALL: Self = Self { columns: Columns::ALL, cursors: true };
}

impl<L: Listed> Clone for PageOf<L> {
    fn clone(&self) -> Self {
        Self { list: self.list.clone(), page: Arc::clone(&self.page), reads: self.reads }
    }
}

/// The rows of a page, and one more where there is one.
pub type Rows<L> = Arc<Vec<Arc<Placed<L>>>>;

/// Pages with the same arguments share one statement, whatever their parents.
fn by_arguments<K, A: Eq + Hash>(keys: Vec<K>, arguments: impl Fn(&K) -> A) -> Vec<Vec<K>> {
    let mut groups = FxHashMap::<A, Vec<K>>::default();
    for key in keys {
        groups.entry(arguments(&key)).or_default().push(key);
    }
    groups.into_values().collect()
}

fn parents<'a, L: Listed>(lists: impl Iterator<Item = &'a List<L>>) -> Vec<Uuid> {
    lists.filter_map(|list| list.parent.map(|(_, id)| id)).collect()
}

impl<L: Listed> Key for PageOf<L> {
    type Value = Rows<L>;

    async fn load(keys: Vec<Self>, unit: Arc<Unit>) -> Result<Found<Self>> {
        let arguments =
            |key: &Self| (key.list.column(), Arc::clone(&key.list.filter), Arc::clone(&key.page), key.reads);
        let pages = by_arguments(keys, arguments).into_iter().map(|group| load_pages(group, &unit));
        Ok(try_join_all(pages).await?.into_iter().flatten().collect())
    }
}

/// Loads one page of each list; they differ in their parents alone.
async fn load_pages<L: Listed>(keys: Vec<PageOf<L>>, unit: &Unit) -> Result<Found<PageOf<L>>> {
    let [PageOf { list, page, reads }, ..] = keys.as_slice() else { return Ok(Found::default()) };
    let selected = Selected::of::<L>(reads.columns, reads.cursors.then(|| page.order.column())).by(unit.viewer());
    let parents = parents(keys.iter().map(|key| &key.list));
    let statement = list.statement(unit, selected, Some(page), &parents);
    let key = |list| PageOf { list, page: Arc::clone(page), reads: *reads };
    // One list alone: the rows need not tell whose they are.
    if parents.len() < 2 {
        let rows = unit.fetch(statement, |row| selected.read::<L>(row, 0).map(Arc::new)).await?;
        return Ok([(key(list.clone()), Arc::new(rows))].into_iter().collect());
    }
    let mut pages: FxHashMap<Uuid, Vec<_>> = parents.iter().map(|parent| (*parent, Vec::new())).collect();
    let read = |row: &DatabaseRow| Ok((value::<SqlUuid, Uuid>(row, 0)?, selected.read::<L>(row, 1)?));
    for (parent, row) in unit.fetch(list::per_parent(parents, statement), read).await? {
        pages.entry(parent).or_default().push(Arc::new(row));
    }
    Ok(pages.into_iter().map(|(parent, rows)| (key(list.with_parent(parent)), Arc::new(rows))).collect())
}

/// The key of how many rows a list has, up to [`COUNT_CAP`] and one more.
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
    let [CountOf(list), ..] = keys.as_slice() else { return Ok(Found::default()) };
    let parents = parents(keys.iter().map(|CountOf(list)| list));
    let statement = list.statement(unit, Selected::nothing(), None, &parents);
    let are_many = parents.len() > 1;
    let counted = list::count(are_many.then_some(parents), statement);
    if are_many {
        let read = |row: &DatabaseRow| Ok((value::<SqlUuid, Uuid>(row, 0)?, value::<BigInt, i64>(row, 1)?));
        let counts = unit.fetch(counted, read).await?;
        return Ok(counts.into_iter().map(|(parent, count)| (CountOf(list.with_parent(parent)), count)).collect());
    }
    let counts = unit.fetch(counted, |row| value::<BigInt, i64>(row, 0)).await?;
    Ok(counts.into_iter().map(|count| (CountOf(list.clone()), count)).collect())
}
