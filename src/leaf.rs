//! Values without fields of their own: how each is declared, and written in both ways.

use std::collections::BTreeSet;

use async_graphql::registry::Registry;
use async_graphql::{ID, OutputType, ScalarType as _, Value};
use diesel::deserialize::{FromSql, FromSqlRow, Result as Read};
use diesel::pg::{Pg, PgValue};
use diesel::sql_types::Jsonb;

use crate::json;
use crate::money::{CurrencyCode, Decimal};
use crate::scalar::{Day, Instant};

/// A scalar, an enum, or a list of them.
pub trait Leaf: Send + Sync + 'static {
    /// Its type in the schema, `!` and all.
    fn declare(registry: &mut Registry) -> String;

    /// Writes it as JSON: the way of rows that write themselves.
    fn write(&self, out: &mut Vec<u8>);

    /// The same as a value: the way of async-graphql.
    fn value(&self) -> Value;
}

/// Leaves whose types async-graphql or a scalar of ours declares.
macro_rules! leaves {
    ($($type:ty: |$this:ident, $out:ident| $write:expr, $value:expr;)*) => {$(
        impl Leaf for $type {
            fn declare(registry: &mut Registry) -> String {
                <Self as OutputType>::create_type_info(registry)
            }

            fn write(&self, $out: &mut Vec<u8>) {
                let $this = self;
                $write;
            }

            fn value(&self) -> Value {
                let $this = self;
                $value
            }
        }
    )*};
}

leaves! {
    String: |this, out| json::text(out, this), Value::String(this.clone());
    i32: |this, out| json::int(out, i64::from(*this)), Value::from(*this);
    bool: |this, out| json::bool(out, *this), Value::Boolean(*this);
    serde_json::Value: |this, out| out.extend_from_slice(this.to_string().as_bytes()), Value::from_json(this.clone()).unwrap_or_default();
    ID: |this, out| json::text(out, this), Value::String(this.0.clone());
    Instant: |this, out| json::instant(out, this.0), this.to_value();
    Day: |this, out| json::day(out, this.0), this.to_value();
    Decimal: |this, out| json::decimal(out, &this.number, this.scale), this.to_value();
    CurrencyCode: |this, out| json::text(out, this.as_str()), this.to_value();
}

/// The text of a `jsonb` column, as the database writes it: whatever it holds is passed on, digit for digit.
#[derive(Debug, Clone, PartialEq, Eq, FromSqlRow)]
pub struct JsonText(String);

impl FromSql<Jsonb, Pg> for JsonText {
    fn from_sql(value: PgValue<'_>) -> Read<Self> {
        // Of the binary form there has been one version.
        let text = value.as_bytes().strip_prefix(&[1]).ok_or("this jsonb is of an unknown version")?;
        Ok(Self(std::str::from_utf8(text)?.to_owned()))
    }
}

impl Leaf for JsonText {
    fn declare(registry: &mut Registry) -> String {
        <serde_json::Value as OutputType>::create_type_info(registry)
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.0.as_bytes());
    }

    /// Written already, like a row.
    fn value(&self) -> Value {
        Value::Binary(self.0.clone().into())
    }
}

impl<T: Leaf> Leaf for Option<T> {
    fn declare(registry: &mut Registry) -> String {
        T::declare(registry).trim_end_matches('!').to_owned()
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Some(value) => value.write(out),
            None => out.extend_from_slice(json::NULL),
        }
    }

    fn value(&self) -> Value {
        self.as_ref().map(T::value).unwrap_or_default()
    }
}

impl<T: Leaf + Ord> Leaf for BTreeSet<T> {
    fn declare(registry: &mut Registry) -> String {
        format!("[{}]!", T::declare(registry))
    }

    fn write(&self, out: &mut Vec<u8>) {
        json::list(out, self, |out, value| value.write(out));
    }

    fn value(&self) -> Value {
        Value::List(self.iter().map(T::value).collect())
    }
}
