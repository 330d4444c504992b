//! What an operation costs; the module above tells how it is computed.

use super::DocumentLimits;
use super::cost_table::{CostTable, Kind};
use super::count::introspects;
use async_graphql::parser::types::{
    ExecutableDocument, Field, OperationDefinition, OperationType, Selection, SelectionSet,
};
use async_graphql::{Name, Value, Variables};
use std::collections::HashMap;
use std::convert::Infallible;

/// The price of an operation that has been counted: its fragments form no cycle.
pub(super) fn cost(
    cost_table: &CostTable,
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    variables: &Variables,
    limits: &DocumentLimits,
) -> u64 {
    let root = match operation.ty {
        OperationType::Query => &cost_table.query,
        OperationType::Mutation => &cost_table.mutation,
        OperationType::Subscription => &cost_table.subscription,
    };
    let mut calculator = Calculator { cost_table, document, operation, variables, limits, fragments: HashMap::new() };
    calculator.set(&operation.selection_set.node, root).once
}

/// The price of a selection set.
#[derive(Debug, Clone, Copy, Default)]
struct Price {
    /// What is paid once.
    once: u64,
    /// What each entity of the page pays; only the selection set of a connection has it.
    each: u64,
}

impl Price {
    const fn once(once: u64) -> Self {
        Self { once, each: 0 }
    }

    const fn and(self, other: Self) -> Self {
        Self { once: self.once.saturating_add(other.once), each: self.each.saturating_add(other.each) }
    }
}

struct Calculator<'a> {
    cost_table: &'a CostTable,
    document: &'a ExecutableDocument,
    operation: &'a OperationDefinition,
    variables: &'a Variables,
    limits: &'a DocumentLimits,
    /// A fragment costs the same wherever it stands: it is read in its own type.
    fragments: HashMap<&'a str, Price>,
}

impl<'a> Calculator<'a> {
    fn set(&mut self, set: &'a SelectionSet, parent: &str) -> Price {
        let mut sum = Price::default();
        for selection in &set.items {
            sum = sum.and(match &selection.node {
                Selection::Field(field) => self.field(&field.node, parent),
                Selection::InlineFragment(inline) => {
                    let condition = inline.node.type_condition.as_ref();
                    let parent = condition.map_or(parent, |condition| &condition.node.on.node);
                    self.set(&inline.node.selection_set.node, parent)
                }
                Selection::FragmentSpread(spread) => self.fragment(&spread.node.fragment_name.node),
            });
        }
        sum
    }

    fn fragment(&mut self, spread: &str) -> Price {
        let Some((name, fragment)) = self.document.fragments.get_key_value(spread) else {
            return Price::default();
        };
        if let Some(price) = self.fragments.get(name.as_str()) {
            return *price;
        }
        let condition = &fragment.node.type_condition.node.on.node;
        let price = self.set(&fragment.node.selection_set.node, condition);
        self.fragments.insert(name, price);
        price
    }

    fn field(&mut self, field: &'a Field, parent: &str) -> Price {
        if introspects(&field.name.node) {
            return Price::default();
        }
        let cost_table = self.cost_table;
        let Some(field_cost) = cost_table.field_cost(parent, &field.name.node) else {
            // Not in the schema (validation refuses it), or `__typename`.
            let entity = u64::from(!field.selection_set.node.items.is_empty());
            let below = self.set(&field.selection_set.node, "");
            return Price::once(below.once.saturating_add(entity));
        };
        let below = self.set(&field.selection_set.node, &field_cost.of);
        match field_cost.kind {
            Kind::Free => Price::once(below.once),
            Kind::One => Price::once(below.once.saturating_add(1)),
            Kind::Ids => {
                let each = below.once.saturating_add(1);
                Price::once(self.ids(field).saturating_mul(each))
            }
            Kind::Page => {
                let page = self.page(field).saturating_mul(below.each.saturating_add(1));
                Price::once(page.saturating_add(below.once).saturating_add(1))
            }
            Kind::Item => Price { once: 0, each: below.once },
        }
    }

    /// The size of a page: the larger of `first` and `last`, for the resolver refuses both.
    fn page(&self, field: &Field) -> u64 {
        let sizes =
            field.arguments.iter().filter(|(name, _)| matches!(name.node.as_str(), "first" | "last")).filter_map(
                |(_, value)| {
                    let value = value.node.clone().into_const_with(|name| Ok::<_, Infallible>(self.number(&name)));
                    match value {
                        Ok(Value::Null) => None,
                        // A size that is none costs the most; the resolver refuses it.
                        Ok(Value::Number(number)) => Some(number.as_u64().unwrap_or(u64::MAX)),
                        Ok(_) => Some(u64::MAX),
                        Err(never) => match never {},
                    }
                },
            );
        let size = sizes.max().unwrap_or(self.limits.page_default);
        size.min(self.limits.page_max).max(1)
    }

    /// How many ids the argument `ids` holds; one that is no list is a list of one.
    fn ids(&self, field: &Field) -> u64 {
        let counts = field.arguments.iter().filter(|(name, _)| name.node == "ids").map(|(_, value)| {
            let mut in_variable = 1;
            let value = value.node.clone().into_const_with(|name| {
                if let Some(Value::List(ids)) = self.variable(&name) {
                    in_variable = ids.len();
                }
                // A stand-in: the ids themselves need not be copied to be counted.
                Ok::<_, Infallible>(Value::Null)
            });
            match value {
                Ok(Value::List(ids)) => ids.len(),
                Ok(_) => in_variable,
                Err(never) => match never {},
            }
        });
        let count = counts.max().unwrap_or(1).max(1);
        u64::try_from(count).unwrap_or(u64::MAX)
    }

    /// A variable where a number belongs; anything else becomes a value that is none.
    fn number(&self, name: &Name) -> Value {
        match self.variable(name) {
            None | Some(Value::Null) => Value::Null,
            Some(Value::Number(number)) => Value::Number(number.clone()),
            Some(_) => Value::Boolean(false),
        }
    }

    fn variable(&self, name: &Name) -> Option<&Value> {
        self.variables.get(name).or_else(|| {
            let mut definitions = self.operation.variable_definitions.iter();
            let definition = definitions.find(|definition| definition.node.name.node == *name)?;
            definition.node.default_value()
        })
    }
}
