//! What came in and what is owed, over a span of days.

mod object;
mod row;

pub use object::Summary;
