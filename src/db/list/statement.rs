//! Whole statements around the query of a list.

use std::marker::PhantomData;

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Uuid as SqlUuid};
use uuid::Uuid;

/// A statement whose exact type does not matter any more.
pub type Fragment = Box<dyn QueryFragment<Pg> + Send>;

/// The rows of a finished query.
pub struct Rows<Row> {
    query: Fragment,
    row: PhantomData<fn() -> Row>,
}

impl<Row> Rows<Row> {
    /// The rows of this query.
    #[must_use]
    pub fn new(query: Fragment) -> Self {
        Self { query, row: PhantomData }
    }
}

impl<Row> QueryFragment<Pg> for Rows<Row> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.query.walk_ast(out)
    }
}

impl<Row> QueryId for Rows<Row> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Row: diesel::Selectable<Pg>> Query for Rows<Row> {
    type SqlType = diesel::dsl::AsSelect<Row, Pg>;
}

/// The rows of a query for each of many parents: the query runs once a parent inside a `LATERAL`
/// join, so that its `LIMIT` and its index count for each parent alone. Rows come parent by parent, in
/// the order of the query: the only plan for a lateral join is a nested loop, which keeps it.
pub struct PerParent<Row> {
    parents: Vec<Uuid>,
    query: Fragment,
    row: PhantomData<fn() -> Row>,
}

impl<Row> PerParent<Row> {
    /// The rows of `query`, which holds an [`OfParent`](super::OfParent) condition, for each of `parents`.
    #[must_use]
    pub fn new(parents: Vec<Uuid>, query: Fragment) -> Self {
        Self { parents, query, row: PhantomData }
    }
}

fn lateral<'b>(parents: &'b Vec<Uuid>, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
    out.push_sql(" FROM unnest(");
    out.push_bind_param::<Array<SqlUuid>, _>(parents)?;
    out.push_sql(") AS \"parent\"(\"id\") CROSS JOIN LATERAL (");
    Ok(())
}

impl<Row> QueryFragment<Pg> for PerParent<Row> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT \"parent\".\"id\", \"child\".*");
        lateral(&self.parents, &mut out)?;
        self.query.walk_ast(out.reborrow())?;
        out.push_sql(") AS \"child\"");
        Ok(())
    }
}

impl<Row> QueryId for PerParent<Row> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Row: diesel::Selectable<Pg>> Query for PerParent<Row> {
    type SqlType = (SqlUuid, diesel::dsl::AsSelect<Row, Pg>);
}

/// How many rows a query has, counted up to the limit that the query carries.
pub struct Count(pub Fragment);

impl QueryFragment<Pg> for Count {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT count(*) FROM (");
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(") AS \"row\"");
        Ok(())
    }
}

impl QueryId for Count {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Count {
    type SqlType = BigInt;
}

/// [`Count`], for each of many parents.
pub struct CountPerParent {
    /// The parents.
    pub parents: Vec<Uuid>,
    /// The query, which holds an [`OfParent`](super::OfParent) condition.
    pub query: Fragment,
}

impl QueryFragment<Pg> for CountPerParent {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT \"parent\".\"id\", \"child\".\"n\"");
        lateral(&self.parents, &mut out)?;
        out.push_sql("SELECT count(*) AS \"n\" FROM (");
        self.query.walk_ast(out.reborrow())?;
        out.push_sql(") AS \"row\") AS \"child\"");
        Ok(())
    }
}

impl QueryId for CountPerParent {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for CountPerParent {
    type SqlType = (SqlUuid, BigInt);
}
