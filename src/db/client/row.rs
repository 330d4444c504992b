//! A row as it came, for diesel to read.

use std::error::Error as StdError;
use std::num::NonZeroU32;
use std::ops::Range;

use diesel::pg::{Pg, PgValue};
use diesel::row::{Field, PartialRow, Row, RowIndex, RowSealed};
use tokio_postgres::types::{FromSql, Type};

/// A row as it came from the database.
pub struct DatabaseRow(tokio_postgres::Row);

impl From<tokio_postgres::Row> for DatabaseRow {
    fn from(row: tokio_postgres::Row) -> Self {
        Self(row)
    }
}

impl DatabaseRow {
    /// Its bytes on the wire.
    pub(crate) fn size(&self) -> usize {
        self.0.raw_size_bytes()
    }
}

impl RowSealed for DatabaseRow {}

impl<'a> Row<'a, Pg> for DatabaseRow {
    type Field<'b>
        = Cell<'b>
    where
        'a: 'b,
        Self: 'b;
    type InnerPartialRow = Self;

    fn field_count(&self) -> usize {
        self.0.len()
    }

    fn get<'b, I>(&'b self, index: I) -> Option<Cell<'b>>
    where
        'a: 'b,
        Self: RowIndex<I>,
    {
        let at = self.idx(index)?;
        let column = self.0.columns().get(at)?;
        let Raw(bytes) = self.0.try_get(at).ok()?;
        Some(Cell { name: column.name(), oid: NonZeroU32::new(column.type_().oid())?, bytes })
    }

    fn partial_row(&self, range: Range<usize>) -> PartialRow<'_, Self> {
        PartialRow::new(self, range)
    }
}

impl RowIndex<usize> for DatabaseRow {
    fn idx(&self, at: usize) -> Option<usize> {
        (at < self.0.len()).then_some(at)
    }
}

impl<'a> RowIndex<&'a str> for DatabaseRow {
    fn idx(&self, name: &'a str) -> Option<usize> {
        self.0.columns().iter().position(|column| column.name() == name)
    }
}

/// A value of a row.
pub struct Cell<'a> {
    name: &'a str,
    oid: NonZeroU32,
    bytes: Option<&'a [u8]>,
}

impl<'a> Field<'a, Pg> for Cell<'a> {
    fn field_name(&self) -> Option<&str> {
        Some(self.name)
    }

    fn value(&self) -> Option<PgValue<'_>> {
        Some(PgValue::new(self.bytes?, &self.oid))
    }
}

/// The bytes of a value of any type.
struct Raw<'a>(Option<&'a [u8]>);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_: &Type, bytes: &'a [u8]) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        Ok(Self(Some(bytes)))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        Ok(Self(None))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}
