//! Rows of which only the columns that somebody reads are fetched.
//!
//! A row type is declared once with [`row!`](crate::row): its struct, its columns and how each is read. A statement
//! fetches some of them ([`Columns`]); the rest of the struct keeps its default, and nobody reads it: what a field of
//! the API reads is declared with the field, and checked against [`Row::fetched`] in builds with debug assertions.

use diesel::QueryResult;
use diesel::deserialize::{FromSql, Result as Read};
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::pg::{Pg, PgValue};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::row::Field as _;
use diesel::sql_types::{Untyped, Uuid as SqlUuid};
use diesel_async::AsyncConnectionCore;
use futures_util::TryStreamExt as _;
use uuid::Uuid;

use super::client::Client;
use super::list::{Column, Fragment, SortValue};
use crate::error::Result;
use crate::memory::Share;
use crate::viewer::Viewer;

/// A set of columns of one row type: a bit for each, in the order of its declaration.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Columns(u64);

impl Columns {
    /// No column.
    pub const NONE: Self = Self(0);
    /// Every column there is.
    pub const ALL: Self = Self(u64::MAX);

    /// The columns of these names.
    #[must_use]
    pub fn named(all: &[&str], names: &[&str]) -> Self {
        let is_named = |at: &usize| all.get(*at).is_some_and(|column| names.contains(column));
        Self((0..all.len().min(64)).filter(is_named).fold(0, |bits, at| bits | 1 << at))
    }

    /// All of both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of `other` are in it.
    #[must_use]
    pub const fn contain(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether it has the column of this place.
    const fn has(self, at: usize) -> bool {
        self.0 & (1 << at) != 0
    }
}

/// A row of a table, of which some columns may be fetched.
pub trait Row: Default + Clone + Send + Sync + 'static {
    /// The columns of its table, as far as the program reads them.
    const COLUMNS: &'static [&'static str];
    /// How each of them stands in a statement.
    const QUOTED: &'static [&'static str];

    /// Takes in the value of a column, by its place in [`Row::COLUMNS`].
    ///
    /// # Errors
    /// When the value is not of the column's type.
    fn fill(&mut self, column: usize, value: Option<PgValue<'_>>) -> Read<()>;

    /// The columns that were fetched.
    fn fetched(&self) -> Columns;

    /// Notes which columns were fetched.
    fn note(&mut self, fetched: Columns);
}

/// Reads a value as the type of a column, which the compiler checks.
///
/// # Errors
/// When the value is not of the column's type.
pub fn read<C, T>(value: Option<PgValue<'_>>) -> Read<T>
where
    C: Expression,
    T: FromSql<C::SqlType, Pg>,
{
    T::from_nullable_sql(value)
}

/// Declares a row: `row! { Ticket of tickets { id: TicketId, … } }`, where `tickets` is a module of
/// [`schema`](super::schema) that is in scope. Columns are open to the module around.
#[macro_export]
macro_rules! row {
    ($(#[$doc:meta])* $name:ident of $table:ident { $($(#[$column_doc:meta])* $column:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default)]
        pub struct $name {
            $($(#[$column_doc])* pub(super) $column: $type,)*
            /// The columns that were fetched.
            fetched: $crate::db::row::Columns,
        }

        impl $crate::db::row::Row for $name {
            const COLUMNS: &'static [&'static str] = &[$(stringify!($column)),*];
            const QUOTED: &'static [&'static str] = &[$($crate::quoted!($table.$column)),*];

            fn fill(&mut self, column: usize, value: Option<diesel::pg::PgValue<'_>>) -> diesel::deserialize::Result<()> {
                let mut _at = 0;
                $(
                    if column == _at {
                        self.$column = $crate::db::row::read::<$table::$column, $type>(value)?;
                        return Ok(());
                    }
                    _at += 1;
                )*
                Err("there is no such column".into())
            }

            fn fetched(&self) -> $crate::db::row::Columns {
                self.fetched
            }

            fn note(&mut self, fetched: $crate::db::row::Columns) {
                self.fetched = fetched;
            }
        }
    };
}

/// Columns that the database opens to staff alone. A statement that names one fails for everybody else, whose fields
/// are null without it.
const OF_STAFF: [&str; 9] = [
    crate::quoted!(servers.node_id),
    crate::quoted!(tickets.before_merge),
    crate::quoted!(tickets.hold_reason),
    crate::quoted!(tickets.response_due_at),
    crate::quoted!(tickets.resolution_due_at),
    crate::quoted!(tickets.resolution_seconds_left),
    crate::quoted!(tickets.silence_warned_at),
    crate::quoted!(users.virtfusion_id),
    crate::quoted!(users.server_limit),
];

/// What a statement selects: where each row lies in its list, if somebody asks for cursors, and some columns.
#[derive(Debug, Clone, Copy)]
pub struct Selected {
    quoted: &'static [&'static str],
    columns: Columns,
    /// Which of the columns stand in the statement: the others keep their default.
    asked: Columns,
    cursor: Option<Column>,
}

impl Selected {
    /// Some columns of a row type, and with `cursor` the value of a sort column and of what breaks its ties.
    #[must_use]
    pub fn of<R: Row>(columns: Columns, cursor: Option<Column>) -> Self {
        Self { quoted: R::QUOTED, columns, asked: columns, cursor }
    }

    /// Without what the database does not open to this viewer.
    #[must_use]
    pub fn by(mut self, viewer: &Viewer) -> Self {
        if !viewer.is_staff() {
            let hidden = self.quoted.iter().take(64).enumerate().filter(|(_, column)| OF_STAFF.contains(column));
            self.asked = hidden.fold(self.asked, |asked, (at, _)| Columns(asked.0 & !(1 << at)));
        }
        self
    }

    /// Nothing, where rows are only counted.
    #[must_use]
    pub const fn nothing() -> Self {
        Self { quoted: &[], columns: Columns::NONE, asked: Columns::NONE, cursor: None }
    }

    fn places(&self) -> impl Iterator<Item = (usize, &'static str)> {
        let columns = self.asked;
        self.quoted.iter().copied().enumerate().filter(move |(at, _)| columns.has(*at))
    }

    /// Reads a row whose columns begin at `at`.
    ///
    /// # Errors
    /// When a value is not of its column's type.
    pub fn read<R: Row>(&self, row: &DatabaseRow, mut at: usize) -> Read<Placed<R>> {
        let cursor = match self.cursor {
            None => None,
            Some(column) => {
                let cursor = (SortValue::read(column, cell(row, at)?.value())?, value::<SqlUuid, Uuid>(row, at + 1)?);
                at += 2;
                Some(cursor)
            }
        };
        let mut one = R::default();
        for (number, (column, _)) in self.places().enumerate() {
            one.fill(column, cell(row, at + number)?.value())?;
        }
        one.note(self.columns);
        Ok(Placed { row: one, cursor })
    }
}

/// A row, and its place in its list where that was asked for.
#[derive(Debug, Clone)]
pub struct Placed<R> {
    /// The row.
    pub row: R,
    /// Its value of the sort column, and what breaks ties.
    pub cursor: Option<(SortValue, Uuid)>,
}

impl Expression for Selected {
    type SqlType = Untyped;
}

impl<T> SelectableExpression<T> for Selected {}
impl<T> AppearsOnTable<T> for Selected {}

impl<G> ValidGrouping<G> for Selected {
    type IsAggregate = is_aggregate::Never;
}

impl QueryId for Selected {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl QueryFragment<Pg> for Selected {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let mut separator = "";
        if let Some(cursor) = self.cursor {
            cursor.push(&mut out);
            out.push_sql(", ");
            cursor.push_tie_breaker(&mut out);
            separator = ", ";
        }
        for (_, quoted) in self.places() {
            out.push_sql(separator);
            out.push_sql(quoted);
            separator = ", ";
        }
        if separator.is_empty() {
            out.push_sql("NULL");
        }
        Ok(())
    }
}

pub use super::client::DatabaseRow;

/// A value of a row, by its place, which is of this type in the database.
///
/// # Errors
/// When there are fewer columns, or the value is of another type.
pub fn value<Sql, T: FromSql<Sql, Pg>>(row: &DatabaseRow, at: usize) -> Read<T> {
    T::from_nullable_sql(cell(row, at)?.value())
}

fn cell(row: &DatabaseRow, at: usize) -> Read<impl diesel::row::Field<'_, Pg>> {
    diesel::row::Row::get(row, at).ok_or_else(|| "there are too few columns".into())
}

/// So many bytes of rows are counted at once.
const STEP: usize = 64 * 1024;

/// Runs a statement and reads each of its rows.
///
/// # Errors
/// What the database answers, a row that cannot be read, and more than an answer may hold.
pub(super) async fn fetch<T: Send>(
    conn: &Client,
    memory: Option<&Share>,
    statement: Fragment,
    read: impl Fn(&DatabaseRow) -> Read<T> + Send,
) -> Result<Vec<T>> {
    let mut rows = AsyncConnectionCore::load(&mut &*conn, statement).await?;
    let (mut found, mut bytes) = (Vec::new(), 0);
    while let Some(row) = rows.try_next().await? {
        found.push(read(&row).map_err(diesel::result::Error::DeserializationError)?);
        bytes += row.size();
        if bytes >= STEP {
            hold(memory, std::mem::take(&mut bytes)).await?;
        }
    }
    hold(memory, bytes).await?;
    Ok(found)
}

async fn hold(memory: Option<&Share>, bytes: usize) -> Result<()> {
    match memory {
        Some(share) if bytes > 0 => share.rows(bytes).await,
        _ => Ok(()),
    }
}
