//! Conditions of the kind "any of these", over the values of an enum.
//!
//! Prepared statements run under generic plans, which do not look at bound values: with `status = ANY($1)` PostgreSQL
//! would walk the whole index of a list to find the few rows of a rare status. So values stand in the text, where the
//! planner sees them: the program's own names, never a client's text. Only single values and the sets that the product
//! itself uses do, or the subsets of an enum would make texts without end; for any other subset the values are bound,
//! and the transaction plans its statements anew from there on.

use std::collections::BTreeSet;

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment};
use diesel::sql_types::{Array, Bool, Text};

use super::column::Column;
use super::condition::expression;

/// An enum that lists can be narrowed by.
pub trait Choice: Copy + 'static {
    /// Every value.
    const ALL: &'static [Self];
    /// The sets that the product's own pages ask for, each as one, beside single values.
    const USUAL: &'static [&'static [Self]];

    /// The value in the database.
    fn as_str(self) -> &'static str;
}

/// `column` is any of some values.
#[derive(Debug, Clone)]
pub struct AnyOf {
    column: Column,
    values: Vec<&'static str>,
    is_usual: bool,
}

impl AnyOf {
    /// The condition; `None` where every value will do.
    pub fn new<C: Choice>(column: Column, values: &[C]) -> Option<Self> {
        let set = |values: &[C]| values.iter().map(|value| value.as_str()).collect::<BTreeSet<_>>();
        let values = set(values);
        if values == set(C::ALL) {
            return None;
        }
        let is_usual = values.len() == 1 || C::USUAL.iter().any(|usual| set(usual) == values);
        Some(Self { column, values: values.into_iter().collect(), is_usual })
    }

    /// Whether the values stand in the text.
    #[must_use]
    pub fn is_usual(&self) -> bool {
        self.is_usual
    }
}

expression!(AnyOf, Bool);

impl QueryFragment<Pg> for AnyOf {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.column.push(&mut out);
        if !self.is_usual {
            out.push_sql(" = ANY(");
            out.push_bind_param::<Array<Text>, _>(&self.values)?;
            out.push_sql(")");
            return Ok(());
        }
        let mut before = " IN ('";
        for value in &self.values {
            out.push_sql(before);
            out.push_sql(value);
            before = "', '";
        }
        out.push_sql("')");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::column;
    use crate::support::TicketStatus as Status;

    fn sql(values: &[Status]) -> Option<String> {
        let any = AnyOf::new(column!(tickets.status), values)?;
        Some(diesel::debug_query::<Pg, _>(&any).to_string().split(" -- ").next().unwrap().to_owned())
    }

    #[test]
    fn usual_sets_stand_in_the_text_sorted_and_once() {
        assert_eq!(sql(&[Status::Open]).unwrap(), "\"tickets\".\"status\" IN ('open')");
        let [text, again] =
            [&[Status::Resolved, Status::Closed][..], &[Status::Closed, Status::Resolved, Status::Closed]]
                .map(|values| sql(values).unwrap());
        assert_eq!(text, "\"tickets\".\"status\" IN ('closed', 'resolved')");
        assert_eq!(text, again);
    }

    #[test]
    fn any_other_subset_is_one_text_and_all_values_are_none() {
        let [text, other] = [&[Status::Open, Status::Closed][..], &[Status::OnHold, Status::Open, Status::Resolved]]
            .map(|values| sql(values).unwrap());
        assert_eq!(text, "\"tickets\".\"status\" = ANY($1)");
        assert_eq!(text, other);
        assert_eq!(sql(Status::ALL), None);
    }
}
