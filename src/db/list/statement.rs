//! Whole statements around the query of a list.

use diesel::QueryResult;
use diesel::internal::table_macro::{BoxedSelectStatement, FromClause};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, Untyped, Uuid as SqlUuid};
use uuid::Uuid;

use super::choice::{AnyOf, Choice};
use super::column::Column;
use super::condition::{Beyond, InOrder, OfParent, OneOfIds};
use crate::db::row::Selected;

/// A query over one table that still takes conditions.
pub type Over<Table, Sql> = BoxedSelectStatement<'static, Sql, FromClause<Table>, Pg>;

/// A finished statement.
///
/// Under row-level security a cached plan belongs to a role: a text that staff and customers share would be planned
/// anew at each change between them. So a text begins with the kind of its viewer.
pub struct Fragment {
    sql: Box<dyn QueryFragment<Pg> + Send>,
    kind: &'static str,
    /// Whether values are bound that a generic plan would have to see: see [`AnyOf`].
    pub plan_anew: bool,
    locks: bool,
}

impl QueryFragment<Pg> for Fragment {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(self.kind);
        self.sql.walk_ast(out.reborrow())?;
        if self.locks {
            // What refers to the row may go on doing so.
            out.push_sql(" FOR NO KEY UPDATE");
        }
        Ok(())
    }
}

impl QueryId for Fragment {
    type QueryId = ();
    /// The cache goes by the text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Fragment {
    type SqlType = Untyped;
}

impl Fragment {
    fn around(self, wrap: impl FnOnce(Box<dyn QueryFragment<Pg> + Send>) -> Box<dyn QueryFragment<Pg> + Send>) -> Self {
        Self { sql: wrap(self.sql), ..self }
    }
}

/// How the query of a list ends, whatever it is a list of: the rows that are asked for, their order, their number,
/// and what is selected of them.
pub struct Ending {
    /// What is selected.
    pub selected: Selected,
    /// Only the rows of these ids.
    pub ids: Option<OneOfIds>,
    /// Only the rows of each parent.
    pub parent: Option<OfParent>,
    /// Only the rows beyond a cursor.
    pub beyond: Option<Beyond>,
    /// The order.
    pub order: Option<InOrder>,
    /// How many rows at the most.
    pub limit: Option<i64>,
    /// The kind of the viewer, as the comment that begins the text.
    pub kind: &'static str,
    /// See [`Fragment::plan_anew`].
    pub plan_anew: bool,
    /// Whether the rows stay locked until the transaction ends.
    pub locks: bool,
}

impl Ending {
    /// Everything there is, for viewers of this kind.
    #[must_use]
    pub fn new(selected: Selected, kind: &'static str) -> Self {
        Self {
            selected,
            ids: None,
            parent: None,
            beyond: None,
            order: None,
            limit: None,
            kind,
            plan_anew: false,
            locks: false,
        }
    }

    /// The rows of these ids.
    #[must_use]
    pub fn of_ids(self, column: Column, ids: Vec<Uuid>) -> Self {
        Self { ids: Some(OneOfIds { column, ids }), ..self }
    }

    /// A condition on an enum's column; `None` where there is none.
    pub fn any_of<C: Choice>(&mut self, column: Column, values: Option<&Vec<C>>) -> Option<AnyOf> {
        let condition = AnyOf::new(column, values?)?;
        self.plan_anew |= !condition.is_usual();
        Some(condition)
    }

    /// The statement.
    #[must_use]
    pub fn finish<Table, Sql>(self, mut query: Over<Table, Sql>) -> Fragment
    where
        Table: QuerySource + Send + 'static,
        Over<Table, Untyped>: QueryFragment<Pg> + Send,
    {
        if let Some(ids) = self.ids {
            query = query.filter(ids);
        }
        if let Some(parent) = self.parent {
            query = query.filter(parent);
        }
        if let Some(beyond) = self.beyond {
            query = query.filter(beyond);
        }
        if let Some(order) = self.order {
            query = query.order(order);
        }
        if let Some(limit) = self.limit {
            query = query.limit(limit);
        }
        Fragment {
            sql: Box::new(query.select(self.selected)),
            kind: self.kind,
            plan_anew: self.plan_anew,
            locks: self.locks,
        }
    }
}

/// The rows of a query for each of many parents: the query runs once a parent inside a `LATERAL`
/// join, so that its `LIMIT` and its index count for each parent alone. Rows come parent by parent, in
/// the order of the query: the only plan for a lateral join is a nested loop, which keeps it. The first column is the
/// parent.
#[must_use]
pub fn per_parent(parents: Vec<Uuid>, query: Fragment) -> Fragment {
    query.around(|query| Box::new(Lateral { parents, query, select: "\"child\".*", open: "", close: "" }))
}

/// How many rows a query has, counted up to the limit that the query carries; with parents, for each of them, which
/// is the first column then.
#[must_use]
pub fn count(parents: Option<Vec<Uuid>>, query: Fragment) -> Fragment {
    query.around(|query| match parents {
        None => Box::new(Counted(query)),
        Some(parents) => {
            let (open, close) = ("SELECT count(*) AS \"n\" FROM (", ") AS \"row\"");
            Box::new(Lateral { parents, query, select: "\"child\".\"n\"", open, close })
        }
    })
}

struct Lateral {
    parents: Vec<Uuid>,
    query: Box<dyn QueryFragment<Pg> + Send>,
    select: &'static str,
    open: &'static str,
    close: &'static str,
}

impl QueryFragment<Pg> for Lateral {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT \"parent\".\"id\", ");
        out.push_sql(self.select);
        out.push_sql(" FROM unnest(");
        out.push_bind_param::<Array<SqlUuid>, _>(&self.parents)?;
        out.push_sql(") AS \"parent\"(\"id\") CROSS JOIN LATERAL (");
        out.push_sql(self.open);
        self.query.walk_ast(out.reborrow())?;
        out.push_sql(self.close);
        out.push_sql(") AS \"child\"");
        Ok(())
    }
}

struct Counted(Box<dyn QueryFragment<Pg> + Send>);

impl QueryFragment<Pg> for Counted {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT count(*) FROM (");
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(") AS \"row\"");
        Ok(())
    }
}
