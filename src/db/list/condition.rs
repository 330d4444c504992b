//! What stands in `WHERE` and `ORDER BY` of a list.

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment};
use diesel::sql_types::{Array, Bool, Date, Integer, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

use super::column::{Column, SortValue};
use crate::viewer::Scope;

/// Makes hand-written pieces fit into diesel's queries on any table.
macro_rules! expression {
    ($name:ident, $sql_type:ty) => {
        impl diesel::expression::Expression for $name {
            type SqlType = $sql_type;
        }
        impl<T> diesel::expression::SelectableExpression<T> for $name {}
        impl<T> diesel::expression::AppearsOnTable<T> for $name {}
        impl<G> diesel::expression::ValidGrouping<G> for $name {
            type IsAggregate = diesel::expression::is_aggregate::Never;
        }
        impl diesel::query_builder::QueryId for $name {
            type QueryId = ();
            const HAS_STATIC_QUERY_ID: bool = false;
        }
    };
}
pub(super) use expression;

/// `(column, id) < (value, id)` or `>`: the rows beyond a cursor.
#[derive(Debug, Clone)]
pub struct Beyond {
    /// The sort column.
    pub column: Column,
    /// Its value at the cursor.
    pub value: SortValue,
    /// The id at the cursor.
    pub id: Uuid,
    /// Whether the list runs from the greatest to the least.
    pub descending: bool,
}

expression!(Beyond, Bool);

impl QueryFragment<Pg> for Beyond {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("(");
        self.column.push(&mut out);
        out.push_sql(", ");
        self.column.push_tie_breaker(&mut out);
        out.push_sql(if self.descending { ") < (" } else { ") > (" });
        match &self.value {
            SortValue::Instant(Some(value)) => out.push_bind_param::<Timestamptz, _>(value)?,
            SortValue::Day(Some(value)) => out.push_bind_param::<Date, _>(value)?,
            SortValue::Text(value) => out.push_bind_param::<Text, _>(value)?,
            SortValue::Rank(value) => out.push_bind_param::<SmallInt, _>(value)?,
            SortValue::Number(value) => out.push_bind_param::<Integer, _>(value)?,
            SortValue::Instant(None) => out.push_sql("'-infinity'::timestamptz"),
            SortValue::Day(None) => out.push_sql("'-infinity'::date"),
        }
        out.push_sql(", ");
        out.push_bind_param::<SqlUuid, _>(&self.id)?;
        out.push_sql(")");
        Ok(())
    }
}

/// The texts that start with another, in a column that the database generated as the lower case of
/// another, compared by its bytes. It also lowers what is searched: its rules differ from Rust's.
#[derive(Debug, Clone)]
pub struct StartsWith {
    /// The generated column.
    pub column: Column,
    /// How the text starts, in any case.
    pub prefix: String,
}

expression!(StartsWith, Nullable<Bool>);

impl QueryFragment<Pg> for StartsWith {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("(");
        self.column.push(&mut out);
        out.push_sql(" >= lower(");
        out.push_bind_param::<Text, _>(&self.prefix)?;
        out.push_sql(") AND ");
        self.column.push(&mut out);
        out.push_sql(" < lower(");
        out.push_bind_param::<Text, _>(&self.prefix)?;
        // No text that anybody stores goes on with the last code point there is.
        out.push_sql(") || U&'\\+10FFFF')");
        Ok(())
    }
}

/// The rows of a [`Scope`], by the column that names their owner.
#[derive(Debug, Clone, Copy)]
pub struct InScope(pub Column, pub Scope);

expression!(InScope, Bool);

impl QueryFragment<Pg> for InScope {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        match &self.1 {
            Scope::All => out.push_sql("TRUE"),
            Scope::Nothing => out.push_sql("FALSE"),
            Scope::Own(user) => {
                self.0.push(&mut out);
                out.push_sql(" = ");
                out.push_bind_param::<SqlUuid, _>(user)?;
            }
        }
        Ok(())
    }
}

/// `column, id`, both ascending or both descending.
#[derive(Debug, Clone, Copy)]
pub struct InOrder {
    /// The sort column.
    pub column: Column,
    /// From the greatest to the least.
    pub descending: bool,
}

expression!(InOrder, diesel::expression::expression_types::NotSelectable);

impl QueryFragment<Pg> for InOrder {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let direction = if self.descending { " DESC" } else { " ASC" };
        self.column.push(&mut out);
        out.push_sql(direction);
        out.push_sql(", ");
        self.column.push_tie_breaker(&mut out);
        out.push_sql(direction);
        Ok(())
    }
}

/// The rows of one parent: `column = id`, or, inside a statement for many parents
/// ([`per_parent`](super::per_parent)), `column = parent.id`.
#[derive(Debug, Clone, Copy)]
pub struct OfParent {
    /// The column that points at the parent.
    pub column: Column,
    /// The parent, where there is only one.
    pub only: Option<Uuid>,
}

expression!(OfParent, Bool);

impl QueryFragment<Pg> for OfParent {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.column.push(&mut out);
        out.push_sql(" = ");
        if let Some(parent) = &self.only {
            return out.push_bind_param::<SqlUuid, _>(parent);
        }
        out.push_sql("\"parent\".\"id\"");
        Ok(())
    }
}

/// `column = ANY (ARRAY(SELECT function(argument)))`: the rows that a definer function of the database finds,
/// where an operator that is not leakproof could not use its index under row-level security. An array is looked up by
/// the index of the column, where `IN` could read the whole table to join it.
#[derive(Debug, Clone)]
pub struct FoundBy {
    /// The id column.
    pub column: Column,
    /// The function, schema and all.
    pub function: &'static str,
    /// What it is asked for.
    pub argument: String,
}

expression!(FoundBy, Bool);

impl QueryFragment<Pg> for FoundBy {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.column.push(&mut out);
        out.push_sql(" = ANY (ARRAY(SELECT ");
        out.push_sql(self.function);
        out.push_sql("(");
        out.push_bind_param::<Text, _>(&self.argument)?;
        out.push_sql(")))");
        Ok(())
    }
}

/// `column = id` or `column = ANY(ids)`: the rows of some ids.
#[derive(Debug, Clone)]
pub struct OneOfIds {
    /// The id column.
    pub column: Column,
    /// The ids.
    pub ids: Vec<Uuid>,
}

expression!(OneOfIds, Bool);

impl QueryFragment<Pg> for OneOfIds {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.column.push(&mut out);
        if let [id] = self.ids.as_slice() {
            out.push_sql(" = ");
            return out.push_bind_param::<SqlUuid, _>(id);
        }
        out.push_sql(" = ANY(");
        out.push_bind_param::<Array<SqlUuid>, _>(&self.ids)?;
        out.push_sql(")");
        Ok(())
    }
}
