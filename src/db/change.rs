//! An `INSERT`, an `UPDATE` or a `DELETE` of one row, whose text depends on the names of its columns alone.

use chrono::{DateTime, Utc};
use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Timestamptz, Untyped, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

use super::client::Client;
use super::statement::Bind;
use crate::error::Result;

/// What the statements of writing units begin with: they run under a role, and so a plan, of their own.
pub const KIND: &str = "/* writer */ ";

/// What is done to one row. Names are the program's own, and need no escapes.
pub enum Change<'a> {
    /// A new row.
    Insert {
        /// The table.
        table: &'static str,
        /// Its columns, each with its value.
        values: Vec<(&'static str, Bind)>,
    },
    /// A row that is there.
    Update {
        /// The table.
        table: &'static str,
        /// The row.
        id: &'a Uuid,
        /// The columns that change, each with its new value. None: something happened that shows in its time alone.
        values: Vec<(&'static str, Bind)>,
        /// Whether its revision is raised.
        is_revised: bool,
        /// When. A row never goes back in time: whoever waited for its lock may have begun before it last changed.
        at: &'a DateTime<Utc>,
    },
    /// A row that goes.
    Delete {
        /// The table.
        table: &'static str,
        /// The row.
        id: &'a Uuid,
    },
}

impl Change<'_> {
    /// Makes the change. How many rows it met.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn run(self, conn: &Client) -> Result<usize> {
        Ok(self.execute(&mut &*conn).await?)
    }
}

impl QueryFragment<Pg> for Change<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(KIND);
        match self {
            Self::Insert { table, values } => {
                out.push_sql("INSERT INTO ");
                out.push_identifier(table)?;
                for (at, (column, _)) in values.iter().enumerate() {
                    out.push_sql(if at == 0 { " (" } else { ", " });
                    out.push_identifier(column)?;
                }
                for (at, (_, value)) in values.iter().enumerate() {
                    out.push_sql(if at == 0 { ") VALUES (" } else { ", " });
                    value.push(&mut out)?;
                }
                out.push_sql(")");
            }
            Self::Update { table, id, values, is_revised, at } => {
                out.push_sql("UPDATE ");
                out.push_identifier(table)?;
                out.push_sql(" SET \"updated_at\" = greatest(");
                out.push_bind_param::<Timestamptz, _>(*at)?;
                out.push_sql(", \"updated_at\" + interval '1 microsecond')");
                if *is_revised {
                    out.push_sql(", \"revision\" = \"revision\" + 1");
                }
                for (column, value) in values {
                    out.push_sql(", ");
                    out.push_identifier(column)?;
                    out.push_sql(" = ");
                    value.push(&mut out)?;
                }
                out.push_sql(" WHERE \"id\" = ");
                out.push_bind_param::<SqlUuid, _>(*id)?;
            }
            Self::Delete { table, id } => {
                out.push_sql("DELETE FROM ");
                out.push_identifier(table)?;
                out.push_sql(" WHERE \"id\" = ");
                out.push_bind_param::<SqlUuid, _>(*id)?;
            }
        }
        Ok(())
    }
}

impl QueryId for Change<'_> {
    type QueryId = ();
    /// The cache goes by the text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Change<'_> {
    type SqlType = Untyped;
}
