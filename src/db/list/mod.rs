//! The SQL of rows: conditions, keyset conditions, the first rows of many parents in one statement, and counts that
//! stop. Each is a small piece that diesel's typed queries take in.

mod choice;
mod column;
mod condition;
mod statement;

pub use choice::{AnyOf, Choice};
pub use column::{Column, SortKind, SortValue, Sortable};
pub use condition::{Beyond, FoundBy, InOrder, InScope, OfParent, OneOfIds, StartsWith};
pub use statement::{Ending, Fragment, Over, count, per_parent};
