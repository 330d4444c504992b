//! What a document amounts to once its fragments are put in place, without putting them there.
//!
//! async-graphql checks and validates *every* definition of a document and expands fragments
//! without a memo, so the bounds hold over all of them and not only over the operation that runs.
//! Each fragment is counted once; sums saturate.

use super::DocumentLimits;
use super::quote::name;
use crate::error::{Code, Error};
use async_graphql::parser::types::{Directive, ExecutableDocument, OperationDefinition, Selection, SelectionSet};
use async_graphql::{Pos, Positioned};
use std::collections::HashMap;

/// How deep `__schema` and `__type` may go; the standard introspection query needs 15.
const INTROSPECTION_DEPTH: usize = 20;
/// How often one path may pass through [`circles`]; the standard introspection query does once.
const INTROSPECTION_CIRCLES: usize = 3;

/// What a selection set amounts to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Fields, spreads and inline fragments.
    pub selections: usize,
    pub aliases: usize,
    pub directives: usize,
    /// Fields of this very set, through fragments.
    pub root_fields: usize,
    /// Fields on the longest path; `__schema` and `__type` end it.
    pub depth: usize,
    /// Fields on the longest path, introspection or not: the depth when inside of `__schema`.
    pub full_depth: usize,
    /// Selection sets on the longest path: what async-graphql recurses over.
    pub levels: usize,
    /// Circular fields on a path, the same way; they only matter inside of `__schema`.
    pub circles: usize,
    pub introspects: bool,
    /// Of the deepest `__schema` or `__type`.
    pub introspection_depth: usize,
    pub introspection_circles: usize,
}

impl Tally {
    fn plus(self, other: Self) -> Self {
        Self {
            selections: self.selections.saturating_add(other.selections),
            aliases: self.aliases.saturating_add(other.aliases),
            directives: self.directives.saturating_add(other.directives),
            root_fields: self.root_fields.saturating_add(other.root_fields),
            depth: self.depth.max(other.depth),
            full_depth: self.full_depth.max(other.full_depth),
            levels: self.levels.max(other.levels),
            circles: self.circles.max(other.circles),
            introspects: self.introspects || other.introspects,
            introspection_depth: self.introspection_depth.max(other.introspection_depth),
            introspection_circles: self.introspection_circles.max(other.introspection_circles),
        }
    }

    /// The tally of a field whose selection set amounts to `self`.
    fn below_field(self, field: &str) -> Self {
        let mut tally = Self {
            root_fields: 1,
            depth: self.depth + 1,
            full_depth: self.full_depth + 1,
            circles: self.circles + usize::from(circles(field)),
            ..self
        };
        if introspects(field) {
            tally.depth = 1;
            tally.introspects = true;
            tally.introspection_depth = tally.full_depth;
            tally.introspection_circles = tally.circles;
        }
        tally
    }
}

/// Whether a field is the entry to the schema.
pub(super) fn introspects(field: &str) -> bool {
    matches!(field, "__schema" | "__type")
}

/// Whether a field of introspection leads in a circle: each turn multiplies by the whole schema.
fn circles(field: &str) -> bool {
    matches!(field, "fields" | "interfaces" | "possibleTypes" | "inputFields")
}

/// What matters of a document that is within its bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counted {
    /// Whether the operation that runs selects `__schema` or `__type`.
    pub introspects: bool,
    /// The first definition that does, whether it runs or not: all of them are validated.
    pub introspection: Option<Pos>,
}

/// Counts the whole document and holds it to the bounds.
pub(super) fn count(
    document: &ExecutableDocument,
    chosen: &Positioned<OperationDefinition>,
    limits: &DocumentLimits,
) -> Result<Counted, Error> {
    let mut counter = Counter { document, nesting: limits.nesting, seen: HashMap::new() };
    let of_chosen = counter.operation(chosen)?;
    let mut introspection = None;
    let mut check = |tally: Tally, pos: Pos| {
        introspection = introspection.or(tally.introspects.then_some(pos));
        check_bounds(tally, pos, limits)
    };
    check(of_chosen, chosen.pos)?;

    let mut total = of_chosen;
    for operation in in_order(document.operations.iter().map(|(_, operation)| operation)) {
        if operation.pos != chosen.pos {
            let tally = counter.operation(operation)?;
            check(tally, operation.pos)?;
            total = total.plus(tally);
        }
    }
    let mut fragments: Vec<_> = document.fragments.iter().collect();
    fragments.sort_by_key(|(_, fragment)| fragment.pos);
    for (fragment, definition) in fragments {
        if !counter.seen.contains_key(fragment.as_str()) {
            let mut tally = counter.fragment(fragment, definition.pos, 0)?;
            tally.root_fields = 0;
            if definition.node.type_condition.node.on.node.starts_with("__") {
                tally.depth = 0;
                tally.introspection_depth = tally.full_depth;
                tally.introspection_circles = tally.circles;
            }
            check(tally, definition.pos)?;
            total = total.plus(tally);
        }
    }
    total.root_fields = 0;
    check(total, chosen.pos)?;
    Ok(Counted { introspects: of_chosen.introspects, introspection })
}

fn in_order<'a, T: 'a>(items: impl Iterator<Item = &'a Positioned<T>>) -> Vec<&'a Positioned<T>> {
    let mut items: Vec<_> = items.collect();
    items.sort_by_key(|item| item.pos);
    items
}

fn check_bounds(tally: Tally, pos: Pos, limits: &DocumentLimits) -> Result<(), Error> {
    use Code::{QueryTooComplex, QueryTooDeep};

    let bounds = [
        (tally.depth, limits.depth, "levels of fields", QueryTooDeep),
        (tally.introspection_depth, INTROSPECTION_DEPTH, "levels of fields in the schema", QueryTooDeep),
        (
            tally.introspection_circles,
            INTROSPECTION_CIRCLES,
            "nested fields, interfaces, possibleTypes or inputFields of the schema",
            QueryTooDeep,
        ),
        (tally.root_fields, limits.root_fields, "root fields", QueryTooComplex),
        (tally.aliases, limits.aliases, "aliases", QueryTooComplex),
        (tally.directives, limits.directives, "directives", QueryTooComplex),
        (tally.selections, limits.selections, "selections with its fragments in place", QueryTooComplex),
    ];
    for (amount, bound, what, code) in bounds {
        if amount > bound {
            let message = format!("the query has more than {bound} {what}");
            return Err(Error::new(code, message).at(pos));
        }
    }
    Ok(())
}

struct Counter<'a> {
    document: &'a ExecutableDocument,
    /// The bound on selection sets in each other, fragments in place. It bounds the recursion
    /// here, and keeps the one of async-graphql (32 by default) from being reached.
    nesting: usize,
    /// `None` while a fragment is being counted.
    seen: HashMap<&'a str, Option<Tally>>,
}

impl<'a> Counter<'a> {
    fn operation(&mut self, operation: &'a Positioned<OperationDefinition>) -> Result<Tally, Error> {
        let mut tally = self.set(&operation.node.selection_set, 0)?;
        let variables = &operation.node.variable_definitions;
        tally.directives = variables
            .iter()
            .map(|variable| variable.node.directives.len())
            .fold(tally.directives, usize::saturating_add)
            .saturating_add(operation.node.directives.len());
        Ok(tally)
    }

    /// `above` is how many selection sets lie around this one.
    fn set(&mut self, set: &'a Positioned<SelectionSet>, above: usize) -> Result<Tally, Error> {
        if set.node.items.is_empty() {
            return Ok(Tally::default());
        }
        self.check_nesting(above, 1, set.pos)?;
        let mut sum = Tally::default();
        for selection in &set.node.items {
            sum = sum.plus(self.selection(selection, above + 1)?);
        }
        sum.levels += 1;
        Ok(sum)
    }

    fn selection(&mut self, selection: &'a Positioned<Selection>, above: usize) -> Result<Tally, Error> {
        let mut tally = match &selection.node {
            Selection::Field(field) => {
                let below = self.set(&field.node.selection_set, above)?;
                let mut tally = below.below_field(&field.node.name.node);
                let alias = usize::from(field.node.alias.is_some());
                tally.aliases = tally.aliases.saturating_add(alias);
                tally
            }
            Selection::FragmentSpread(spread) => self.fragment(&spread.node.fragment_name.node, spread.pos, above)?,
            Selection::InlineFragment(inline) => self.set(&inline.node.selection_set, above)?,
        };
        tally.selections = tally.selections.saturating_add(1);
        let directives: &[Positioned<Directive>] = selection.node.directives();
        tally.directives = tally.directives.saturating_add(directives.len());
        Ok(tally)
    }

    /// A fragment that is not there counts nothing; validation refuses it.
    fn fragment(&mut self, spread: &str, pos: Pos, above: usize) -> Result<Tally, Error> {
        let Some((fragment, definition)) = self.document.fragments.get_key_value(spread) else {
            return Ok(Tally::default());
        };
        match self.seen.get(fragment.as_str()) {
            Some(Some(tally)) => {
                let tally = *tally;
                self.check_nesting(above, tally.levels, pos)?;
                Ok(tally)
            }
            Some(None) => {
                let message = format!("fragment {} spreads itself", name(spread));
                Err(Error::new(Code::GraphqlValidationFailed, message).at(pos))
            }
            None => {
                self.seen.insert(fragment.as_str(), None);
                let mut tally = self.set(&definition.node.selection_set, above)?;
                let directives = definition.node.directives.len();
                tally.directives = tally.directives.saturating_add(directives);
                self.seen.insert(fragment.as_str(), Some(tally));
                Ok(tally)
            }
        }
    }

    fn check_nesting(&self, above: usize, levels: usize, pos: Pos) -> Result<(), Error> {
        if above.saturating_add(levels) > self.nesting {
            let message =
                format!("selections are nested more than {} levels deep with their fragments in place", self.nesting);
            return Err(Error::new(Code::QueryTooDeep, message).at(pos));
        }
        Ok(())
    }
}
