//! What an operation costs, as a formula: what the text alone tells is added up, and what variables
//! tell is left open. All sums and products saturate, so their order does not matter.

use super::DocumentLimits;
use async_graphql::parser::types::{Field, OperationDefinition};
use async_graphql::{Name, Value, Variables};
use std::convert::Infallible;
use std::sync::Arc;

/// How many entities a search counts for.
const SEARCH: u64 = 50;

/// A number, and products that wait for the variables.
#[derive(Debug, Clone, Default)]
pub(super) struct Price {
    fixed: u64,
    open: Vec<Open>,
}

#[derive(Debug, Clone)]
enum Open {
    /// So many times a price.
    Times(Size, Price),
    /// The price of a fragment, once for all of its spreads: the formula is no longer than the text.
    Fragment(Arc<Price>),
}

impl Price {
    pub(super) const fn fixed(fixed: u64) -> Self {
        Self { fixed, open: Vec::new() }
    }

    pub(super) fn plus(mut self, other: Self) -> Self {
        self.fixed = self.fixed.saturating_add(other.fixed);
        self.open.extend(other.open);
        self
    }

    pub(super) fn times(self, size: Size) -> Self {
        match size.known() {
            Some(size) if self.open.is_empty() => Self::fixed(self.fixed.saturating_mul(size)),
            _ => Self { fixed: 0, open: vec![Open::Times(size, self)] },
        }
    }

    /// The same price, cheap to clone.
    pub(super) fn shared(self) -> Self {
        if self.open.is_empty() { self } else { Self { fixed: 0, open: vec![Open::Fragment(Arc::new(self))] } }
    }

    /// The price with these variables.
    pub(super) fn with(&self, variables: &Variables) -> u64 {
        self.open.iter().fold(self.fixed, |sum, open| {
            sum.saturating_add(match open {
                Open::Times(size, price) => size.with(variables).saturating_mul(price.with(variables)),
                Open::Fragment(price) => price.with(variables),
            })
        })
    }
}

/// How many entities a field has: the largest number that one of its arguments tells.
#[derive(Debug, Clone)]
pub(super) struct Size {
    literal: Option<u64>,
    variables: Vec<Variable>,
    /// What a value tells.
    told: fn(&Value) -> Option<u64>,
    /// When none of them tells a number.
    default: u64,
    max: u64,
}

/// A variable in the place of an argument, and what its default tells.
#[derive(Debug, Clone)]
struct Variable {
    name: Name,
    default: Option<u64>,
}

impl Size {
    /// The size of a page: the resolver refuses `first` beside `last`.
    pub(super) fn of_page(field: &Field, operation: &OperationDefinition, limits: &DocumentLimits) -> Self {
        Self::of(page_size, limits.page_default, limits.page_max).read(field, &["first", "last"], operation)
    }

    /// How many ids the argument `ids` holds.
    pub(super) fn of_ids(field: &Field, operation: &OperationDefinition) -> Self {
        Self::of(length, 1, u64::MAX).read(field, &["ids"], operation)
    }

    /// A number that nothing in the document changes.
    pub(super) const fn fixed(size: u64) -> Self {
        Self::of(|_| None, size, size)
    }

    /// What a connection counts for beside its page: one, and more when its filter searches, which reads what it does
    /// not show.
    pub(super) fn of_search(field: &Field, operation: &OperationDefinition) -> Self {
        Self::of(search, 1, SEARCH).read(field, &["filter"], operation)
    }

    const fn of(told: fn(&Value) -> Option<u64>, default: u64, max: u64) -> Self {
        Self { literal: None, variables: Vec::new(), told, default, max }
    }

    fn read(mut self, field: &Field, arguments: &[&str], operation: &OperationDefinition) -> Self {
        for (_, value) in field.arguments.iter().filter(|(name, _)| arguments.contains(&name.node.as_str())) {
            let mut variable = None;
            let value = value.node.clone().into_const_with(|name| {
                variable = Some(name);
                Ok::<_, Infallible>(Value::Null)
            });
            match (value, variable) {
                // Null in the place of the whole value: the variable is not inside of a list or an object.
                (Ok(Value::Null), Some(name)) => {
                    let mut definitions = operation.variable_definitions.iter();
                    let definition = definitions.find(|definition| definition.node.name.node == name);
                    let default = definition.and_then(|it| it.node.default_value()).and_then(self.told);
                    self.variables.push(Variable { name, default });
                }
                (Ok(value), _) => self.literal = self.literal.max((self.told)(&value)),
                (Err(never), _) => match never {},
            }
        }
        self
    }

    fn known(&self) -> Option<u64> {
        self.variables.is_empty().then(|| self.bounded(self.literal))
    }

    fn with(&self, variables: &Variables) -> u64 {
        let told = self.variables.iter().map(|variable| match variables.get(&variable.name) {
            Some(value) => (self.told)(value),
            None => variable.default,
        });
        self.bounded(told.fold(self.literal, Option::max))
    }

    fn bounded(&self, told: Option<u64>) -> u64 {
        told.unwrap_or(self.default).min(self.max).max(1)
    }
}

/// A size that is none costs the most; the resolver refuses it.
fn page_size(value: &Value) -> Option<u64> {
    match value {
        Value::Null => None,
        Value::Number(number) => Some(number.as_u64().unwrap_or(u64::MAX)),
        _ => Some(u64::MAX),
    }
}

/// A filter is an object, of which a search is a field: one that holds a variable is as good as any.
fn search(filter: &Value) -> Option<u64> {
    match filter {
        Value::Object(fields) => fields.contains_key("search").then_some(SEARCH),
        _ => None,
    }
}

/// What is no list is a list of one.
fn length(value: &Value) -> Option<u64> {
    match value {
        Value::List(items) => u64::try_from(items.len()).ok(),
        _ => Some(1),
    }
}
