//! The connection of a list, as clients see it.

use std::borrow::Cow;
use std::sync::Arc;

use async_graphql::{Context, Object, ObjectType, SimpleObject, TypeName};

use super::{COUNT_CAP, CountOf, List, Listed, Page, PageArgs, PageOf};
use crate::error::Result;
use crate::request::Ask as _;

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
    node: Arc<L>,
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
    async fn node(&self) -> &Arc<L> {
        &self.node
    }
}

/// A page of a list.
pub struct Connection<L: Listed> {
    list: List<L>,
    page: Arc<Page<L::Order>>,
    /// The rows of the page in the order of the list.
    rows: Vec<Arc<L>>,
    has_more: bool,
}

impl<L: Listed> Connection<L> {
    /// Loads a page; its count is not asked for until somebody selects it.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a page out of bounds or a foreign cursor, and what the database answers.
    pub async fn load(ctx: &Context<'_>, list: List<L>, args: PageArgs, order: (L::Order, bool)) -> Result<Self> {
        let page = Page::read(args, order.0, order.1).map_err(|error| error.in_field(ctx.place()))?;
        let page = Arc::new(page);
        let rows = match page.size {
            0 => Arc::default(),
            _ => ctx.load(PageOf { list: list.clone(), page: Arc::clone(&page) }).await?.unwrap_or_default(),
        };
        let has_more = rows.len() > page.size;
        let mut rows: Vec<_> = rows.iter().take(page.size).cloned().collect();
        if page.backward {
            rows.reverse();
        }
        Ok(Self { list, page, rows, has_more })
    }

    /// The rows of the page, in the order of the list.
    #[must_use]
    pub fn rows(&self) -> &[Arc<L>] {
        &self.rows
    }

    /// The cursor of a row of this page.
    #[must_use]
    pub fn cursor(&self, row: &L) -> String {
        self.page.cursor(&row.sort_value(self.page.order), row.id())
    }

    /// Where the page lies in its list.
    #[must_use]
    pub fn page_info(&self) -> PageInfo {
        let continues = self.page.from.is_some();
        let (has_previous_page, has_next_page) =
            if self.page.backward { (self.has_more, continues) } else { (continues, self.has_more) };
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
        self.rows.iter().map(|row| Edge { cursor: self.cursor(row), node: Arc::clone(row) }).collect()
    }

    /// The rows alone.
    async fn nodes(&self) -> &[Arc<L>] {
        &self.rows
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
