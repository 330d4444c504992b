//! Hand-written statements that are prepared once. `diesel::sql_query` is never cached: it costs a
//! parse, a plan and a round trip at every call.

use std::marker::PhantomData;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, Bool, Date, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

use crate::id::{CannedReplyId, DepartmentId, MailId, MessageId, RoleId, ServerId, TicketId, UserId};
use crate::scalar::Instant;
use crate::viewer::Viewer;

/// A value bound into a [`Statement`].
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// `uuid`, or null
    MaybeUuid(Option<Uuid>),
    /// `integer`, or null
    MaybeInt(Option<i32>),
    /// `integer[]`
    Ints(Vec<i32>),
    /// `jsonb`, or null
    Json(Option<serde_json::Value>),
    /// `boolean`
    Bool(bool),
}

/// What a column can be given.
pub trait Bound {
    /// The value.
    fn bind(&self) -> Bind;
}

macro_rules! bound_ids {
    ($($id:ident),*) => {
        bound! {
            $(
                $id: this => Bind::Uuid(this.0);
                Option<$id>: this => Bind::MaybeUuid(this.map(|id| id.0));
            )*
        }
    };
}

macro_rules! bound {
    ($($type:ty: $this:ident => $bind:expr;)*) => {$(
        impl Bound for $type {
            fn bind(&self) -> Bind {
                let $this = self;
                $bind
            }
        }
    )*};
}

bound! {
    String: this => Bind::text(this);
    Option<String>: this => Bind::Text(this.clone());
    i32: this => Bind::Int(*this);
    Option<i32>: this => Bind::MaybeInt(*this);
    bool: this => Bind::Bool(*this);
    serde_json::Value: this => Bind::Json(Some(this.clone()));
    Instant: this => Bind::Instant(Some(this.0));
    Option<Instant>: this => Bind::Instant(this.map(|instant| instant.0));
}
bound_ids!(CannedReplyId, DepartmentId, MailId, MessageId, RoleId, ServerId, TicketId, UserId);

impl Bind {
    /// A text that is there.
    pub fn text(value: impl Into<String>) -> Self {
        Self::Text(Some(value.into()))
    }

    /// Ids of one type.
    pub fn ids<I: Into<Uuid>>(ids: impl IntoIterator<Item = I>) -> Self {
        Self::Uuids(ids.into_iter().map(Into::into).collect())
    }

    pub(super) fn push<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        match self {
            Self::Uuid(value) => out.push_bind_param::<SqlUuid, _>(value),
            Self::Uuids(value) => out.push_bind_param::<Array<SqlUuid>, _>(value),
            Self::Text(value) => out.push_bind_param::<Nullable<Text>, _>(value),
            Self::Texts(value) => out.push_bind_param::<Array<Text>, _>(value),
            Self::Instant(value) => out.push_bind_param::<Nullable<Timestamptz>, _>(value),
            Self::Instants(value) => out.push_bind_param::<Array<Timestamptz>, _>(value),
            Self::Date(value) => out.push_bind_param::<Date, _>(value),
            Self::Int(value) => out.push_bind_param::<Integer, _>(value),
            Self::MaybeUuid(value) => out.push_bind_param::<Nullable<SqlUuid>, _>(value),
            Self::MaybeInt(value) => out.push_bind_param::<Nullable<Integer>, _>(value),
            Self::Ints(value) => out.push_bind_param::<Array<Integer>, _>(value),
            Self::Json(value) => out.push_bind_param::<Nullable<Jsonb>, _>(value),
            Self::Bool(value) => out.push_bind_param::<Bool, _>(value),
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
