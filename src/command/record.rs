//! What of a row the program writes.

use crate::db::statement::Bind;
use crate::page::ById;

/// A row that the program writes: which of its columns, how each goes into a statement, and how the API shows it.
/// [`record!`](crate::record!) declares one.
pub trait Record: ById {
    /// Its table.
    const TABLE: &'static str;
    /// What its ids begin with.
    const PREFIX: &'static str;
    /// Columns that are given when the row is made, and stay.
    const GIVEN: usize;
    /// The names of the columns, of the given ones first.
    const NAMES: &'static [&'static str];

    /// The value of a column, by its place in [`Record::NAMES`].
    fn bind(&self, at: usize) -> Bind;

    /// The same as the API shows it.
    fn shown(&self, at: usize) -> serde_json::Value;
}

/// Declares what of a row is written: `record! { Ticket as TicketId in tickets { given id, user_id; subject, status } }`.
#[macro_export]
macro_rules! record {
    ($ty:ident as $id:ident in $table:ident { given $($given:ident),*; $($column:ident),* }) => {
        impl $crate::command::Record for $ty {
            const TABLE: &'static str = stringify!($table);
            const PREFIX: &'static str = $id::PREFIX;
            const GIVEN: usize = [$(stringify!($given)),*].len();
            const NAMES: &'static [&'static str] = &[$(stringify!($given),)* $(stringify!($column)),*];

            fn bind(&self, at: usize) -> $crate::db::statement::Bind {
                let binds: [fn(&Self) -> $crate::db::statement::Bind; Self::NAMES.len()] = [
                    $(|row| $crate::db::statement::Bound::bind(&row.$given),)*
                    $(|row| $crate::db::statement::Bound::bind(&row.$column)),*
                ];
                binds.get(at).map_or($crate::db::statement::Bind::Text(None), |bind| bind(self))
            }

            fn shown(&self, at: usize) -> serde_json::Value {
                let values: [fn(&Self) -> async_graphql::Value; Self::NAMES.len()] = [
                    $(|row| $crate::leaf::Leaf::value(&row.$given),)*
                    $(|row| $crate::leaf::Leaf::value(&row.$column)),*
                ];
                values.get(at).and_then(|value| value(self).into_json().ok()).unwrap_or_default()
            }
        }
    };
}

/// The places of the columns in which two states of a row differ.
pub fn changed<R: Record>(before: &R, after: &R) -> Vec<usize> {
    (R::GIVEN..R::NAMES.len()).filter(|at| before.bind(*at) != after.bind(*at)).collect()
}
