//! The formula of what an operation costs; the module above tells how it is computed.

use super::DocumentLimits;
use super::cost_table::{CostTable, Kind};
use super::count::introspects;
use super::price::{Price, Size};
use async_graphql::parser::types::{
    ExecutableDocument, Field, OperationDefinition, OperationType, Selection, SelectionSet,
};
use std::collections::HashMap;

/// The price of an operation that has been counted: its fragments form no cycle.
pub(super) fn price(
    cost_table: &CostTable,
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    limits: &DocumentLimits,
) -> Price {
    let root = match operation.ty {
        OperationType::Query => &cost_table.query,
        OperationType::Mutation => &cost_table.mutation,
        OperationType::Subscription => &cost_table.subscription,
    };
    let mut calculator = Calculator { cost_table, document, operation, limits, fragments: HashMap::new() };
    calculator.set(&operation.selection_set.node, root).once
}

/// The price of a selection set.
#[derive(Debug, Clone, Default)]
struct SetPrice {
    /// What is paid once.
    once: Price,
    /// What each entity of the page pays; only the selection set of a connection has it.
    each: Price,
}

impl SetPrice {
    const fn once(once: Price) -> Self {
        Self { once, each: Price::fixed(0) }
    }

    fn plus(self, other: Self) -> Self {
        Self { once: self.once.plus(other.once), each: self.each.plus(other.each) }
    }
}

struct Calculator<'a> {
    cost_table: &'a CostTable,
    document: &'a ExecutableDocument,
    operation: &'a OperationDefinition,
    limits: &'a DocumentLimits,
    /// A fragment costs the same wherever it stands: it is read in its own type.
    fragments: HashMap<&'a str, SetPrice>,
}

impl<'a> Calculator<'a> {
    fn set(&mut self, set: &'a SelectionSet, parent: &str) -> SetPrice {
        let mut sum = SetPrice::default();
        for selection in &set.items {
            sum = sum.plus(match &selection.node {
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

    fn fragment(&mut self, spread: &str) -> SetPrice {
        let Some((name, fragment)) = self.document.fragments.get_key_value(spread) else {
            return SetPrice::default();
        };
        if let Some(price) = self.fragments.get(name.as_str()) {
            return price.clone();
        }
        let condition = &fragment.node.type_condition.node.on.node;
        let SetPrice { once, each } = self.set(&fragment.node.selection_set.node, condition);
        let price = SetPrice { once: once.shared(), each: each.shared() };
        self.fragments.insert(name, price.clone());
        price
    }

    fn field(&mut self, field: &'a Field, parent: &str) -> SetPrice {
        if introspects(&field.name.node) {
            return SetPrice::default();
        }
        let cost_table = self.cost_table;
        let Some(cost) = cost_table.field(parent, &field.name.node) else {
            // Not in the schema (validation refuses it), or `__typename`.
            let entity = u64::from(!field.selection_set.node.items.is_empty());
            let below = self.set(&field.selection_set.node, "");
            return SetPrice::once(below.once.plus(Price::fixed(entity)));
        };
        let SetPrice { once, each } = self.set(&field.selection_set.node, &cost.of);
        let one = Price::fixed(1);
        match cost.kind {
            Kind::Free => SetPrice::once(once),
            Kind::One => SetPrice::once(once.plus(one)),
            Kind::List(worth) => SetPrice::once(once.plus(one).times(Size::fixed(worth))),
            Kind::Summary(worth) => SetPrice::once(once.plus(Price::fixed(worth))),
            Kind::Ids => SetPrice::once(once.plus(one).times(Size::of_ids(field, self.operation))),
            Kind::Page => {
                let page = Size::of_page(field, self.operation, self.limits);
                let search = one.clone().times(Size::of_search(field, self.operation));
                SetPrice::once(each.plus(one).times(page).plus(once).plus(search))
            }
            Kind::Item => SetPrice { once: Price::default(), each: once },
        }
    }
}
