//! The connection of a list, as clients see it.

use std::borrow::Cow;
use std::sync::Arc;

use async_graphql::{Context, Object, ObjectType, SimpleObject, TypeName};

use super::{COUNT_CAP, CountOf, List, Listed, Page, Rows};
use crate::db::row::Placed;
use crate::error::Result;
use crate::request::ContextExt as _;

/// Where a page lies in its list.
#[derive(Debug, Clone, Default, SimpleObject)]
pub struct PageInfo {
    /// Whether there are rows after the page.
    pub has_next_page: bool,
    /// Whether there are rows before the page.
    pub has_previous_page: bool,
    /// The cursor of the first row. Null when the page is empty.
    pub start_cursor: Option<String>,
    /// The cursor of the last row. Null when the page is empty.
    pub end_cursor: Option<String>,
}

/// One row of a page.
pub struct Edge<L> {
    cursor: String,
    node: Arc<Placed<L>>,
}

impl<L: ObjectType> TypeName for Edge<L> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", L::type_name()).into()
    }
}

/// One row of a page, and its place.
#[Object(name_type)]
impl<L: ObjectType> Edge<L> {
    /// Where the row lies: give it back as `after` or `before`. Good for this list in this order alone.
    async fn cursor(&self) -> &str {
        &self.cursor
    }

    /// The row.
    async fn node(&self) -> &L {
        &self.node.row
    }
}

/// A page of a list.
pub struct Connection<L: Listed> {
    list: List<L>,
    page: Arc<Page<L::Order>>,
    /// The rows of the page in the order of the list.
    rows: Vec<Arc<Placed<L>>>,
    has_more: bool,
}

impl<L: Listed> Connection<L> {
    /// The page of what was found for it. Its count is not asked for until somebody selects it.
    #[must_use]
    pub fn new(list: List<L>, page: Arc<Page<L::Order>>, found: &Rows<L>) -> Self {
        let rows = page.trim(found).cloned().collect();
        let has_more = found.len() > page.size;
        Self { list, page, rows, has_more }
    }

    /// The rows of the page, in the order of the list.
    pub fn rows(&self) -> impl Iterator<Item = &L> {
        self.rows.iter().map(|placed| &placed.row)
    }

    /// The cursors of the rows.
    pub fn cursors(&self) -> impl Iterator<Item = String> {
        self.rows.iter().map(|placed| self.cursor(placed))
    }

    fn cursor(&self, placed: &Placed<L>) -> String {
        placed.cursor.as_ref().map(|cursor| self.page.cursor(cursor)).unwrap_or_default()
    }

    /// Where the page lies in its list.
    #[must_use]
    pub fn page_info(&self) -> PageInfo {
        let (has_previous_page, has_next_page) = self.page.continues(self.has_more);
        PageInfo {
            has_next_page,
            has_previous_page,
            start_cursor: self.rows.first().map(|row| self.cursor(row)),
            end_cursor: self.rows.last().map(|row| self.cursor(row)),
        }
    }

    /// How many rows the list has, up to one more than [`COUNT_CAP`].
    ///
    /// # Errors
    /// What the database answers.
    pub async fn total_count(&self, ctx: &Context<'_>) -> Result<i32> {
        let count = ctx.load(CountOf(self.list.clone())).await?.unwrap_or_default();
        Ok(i32::try_from(count.min(COUNT_CAP + 1)).unwrap_or(i32::MAX))
    }
}

impl<L: Listed + ObjectType> TypeName for Connection<L> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", L::type_name()).into()
    }
}

/// A page of a list: <https://relay.dev/graphql/connections.htm>.
#[Object(name_type)]
impl<L: Listed + ObjectType> Connection<L> {
    /// The rows with their cursors.
    async fn edges(&self) -> Vec<Edge<L>> {
        self.rows.iter().map(|placed| Edge { cursor: self.cursor(placed), node: Arc::clone(placed) }).collect()
    }

    /// The rows alone.
    async fn nodes(&self) -> Vec<&L> {
        self.rows().collect()
    }

    /// Where the page lies in its list.
    #[graphql(name = "pageInfo")]
    async fn graphql_page_info(&self) -> PageInfo {
        self.page_info()
    }

    /// How many rows the list has. Exact up to 10 000; 10 001 means more. Counted only when selected.
    #[graphql(name = "totalCount")]
    async fn graphql_total_count(&self, ctx: &Context<'_>) -> Result<i32> {
        self.total_count(ctx).await
    }
}
