//! Hand-written statements that are prepared once. `diesel::sql_query` is never cached: it costs a
//! parse, a plan and a round trip at every call.

use std::marker::PhantomData;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, Date, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

use crate::viewer::Viewer;

/// A value bound into a [`Statement`].
#[derive(Debug, Clone)]
pub enum Bind {
    /// `uuid`
    Uuid(Uuid),
    /// `uuid[]`
    Uuids(Vec<Uuid>),
    /// `text`, or null
    Text(Option<String>),
    /// `text[]`
    Texts(Vec<String>),
    /// `timestamptz`, or null
    Instant(Option<DateTime<Utc>>),
    /// `timestamptz[]`
    Instants(Vec<DateTime<Utc>>),
    /// `date`
    Date(NaiveDate),
    /// `integer`
    Int(i32),
}

impl Bind {
    /// A text that is there.
    pub fn text(value: impl Into<String>) -> Self {
        Self::Text(Some(value.into()))
    }

    /// Ids of one type.
    pub fn ids<I: Into<Uuid>>(ids: impl IntoIterator<Item = I>) -> Self {
        Self::Uuids(ids.into_iter().map(Into::into).collect())
    }

    fn push<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        match self {
            Self::Uuid(value) => out.push_bind_param::<SqlUuid, _>(value),
            Self::Uuids(value) => out.push_bind_param::<Array<SqlUuid>, _>(value),
            Self::Text(value) => out.push_bind_param::<Nullable<Text>, _>(value),
            Self::Texts(value) => out.push_bind_param::<Array<Text>, _>(value),
            Self::Instant(value) => out.push_bind_param::<Nullable<Timestamptz>, _>(value),
            Self::Instants(value) => out.push_bind_param::<Array<Timestamptz>, _>(value),
            Self::Date(value) => out.push_bind_param::<Date, _>(value),
            Self::Int(value) => out.push_bind_param::<Integer, _>(value),
        }
    }
}

/// A statement whose text never changes, with a `?` for each bound value, and whose rows are `Row`.
#[derive(Debug, Clone)]
pub struct Statement<Row> {
    text: &'static str,
    binds: Vec<Bind>,
    kind: &'static str,
    row: PhantomData<fn() -> Row>,
}

impl<Row> Statement<Row> {
    /// The statement, with as many values as it has question marks.
    #[must_use]
    pub fn new(text: &'static str, binds: Vec<Bind>) -> Self {
        debug_assert_eq!(text.matches('?').count(), binds.len(), "{text}");
        Self { text, binds, kind: "", row: PhantomData }
    }

    /// The same with a text, and a plan, of this viewer's kind: where row-level security holds for its tables.
    #[must_use]
    pub fn of(self, viewer: &Viewer) -> Self {
        Self { kind: viewer.statement_kind(), ..self }
    }
}

impl<Row> QueryFragment<Pg> for Statement<Row> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let mut binds = self.binds.iter();
        out.push_sql(self.kind);
        for (index, piece) in self.text.split('?').enumerate() {
            if index > 0
                && let Some(bind) = binds.next()
            {
                bind.push(&mut out)?;
            }
            out.push_sql(piece);
        }
        Ok(())
    }
}

impl<Row> QueryId for Statement<Row> {
    type QueryId = ();
    /// The cache goes by the text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Row> Query for Statement<Row> {
    type SqlType = Row;
}
