//! PostgreSQL: the pool, one unit of work a request, level batching, the SQL of lists.

pub mod batch;
pub mod change;
pub mod client;
mod driver;
pub mod failure;
pub mod inspection;
pub mod list;
mod loan;
pub mod migrate;
pub mod peppers;
pub mod pool;
pub mod row;
#[expect(missing_docs, reason = "generated; the migrations comment on every column")]
#[rustfmt::skip]
pub mod schema;
pub mod statement;
pub mod unit;
