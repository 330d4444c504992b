//! A statement of diesel's as text and values, which no lifetime ties to it.

use std::borrow::Cow;
use std::error::Error as StdError;

use diesel::QueryResult;
use diesel::pg::{FailedToLookupTypeError, Pg, PgMetadataCacheKey, PgMetadataLookup, PgQueryBuilder, PgTypeMetadata};
use diesel::query_builder::bind_collector::RawBytesBindCollector;
use diesel::query_builder::{QueryBuilder as _, QueryFragment};
use diesel::result::Error as Diesel;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, WrongType};

/// What is asked, in whole.
pub(super) struct Bound {
    pub(super) text: String,
    pub(super) types: Vec<Type>,
    pub(super) values: Vec<Value>,
}

impl Bound {
    pub(super) fn new(query: &dyn QueryFragment<Pg>) -> QueryResult<Self> {
        let mut text = PgQueryBuilder::default();
        query.to_sql(&mut text, &Pg)?;
        let mut binds = RawBytesBindCollector::<Pg>::new();
        query.collect_binds(&mut binds, &mut BuiltIn, &Pg)?;
        let types = binds.metadata.iter().map(type_of).collect::<QueryResult<Vec<_>>>()?;
        let values = types.iter().cloned().zip(binds.binds).map(|(of, bytes)| Value { of, bytes }).collect();
        Ok(Self { text: text.finish(), types, values })
    }
}

fn type_of(metadata: &PgTypeMetadata) -> QueryResult<Type> {
    let oid = metadata.oid().map_err(|cause| Diesel::SerializationError(Box::new(cause)))?;
    Type::from_oid(oid)
        .ok_or_else(|| Diesel::SerializationError(format!("{oid} is no type of PostgreSQL's own").into()))
}

/// Knows no types but PostgreSQL's own, which need no asking: the schema makes none.
struct BuiltIn;

impl PgMetadataLookup for BuiltIn {
    fn lookup_type(&mut self, name: &str, schema: Option<&str>) -> PgTypeMetadata {
        let key = PgMetadataCacheKey::new(schema.map(Cow::Borrowed), Cow::Borrowed(name));
        PgTypeMetadata::from_result(Err(FailedToLookupTypeError::new(key.into_owned())))
    }
}

/// A value as the server reads it; diesel wrote it.
#[derive(Debug)]
pub(super) struct Value {
    of: Type,
    bytes: Option<Vec<u8>>,
}

type Written = Result<IsNull, Box<dyn StdError + Sync + Send>>;

impl ToSql for Value {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Written {
        let Some(bytes) = &self.bytes else { return Ok(IsNull::Yes) };
        out.extend_from_slice(bytes);
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    /// One text is prepared for one list of types; the same text with others is a mistake.
    fn to_sql_checked(&self, wanted: &Type, out: &mut BytesMut) -> Written {
        if self.of == *wanted {
            return self.to_sql(wanted, out);
        }
        Err(Box::new(WrongType::new::<Self>(wanted.clone())))
    }
}
