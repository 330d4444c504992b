//! Enums that PostgreSQL holds as text with a CHECK. Its own enums compare by an operator that is not
//! leakproof, so under row-level security no index would serve them.

/// Declares an enum of the API with the text of each value in the database, and after it the sets of values that the
/// product's own pages ask for: see [`Choice`](crate::db::list::Choice).
#[macro_export]
macro_rules! text_enum {
    (
        $(#[$doc:meta])* $name:ident { $($(#[$value_doc:meta])* $value:ident = $text:literal,)* }
        $(usual { $([$($usual:ident),*],)* })?
    ) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, async_graphql::Enum,
            diesel::expression::AsExpression, diesel::deserialize::FromSqlRow,
        )]
        #[diesel(sql_type = diesel::sql_types::Text)]
        pub enum $name { $($(#[$value_doc])* $value,)* }

        impl Default for $name {
            /// The first value: it stands in rows of which this column was not fetched.
            fn default() -> Self {
                let [first, ..] = [$(Self::$value),*];
                first
            }
        }

        impl $crate::leaf::Leaf for $name {
            fn declare(registry: &mut async_graphql::registry::Registry) -> String {
                <Self as async_graphql::OutputType>::create_type_info(registry)
            }

            fn write(&self, out: &mut Vec<u8>) {
                $crate::json::name(out, $crate::db::list::Choice::as_str(*self));
            }

            fn value(&self) -> async_graphql::Value {
                async_graphql::resolver_utils::enum_value(*self)
            }
        }

        impl $crate::db::list::Choice for $name {
            const ALL: &'static [Self] = &[$(Self::$value),*];
            const USUAL: &'static [&'static [Self]] = &[$($(&[$(Self::$usual),*]),*)?];

            fn as_str(self) -> &'static str {
                match self { $(Self::$value => $text,)* }
            }
        }

        impl $crate::db::statement::Bound for $name {
            fn bind(&self) -> $crate::db::statement::Bind {
                $crate::db::statement::Bind::text($crate::db::list::Choice::as_str(*self))
            }
        }

        impl $crate::db::statement::Bound for Option<$name> {
            fn bind(&self) -> $crate::db::statement::Bind {
                $crate::db::statement::Bind::Text(self.map(|value| $crate::db::list::Choice::as_str(value).to_owned()))
            }
        }

        impl diesel::serialize::ToSql<diesel::sql_types::Text, diesel::pg::Pg> for $name {
            fn to_sql<'b>(
                &'b self,
                out: &mut diesel::serialize::Output<'b, '_, diesel::pg::Pg>,
            ) -> diesel::serialize::Result {
                std::io::Write::write_all(out, $crate::db::list::Choice::as_str(*self).as_bytes())?;
                Ok(diesel::serialize::IsNull::No)
            }
        }

        impl diesel::deserialize::FromSql<diesel::sql_types::Text, diesel::pg::Pg> for $name {
            fn from_sql(bytes: diesel::pg::PgValue<'_>) -> diesel::deserialize::Result<Self> {
                match bytes.as_bytes() {
                    $(value if value == $text.as_bytes() => Ok(Self::$value),)*
                    other => Err(format!(
                        concat!(stringify!($name), " has no value {:?}"),
                        String::from_utf8_lossy(other),
                    ).into()),
                }
            }
        }
    };
}
