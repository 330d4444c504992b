//! Pages: `first`, `after`, `last`, `before` become a bounded keyset [`Page`], and rows become the
//! connection of the Relay specification <https://relay.dev/graphql/connections.htm>.
//!
//! A cursor holds the sort value and the id of its row, and the name of its list, order and direction:
//! it is good for that order alone.

mod arguments;
mod connection;
mod cursor;
mod list;

use std::fmt::Debug;
use std::hash::Hash;

use async_graphql::Enum;
use uuid::Uuid;

pub(crate) use arguments::order;
pub use arguments::{FilterInput, Filtered, Narrow, Narrowed, OrderInput, PageArguments, Unfiltered, argument};
pub use connection::{Connection, Edge, PageInfo};
pub use list::{ById, CountOf, List, Listed, One, PageOf, Reads, Rows};

use crate::db::list::{Beyond, Column, InOrder, SortValue};
use crate::error::{Error, Result};
use crate::scalar::{Undecoded, decode};

/// How many rows a page has when nobody says.
pub const DEFAULT_SIZE: usize = 20;
/// The most rows of a page.
pub const MAX_SIZE: usize = 100;
/// `totalCount` is exact up to here.
pub const COUNT_CAP: i64 = 10_000;

/// Which way a list runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum OrderDirection {
    /// From the least to the greatest.
    Asc,
    /// From the greatest to the least.
    Desc,
}

impl OrderDirection {
    /// Whether the list runs from the greatest to the least.
    #[must_use]
    pub fn is_descending(self) -> bool {
        self == Self::Desc
    }
}

/// What a list can be sorted by.
pub trait Order: Debug + Copy + Eq + Hash + Send + Sync + 'static {
    /// The column, and the name that its cursors carry.
    fn column(self) -> Column;
}

/// A list that only runs by when its rows came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Newest(pub Column);

impl Order for Newest {
    fn column(self) -> Column {
        self.0
    }
}

/// The bounded part of a list that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Page<O> {
    /// Rows of the page; 0 asks for a count alone.
    pub size: usize,
    /// Whether the page is the end of the list (`last`) and not its start.
    pub backward: bool,
    /// The cursor it continues from.
    pub from: Option<(SortValue, Uuid)>,
    /// What the list is sorted by.
    pub order: O,
    /// Whether the list runs from the greatest to the least.
    pub descending: bool,
}

impl<O: Order> Page<O> {
    /// Checks the arguments against the bounds and reads the cursor.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a page that is too large or negative, for both `first` and `last`, and for a
    /// cursor that is malformed or of another list or order.
    pub fn read(arguments: PageArguments, order: O, descending: bool) -> Result<Self> {
        let first = size(arguments.first, "first")?;
        let last = size(arguments.last, "last")?;
        let (size, backward, cursor, field, idle) = match (first, last) {
            (Some(_), Some(_)) => return Err(Error::bad_input("last", "Give `first` or `last`, not both.")),
            (None, Some(last)) => (last, true, arguments.before, "before", arguments.after.and(Some("after"))),
            (first, None) => {
                (first.unwrap_or(DEFAULT_SIZE), false, arguments.after, "after", arguments.before.and(Some("before")))
            }
        };
        if let Some(idle) = idle {
            return Err(Error::bad_input(idle, "Give `after` with `first`, or `before` with `last`."));
        }
        let from = cursor.map(|text| cursor::decode(&text, order.column(), descending, field)).transpose()?;
        Ok(Self { size, backward, from, order, descending })
    }

    /// The cursor of a row.
    #[must_use]
    pub fn cursor(&self, (value, id): &(SortValue, Uuid)) -> String {
        cursor::encode(self.order.column(), self.descending, value, *id)
    }

    /// The rows of the page in the order of the list, out of what was found for it: there may be one more.
    pub fn trim<'a, R>(&self, found: &'a [R]) -> impl DoubleEndedIterator<Item = &'a R> + use<'a, R, O> {
        let kept = found.get(..self.size.min(found.len())).unwrap_or_default();
        let (forward, backward) = if self.backward { (&[][..], kept) } else { (kept, &[][..]) };
        forward.iter().chain(backward.iter().rev())
    }

    /// Whether there are rows before and after the page, when one more was found, or none.
    #[must_use]
    pub fn continues(&self, has_more: bool) -> (bool, bool) {
        let continues = self.from.is_some();
        if self.backward { (has_more, continues) } else { (continues, has_more) }
    }

    /// Reading a backward page turns the order round.
    fn reads_descending(&self) -> bool {
        self.descending != self.backward
    }

    /// The `ORDER BY` of the page.
    #[must_use]
    pub fn in_order(&self) -> InOrder {
        InOrder { column: self.order.column(), descending: self.reads_descending() }
    }

    /// The rows beyond the cursor, if there is one.
    #[must_use]
    pub fn beyond(&self) -> Option<Beyond> {
        let (value, id) = self.from.clone()?;
        Some(Beyond { column: self.order.column(), value, id, descending: self.reads_descending() })
    }

    /// One row more than the page: it tells whether there is a next one.
    #[must_use]
    pub fn limit(&self) -> i64 {
        i64::try_from(self.size).unwrap_or(i64::MAX).saturating_add(1)
    }
}

fn size(given: Option<Undecoded<i32>>, field: &str) -> Result<Option<usize>> {
    let Some(size) = decode(given, field)? else { return Ok(None) };
    usize::try_from(size)
        .ok()
        .filter(|size| *size <= MAX_SIZE)
        .map(Some)
        .ok_or_else(|| Error::bad_input(field, format!("`{field}` is between 0 and {MAX_SIZE}.")))
}
