//! The SQL of lists: keyset conditions, the first rows of many parents in one statement, and counts
//! that stop. Each is a small piece that diesel's typed queries take in.

mod condition;
mod statement;

pub use condition::{Beyond, Column, FoundBy, InOrder, InScope, OfParent, SortValue, StartsWith};
pub use statement::{Count, CountPerParent, Fragment, PerParent, Rows};
