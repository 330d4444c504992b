//! The formula of a price comes to what adding up with the variables in place comes to, on random
//! documents.

use super::super::cost::price;
use super::super::cost_table::{CostTable, Kind};
use super::super::scan_fuzz::writer::Random;
use super::{DocumentLimits, guard, variables};
use async_graphql::parser::parse_query;
use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet,
};
use async_graphql::{Name, Value, Variables};
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::fmt::Write as _;

/// One document with one set of variables: no formula, no memo.
struct Sum<'a> {
    cost_table: &'a CostTable,
    document: &'a ExecutableDocument,
    operation: &'a OperationDefinition,
    variables: &'a Variables,
    limits: &'a DocumentLimits,
}

impl Sum<'_> {
    /// What is paid once, and what each entity of a page pays.
    fn set(&self, set: &SelectionSet, parent: &str) -> (u64, u64) {
        set.items.iter().fold((0, 0), |(once, each), selection| {
            let (more, more_each) = match &selection.node {
                Selection::Field(field) => self.field(&field.node, parent),
                Selection::InlineFragment(inline) => {
                    let condition = inline.node.type_condition.as_ref();
                    let parent = condition.map_or(parent, |condition| &condition.node.on.node);
                    self.set(&inline.node.selection_set.node, parent)
                }
                Selection::FragmentSpread(spread) => {
                    let fragment = self.document.fragments.get(&spread.node.fragment_name.node);
                    fragment.map_or((0, 0), |fragment| {
                        self.set(&fragment.node.selection_set.node, &fragment.node.type_condition.node.on.node)
                    })
                }
            };
            (once.saturating_add(more), each.saturating_add(more_each))
        })
    }

    fn field(&self, field: &Field, parent: &str) -> (u64, u64) {
        let set = &field.selection_set.node;
        let Some(cost) = self.cost_table.field(parent, &field.name.node) else {
            return (self.set(set, "").0.saturating_add(u64::from(!set.items.is_empty())), 0);
        };
        let (once, each) = self.set(set, &cost.of);
        match cost.kind {
            Kind::Free => (once, 0),
            Kind::One => (once.saturating_add(1), 0),
            Kind::List(worth) => (once.saturating_add(1).saturating_mul(worth), 0),
            Kind::Summary(worth) => (once.saturating_add(worth), 0),
            Kind::Ids => (self.ids(field).saturating_mul(once.saturating_add(1)), 0),
            Kind::Page => {
                let page = self.page(field).saturating_mul(each.saturating_add(1));
                let searches = |filter: &Value| matches!(filter, Value::Object(it) if it.contains_key("search"));
                let search = if self.values(field, &["filter"]).iter().any(searches) { 50 } else { 1 };
                (page.saturating_add(once).saturating_add(search), 0)
            }
            Kind::Item => (0, once),
        }
    }

    fn values(&self, field: &Field, names: &[&str]) -> Vec<Value> {
        let arguments = field.arguments.iter().filter(|(name, _)| names.contains(&name.node.as_str()));
        arguments
            .filter_map(|(_, value)| {
                let value = value.node.clone();
                value.into_const_with(|name| Ok::<_, Infallible>(self.variable(&name))).ok()
            })
            .collect()
    }

    fn page(&self, field: &Field) -> u64 {
        let sizes = self.values(field, &["first", "last"]).into_iter().filter_map(|value| match value {
            Value::Null => None,
            Value::Number(number) => Some(number.as_u64().unwrap_or(u64::MAX)),
            _ => Some(u64::MAX),
        });
        sizes.max().unwrap_or(self.limits.page_default).min(self.limits.page_max).max(1)
    }

    fn ids(&self, field: &Field) -> u64 {
        let counts = self.values(field, &["ids"]).into_iter().map(|value| match value {
            Value::List(ids) => u64::try_from(ids.len()).unwrap(),
            _ => 1,
        });
        counts.max().unwrap_or(1).max(1)
    }

    fn variable(&self, name: &Name) -> Value {
        let definition = self.operation.variable_definitions.iter().find(|it| it.node.name.node == *name);
        let default = || definition.and_then(|it| it.node.default_value());
        self.variables.get(name).or_else(default).cloned().unwrap_or(Value::Null)
    }
}

/// The fields of the types of the SDL that have any to go down to.
const TYPES: [(&str, &[(&str, &str)]); 11] = [
    ("Query", &[("viewer", "User"), ("nodes", "Node"), ("roles", "Role"), ("tickets", "TicketConnection"), ("no", "")]),
    ("User", &[("id", ""), ("roles", "Role"), ("tickets", "TicketConnection"), ("credits", "Money")]),
    ("Role", &[("id", ""), ("users", "RoleUserConnection")]),
    ("RoleUserConnection", &[("edges", "RoleUserEdge"), ("nodes", "User"), ("totalCount", ""), ("pageInfo", "")]),
    ("RoleUserEdge", &[("node", "User"), ("assignedBy", "Actor")]),
    ("Ticket", &[("id", ""), ("user", "User"), ("mergedInto", "Ticket"), ("messages", "TicketMessageConnection")]),
    ("TicketConnection", &[("edges", "TicketEdge"), ("nodes", "Ticket"), ("totalCount", "")]),
    ("TicketEdge", &[("node", "Ticket"), ("cursor", "")]),
    ("TicketMessageConnection", &[("nodes", "TicketMessage"), ("totalCount", "")]),
    ("TicketMessage", &[("author", "Actor"), ("ticket", "Ticket")]),
    ("Actor", &[("id", ""), ("user", "User")]),
];
const SIZES: [&str; 12] = ["3", "0", "100", "1000", "null", "-1", "\"2\"", "$a", "$b", "$c", "$unknown", "[$a]"];
const IDS: [&str; 7] = ["[1, 2]", "[]", "1", "null", "$l", "$m", "[$a, $b, 1]"];
const GIVEN: [&str; 9] = ["null", "0", "4", "250", "-3", "1.5", "\"x\"", "[\"a\"]", "[1, 2, 3, 4]"];
const FRAGMENTS: [&str; 3] = ["User", "TicketConnection", "Ticket"];

struct Writer {
    random: Random,
    text: String,
}

impl Writer {
    fn document(&mut self) {
        self.text = "query ($a: Int, $b: Int = 7, $c: Int = null, $l: [ID!], $m: [ID!] = [1, 2, 3])".to_owned();
        self.set("Query", 5, 0);
        for (index, on) in FRAGMENTS.into_iter().enumerate() {
            write!(self.text, " fragment F{index} on {on}").unwrap();
            self.set(on, 3, index + 1);
        }
    }

    /// Spreads the fragments from `first` on: none goes in a circle.
    fn set(&mut self, parent: &str, room: usize, first: usize) {
        self.text += " {";
        for _ in 0..=self.random.below(3) {
            match self.random.below(8) {
                0 if first < FRAGMENTS.len() => {
                    let fragment = first + self.random.below(FRAGMENTS.len() - first);
                    write!(self.text, " ...F{fragment}").unwrap();
                }
                1 if room > 0 => {
                    let on = self.random.pick(&["User", "Ticket", "Role", "Query", "Nothing"]);
                    write!(self.text, " ... on {on}").unwrap();
                    self.set(on, room - 1, first);
                }
                _ => self.field(parent, room, first),
            }
        }
        self.text += " }";
    }

    fn field(&mut self, parent: &str, room: usize, first: usize) {
        let fields = TYPES.iter().find(|(name, _)| *name == parent).map_or(TYPES[0].1, |(_, fields)| fields);
        let (name, of) = fields[self.random.below(fields.len())];
        write!(self.text, " {name}").unwrap();
        let argument = match name {
            "nodes" => self.argument("ids", &IDS),
            _ => self.argument("first", &SIZES) + &self.argument("last", &SIZES),
        };
        if !argument.is_empty() {
            write!(self.text, "({argument})").unwrap();
        }
        if room > 0 && !of.is_empty() {
            self.set(of, room - 1, first);
        }
    }

    fn argument(&mut self, name: &str, values: &[&'static str]) -> String {
        if self.random.below(3) == 0 { String::new() } else { format!("{name}: {} ", self.random.pick(values)) }
    }

    fn variables(&mut self) -> String {
        let mut given = Vec::new();
        for name in ["a", "b", "c", "l", "m"] {
            if self.random.below(3) > 0 {
                given.push(format!("\"{name}\": {}", self.random.pick(&GIVEN)));
            }
        }
        format!("{{{}}}", given.join(","))
    }
}

#[test]
fn the_formula_comes_to_the_sum() {
    let (guard, limits) = (guard(), DocumentLimits::default());
    let mut writer = Writer { random: Random(0xc057), text: String::new() };
    let mut prices = BTreeSet::new();
    for _ in 0..2_000 {
        writer.document();
        let document = parse_query(&writer.text).unwrap();
        let DocumentOperations::Single(operation) = &document.operations else { panic!("{}", writer.text) };
        let operation = &operation.node;
        let formula = price(&guard.cost_table, &document, operation, &limits);
        for _ in 0..5 {
            let json = writer.variables();
            let variables = variables(&json);
            let sum = Sum {
                cost_table: &guard.cost_table,
                document: &document,
                operation,
                variables: &variables,
                limits: &limits,
            };
            let (once, _) = sum.set(&operation.selection_set.node, "Query");
            assert_eq!(formula.with(&variables), once, "{} {json}", writer.text);
            prices.insert(once);
        }
    }
    assert!(prices.len() > 1_000, "{}", prices.len());
}
