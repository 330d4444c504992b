//! The plan of a connection: how the pages of a level are written.

use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt as _, try_join, try_join_all};

use crate::db::row::{Columns, Placed};
use crate::entity::Object;
use crate::entity::pieces::Pieces;
use crate::entity::plan::{Done, Env, Plan, label};
use crate::entity::selection::At;
use crate::json;
use crate::page::{COUNT_CAP, CountOf, List, Listed, Page, Reads};

type Label = Box<[u8]>;

/// A field of `PageInfo`.
enum Info {
    HasNext,
    HasPrevious,
    Start,
    End,
    Typename,
}

/// A field of an edge.
enum EdgeItem<L: 'static> {
    Cursor,
    Node(Plan<L>),
    Typename,
}

/// A field of a connection.
enum Item<L: 'static> {
    Nodes(Plan<L>),
    Edges(Vec<(Label, EdgeItem<L>)>),
    Info(Vec<(Label, Info)>),
    Total,
    Typename,
}

/// How the pages of a list are written.
pub(super) struct PagePlan<L: 'static> {
    items: Vec<(Label, Item<L>)>,
}

/// The fields that are selected, each with its label.
fn labelled<T>(selected: Vec<At<'_>>, item: impl Fn(&str, &At<'_>) -> Option<T>) -> Option<Vec<(Label, T)>> {
    let item = |(number, at): (usize, At<'_>)| Some((label(&at, number == 0), item(&at.field.node.name.node, &at)?));
    selected.into_iter().enumerate().map(item).collect()
}

impl<L: Listed + Object> PagePlan<L> {
    pub(super) fn compile(selected: Vec<At<'_>>) -> Option<Self> {
        let items = labelled(selected, |name, at| {
            Some(match name {
                "nodes" => Item::Nodes(Plan::below(at)?),
                "edges" => Item::Edges(labelled(at.below(&format!("{}Edge", L::NAME), &[])?, edge_item)?),
                "pageInfo" => Item::Info(labelled(at.below("PageInfo", &[])?, |name, _| info(name))?),
                "totalCount" => Item::Total,
                "__typename" => Item::Typename,
                _ => return None,
            })
        })?;
        Some(Self { items })
    }

    /// The plans of rows, in the order in which they are written.
    fn plans(&self) -> impl Iterator<Item = &Plan<L>> {
        self.items.iter().flat_map(|(_, item)| {
            let (nodes, edges) = match item {
                Item::Nodes(plan) => (Some(plan), &[][..]),
                Item::Edges(items) => (None, items.as_slice()),
                _ => (None, &[][..]),
            };
            let of_edges =
                edges.iter().filter_map(|(_, item)| if let EdgeItem::Node(plan) = item { Some(plan) } else { None });
            nodes.into_iter().chain(of_edges)
        })
    }

    /// What is read of the rows.
    pub(super) fn reads(&self) -> Reads {
        let columns = self.plans().fold(Columns::NONE, |all, plan| all.and(plan.columns()));
        let cursors = self.items.iter().any(|(_, item)| match item {
            Item::Edges(items) => items.iter().any(|(_, item)| matches!(item, EdgeItem::Cursor)),
            Item::Info(items) => items.iter().any(|(_, info)| matches!(info, Info::Start | Info::End)),
            _ => false,
        });
        Reads { columns, cursors }
    }

    /// How many levels it asks for, one after another, once the rows are there.
    pub(super) fn levels(&self) -> u64 {
        self.plans().map(Plan::levels).max().unwrap_or_default().max(u64::from(self.counts()))
    }

    fn counts(&self) -> bool {
        self.items.iter().any(|(_, item)| matches!(item, Item::Total))
    }

    /// Writes pages, each as one text.
    pub(super) async fn write(&self, views: &[View<'_, L>], lists: Vec<List<L>>, env: &Env<'_>) -> Done<Pieces> {
        let rows: Vec<&L> = views.iter().flat_map(|view| view.rows.iter().map(|placed| &placed.row)).collect();
        let rows = rows.as_slice();
        let nodes: Vec<BoxFuture<'_, Done<Pieces>>> = self.plans().map(|plan| plan.write(rows, env).boxed()).collect();
        let counts = async {
            if !self.counts() {
                return Ok(Vec::new());
            }
            let many = env.request.batch.load_many(lists.into_iter().map(|list| Some(CountOf(list)))).await?;
            let count = |at: &Option<usize>| at.and_then(|at| many.values.get(at).copied()).unwrap_or_default();
            Ok(many.of.iter().map(count).collect::<Vec<i64>>())
        };
        let (written, counts) = try_join(try_join_all(nodes), counts).await?;
        let per_page = written.iter().map(|pieces| pieces.mean() + 1).sum::<usize>() * rows.len();
        let mut out = Pieces::with_capacity(views.len(), 128 + per_page / views.len().max(1));
        let mut first = 0;
        for (number, view) in views.iter().enumerate() {
            let count = counts.get(number).copied().unwrap_or_default();
            out.push(|out| self.put(view, first, &written, count, out));
            out.hold(env).await?;
            first += view.rows.len();
        }
        Ok(out)
    }

    /// Writes one page, whose rows' texts begin at `first`.
    fn put(&self, view: &View<'_, L>, first: usize, written: &[Pieces], count: i64, out: &mut Vec<u8>) {
        let mut written = written.iter();
        let last = first + view.rows.len();
        for (label, item) in &self.items {
            out.extend_from_slice(label);
            match item {
                Item::Nodes(_) => {
                    let nodes = written.next();
                    json::list(out, first..last, |out, at| {
                        out.extend_from_slice(nodes.map_or(json::NULL, |nodes| nodes.get(at)));
                    });
                }
                Item::Edges(items) => {
                    let of_nodes = items.iter().filter(|(_, item)| matches!(item, EdgeItem::Node(_))).count();
                    let mine: Vec<&Pieces> = written.by_ref().take(of_nodes).collect();
                    json::list(out, view.rows.iter().zip(first..last), |out, (placed, at)| {
                        edge(items, view, placed, at, &mine, out);
                    });
                }
                Item::Info(items) => view.info(items, out),
                Item::Total => json::int(out, count.min(COUNT_CAP + 1)),
                Item::Typename => json::text(out, &format!("{}Connection", L::NAME)),
            }
        }
        out.push(b'}');
    }
}

fn edge_item<L: Object>(name: &str, at: &At<'_>) -> Option<EdgeItem<L>> {
    Some(match name {
        "cursor" => EdgeItem::Cursor,
        "node" => EdgeItem::Node(Plan::below(at)?),
        "__typename" => EdgeItem::Typename,
        _ => return None,
    })
}

fn info(name: &str) -> Option<Info> {
    Some(match name {
        "hasNextPage" => Info::HasNext,
        "hasPreviousPage" => Info::HasPrevious,
        "startCursor" => Info::Start,
        "endCursor" => Info::End,
        "__typename" => Info::Typename,
        _ => return None,
    })
}

fn edge<L: Listed + Object>(
    items: &[(Label, EdgeItem<L>)],
    view: &View<'_, L>,
    placed: &Placed<L>,
    at: usize,
    nodes: &[&Pieces],
    out: &mut Vec<u8>,
) {
    let mut nodes = nodes.iter();
    for (label, item) in items {
        out.extend_from_slice(label);
        match item {
            EdgeItem::Cursor => view.cursor(Some(placed), out),
            EdgeItem::Node(_) => out.extend_from_slice(nodes.next().map_or(json::NULL, |nodes| nodes.get(at))),
            EdgeItem::Typename => json::text(out, &format!("{}Edge", L::NAME)),
        }
    }
    out.push(b'}');
}

/// A page while it is written.
pub(super) struct View<'a, L: Listed> {
    page: &'a Page<L::Order>,
    /// In the order of the list.
    rows: Vec<&'a Placed<L>>,
    has_more: bool,
}

impl<'a, L: Listed> View<'a, L> {
    pub(super) fn new(page: &'a Page<L::Order>, found: &'a [Arc<Placed<L>>]) -> Self {
        Self { page, rows: page.trim(found).map(|placed| &**placed).collect(), has_more: found.len() > page.size }
    }

    fn cursor(&self, placed: Option<&Placed<L>>, out: &mut Vec<u8>) {
        match placed.and_then(|placed| placed.cursor.as_ref()) {
            Some(cursor) => json::text(out, &self.page.cursor(cursor)),
            None => out.extend_from_slice(json::NULL),
        }
    }

    fn info(&self, items: &[(Label, Info)], out: &mut Vec<u8>) {
        let (previous, next) = self.page.continues(self.has_more);
        for (label, info) in items {
            out.extend_from_slice(label);
            match info {
                Info::HasNext => json::bool(out, next),
                Info::HasPrevious => json::bool(out, previous),
                Info::Start => self.cursor(self.rows.first().copied(), out),
                Info::End => self.cursor(self.rows.last().copied(), out),
                Info::Typename => json::text(out, "PageInfo"),
            }
        }
        out.push(b'}');
    }
}
