//! Columns that lists are sorted by, narrowed by, and hung on.

use std::hash::{Hash, Hasher};

use chrono::{DateTime, NaiveDate, Utc};
use diesel::deserialize::{FromSql, Result as Read};
use diesel::expression::Expression;
use diesel::pg::{Pg, PgValue};
use diesel::query_builder::AstPass;
use diesel::sql_types::{Date, Integer, Nullable, SmallInt, SqlType, Text, Timestamptz, Uuid as SqlUuid};

/// A column. One that a list is sorted by is never null, and one index holds it together with what breaks its ties.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// The table.
    pub table: &'static str,
    /// Its column.
    pub name: &'static str,
    /// What it holds.
    pub kind: SortKind,
    /// How it stands in a statement, quotes and all.
    sql: &'static str,
    /// The same for the column that breaks ties.
    tie_sql: &'static str,
}

impl PartialEq for Column {
    fn eq(&self, other: &Self) -> bool {
        self.sql == other.sql && self.tie_sql == other.tie_sql
    }
}

impl Eq for Column {}

impl Hash for Column {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.sql.hash(state);
    }
}

/// What a column holds, as far as lists care.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SortKind {
    /// `timestamptz`
    Instant,
    /// `date`
    Day,
    /// `text`
    Text,
    /// `smallint`
    Rank,
    /// `integer`
    Number,
    /// `uuid`: ids name rows, and no list is sorted by them.
    Id,
}

/// The kind of a type of the database.
pub trait Sortable {
    /// The kind.
    const KIND: SortKind;
}

macro_rules! sortable {
    ($($type:ty => $kind:ident),*) => { $(impl Sortable for $type { const KIND: SortKind = SortKind::$kind; })* };
}
sortable!(Timestamptz => Instant, Date => Day, Text => Text, SmallInt => Rank, Integer => Number, SqlUuid => Id);

impl<T: SqlType + Sortable> Sortable for Nullable<T> {
    const KIND: SortKind = T::KIND;
}

impl Column {
    /// The column `C`, by the names of its table and its own, and how it and what breaks its ties stand in a statement:
    /// [`column!`](crate::column) writes this.
    #[must_use]
    pub const fn of<C: Expression<SqlType: Sortable>>(
        (table, name): (&'static str, &'static str),
        (sql, tie_sql): (&'static str, &'static str),
    ) -> Self {
        Self { table, name, kind: <C::SqlType as Sortable>::KIND, sql, tie_sql }
    }

    pub(in crate::db) fn push(self, out: &mut AstPass<'_, '_, Pg>) {
        out.push_sql(self.sql);
    }

    /// Writes the column that breaks ties among equal values.
    pub(in crate::db) fn push_tie_breaker(self, out: &mut AstPass<'_, '_, Pg>) {
        out.push_sql(self.tie_sql);
    }
}

/// A column of the schema, checked by the compiler: `column!(tickets.created_at)`. Ties are broken by `id`, or by what
/// is named: `column!(user_roles.created_at, ties: user_id)`.
#[macro_export]
macro_rules! column {
    ($table:ident.$name:ident) => {
        $crate::column!($table.$name, ties: id)
    };
    ($table:ident.$name:ident, ties: $id:ident) => {
        $crate::db::list::Column::of::<$crate::db::schema::$table::$name>(
            (stringify!($table), stringify!($name)),
            ($crate::quoted!($table.$name), $crate::quoted!($table.$id)),
        )
    };
}

/// How a column stands in a statement: its names are the program's own, and need no escapes.
#[doc(hidden)]
#[macro_export]
macro_rules! quoted {
    ($table:ident.$name:ident) => {
        concat!("\"", stringify!($table), "\".\"", stringify!($name), "\"")
    };
}

/// The value of a sort column in one row.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SortValue {
    /// An instant; `None` stands for no instant and sorts before all others.
    Instant(Option<DateTime<Utc>>),
    /// A day; `None` stands for no day and sorts before all others.
    Day(Option<NaiveDate>),
    /// A text in the order of its bytes.
    Text(String),
    /// A rank.
    Rank(i16),
    /// A number.
    Number(i32),
}

impl SortValue {
    /// Reads the value of a column.
    ///
    /// # Errors
    /// When it is none of the column's kind.
    pub(in crate::db) fn read(column: Column, value: Option<PgValue<'_>>) -> Read<Self> {
        let value = value.ok_or("a sort column is null")?;
        Ok(match column.kind {
            // The columns that stand in for a nullable one hold -infinity, the least of all integers, for null.
            SortKind::Instant if value.as_bytes() == i64::MIN.to_be_bytes() => Self::Instant(None),
            SortKind::Day if value.as_bytes() == i32::MIN.to_be_bytes() => Self::Day(None),
            SortKind::Instant => Self::Instant(Some(FromSql::<Timestamptz, Pg>::from_sql(value)?)),
            SortKind::Day => Self::Day(Some(FromSql::<Date, Pg>::from_sql(value)?)),
            SortKind::Text => Self::Text(FromSql::<Text, Pg>::from_sql(value)?),
            SortKind::Rank => Self::Rank(FromSql::<SmallInt, Pg>::from_sql(value)?),
            SortKind::Number => Self::Number(FromSql::<Integer, Pg>::from_sql(value)?),
            SortKind::Id => return Err("no list is sorted by ids".into()),
        })
    }
}
