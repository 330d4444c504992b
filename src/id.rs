//! Typed ids. In PostgreSQL an id is a UUID (version 7: it sorts by its time of making); in the API it
//! is opaque: the prefix of its type, an underscore, and the UUID as 32 hex digits.

use async_graphql::ID;
use uuid::Uuid;

use crate::error::{Error, Result};

/// Declares one id type: its name, its prefix, what it names.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, diesel::expression::AsExpression, diesel::deserialize::FromSqlRow)]
        #[diesel(sql_type = diesel::sql_types::Uuid)]
        pub struct $name(pub Uuid);

        impl $name {
            /// What an id of this type starts with in the API.
            pub const PREFIX: &'static str = $prefix;

            /// A fresh id, later than every earlier one.
            #[must_use]
            pub fn fresh() -> Self {
                #[expect(clippy::disallowed_methods, reason = "the one place where ids come from")]
                Self(Uuid::now_v7())
            }

            /// Reads an id of the API. `field` is the argument that an error names.
            ///
            /// # Errors
            /// `BAD_USER_INPUT` when the text is malformed or an id of another type.
            pub fn parse(id: &ID, field: &str) -> Result<Self> {
                split(id).filter(|(prefix, _)| *prefix == $prefix).map(|(_, uuid)| Self(uuid)).ok_or_else(|| {
                    Error::bad_input(field, concat!("This is not an id of the right type: it starts with `", $prefix, "_`."))
                })
            }
        }

        impl From<$name> for ID {
            fn from(id: $name) -> ID {
                ID(format!(concat!($prefix, "_{}"), id.0.as_simple()))
            }
        }

        impl $crate::leaf::Leaf for $name {
            fn declare(registry: &mut async_graphql::registry::Registry) -> String {
                <ID as async_graphql::OutputType>::create_type_info(registry)
            }

            fn write(&self, out: &mut Vec<u8>) {
                $crate::json::id(out, $prefix, self.0);
            }

            fn value(&self) -> async_graphql::Value {
                async_graphql::Value::String(ID::from(*self).0)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, out: S) -> std::result::Result<S::Ok, S::Error> {
                out.serialize_str(&ID::from(*self))
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
                let text = String::deserialize(from)?;
                Self::parse(&ID(text), "id").map_err(|_| serde::de::Error::custom("not an id"))
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Uuid {
                id.0
            }
        }

        impl diesel::serialize::ToSql<diesel::sql_types::Uuid, diesel::pg::Pg> for $name {
            fn to_sql<'b>(&'b self, out: &mut diesel::serialize::Output<'b, '_, diesel::pg::Pg>) -> diesel::serialize::Result {
                <Uuid as diesel::serialize::ToSql<diesel::sql_types::Uuid, diesel::pg::Pg>>::to_sql(&self.0, out)
            }
        }

        impl diesel::deserialize::FromSql<diesel::sql_types::Uuid, diesel::pg::Pg> for $name {
            fn from_sql(bytes: diesel::pg::PgValue<'_>) -> diesel::deserialize::Result<Self> {
                Uuid::from_sql(bytes).map(Self)
            }
        }
    )*};
}

ids! {
    /// A person's account.
    UserId = "usr";
    /// A role.
    RoleId = "rol";
    /// A signed-in device.
    SessionId = "ses";
    /// A request to set a new password.
    PasswordResetId = "pwr";
    /// A virtual server.
    ServerId = "srv";
    /// One thing done to a server.
    ServerActionId = "sac";
    /// What can be bought.
    PackageId = "pkg";
    /// An invoice.
    InvoiceId = "inv";
    /// A line of an invoice.
    InvoiceItemId = "itm";
    /// A movement of money.
    TransactionId = "trx";
    /// A ticket.
    TicketId = "tkt";
    /// A message or a note in a ticket.
    MessageId = "msg";
    /// Whom a ticket is for.
    DepartmentId = "dep";
    /// An answer that staff keeps ready.
    CannedReplyId = "can";
    /// Something that happened, in the audit log.
    AuditEventId = "aud";
    /// One run of something on a clock.
    JobRunId = "job";
    /// A mail that the system wrote.
    MailId = "mal";
}

/// Takes an id of the API apart: its prefix and its UUID. `None` when malformed: one id has one
/// spelling, so upper-case digits are refused.
#[must_use]
pub fn split(id: &ID) -> Option<(&str, Uuid)> {
    let (prefix, digits) = id.0.split_once('_')?;
    let canonical = digits.len() == 32 && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let uuid = canonical.then(|| Uuid::try_parse(digits).ok()).flatten()?;
    Some((prefix, uuid))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_as_itself_and_as_nothing_else() {
        let server = ServerId::fresh();
        let text = ID::from(server);
        assert_eq!(ServerId::parse(&text, "id").unwrap(), server);
        assert!(UserId::parse(&text, "id").is_err());
        for bad in [
            "",
            "srv_",
            "srv",
            "srv_0190",
            "SRV_0190c6f07c4e7b1e9d586d1f5d0e2a11",
            "srv_0190C6F07C4E7B1E9D586D1F5D0E2A11",
            "srv_0190c6f0-7c4e-7b1e-9d58-6d1f5d0e2a11",
        ] {
            assert!(ServerId::parse(&ID(bad.into()), "id").is_err(), "{bad}");
        }
    }
}
