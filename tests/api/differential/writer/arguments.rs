//! The arguments of fields: pages, orders, filters and ids.

use async_graphql::parser::types::{BaseType, FieldDefinition, InputValueDefinition, Selection, Type};
use serde_json::Value;

use super::Writer;
use crate::differential::known::order_text;
use crate::differential::schema::base;

impl Writer<'_> {
    /// The arguments of a field, some of them wrong.
    pub fn arguments(&mut self, field: &FieldDefinition, of: &str) -> Vec<String> {
        let mut given = Vec::new();
        let mut order = String::new();
        let by = field.arguments.iter().find(|argument| argument.node.name.node == "orderBy");
        if let Some(by) = by.filter(|_| self.random.chance(40)) {
            order = self.order(base(&by.node.ty.node));
            given.push(format!("orderBy: {order}"));
        }
        let is_page = self.known.schema.row_of(of).is_some();
        if is_page {
            self.page(of, &order, &mut given);
        }
        for argument in &field.arguments {
            let argument = &argument.node;
            match argument.name.node.as_str() {
                "first" | "last" | "after" | "before" | "orderBy" => {}
                "id" => {
                    let id = self.id(of);
                    given.push(self.argument(argument, &id));
                }
                "ids" => {
                    let ids: Vec<String> = (0..self.random.below(6)).map(|_| self.id("")).collect();
                    given.push(self.argument(argument, &format!("[{}]", ids.join(", "))));
                }
                _ if !argument.ty.node.nullable && argument.default_value.is_none() || self.random.chance(30) => {
                    let value = self.value(&argument.ty.node);
                    given.push(self.argument(argument, &value));
                }
                _ => {}
            }
        }
        given
    }

    fn page(&mut self, connection: &str, order: &str, given: &mut Vec<String>) {
        let (size, place) = if self.random.chance(75) { ("first", "after") } else { ("last", "before") };
        let number = match self.random.below(60) {
            0 => "1000",
            1 => "-1",
            2..6 => "null",
            6..12 => "0",
            12..16 => "100",
            _ => *self.random.pick(&["1", "2", "3", "4", "5", "7"]),
        };
        if self.random.chance(80) {
            given.push(format!("{size}: {number}"));
        }
        if self.random.chance(30) {
            let known = self.known.cursors.get(&(connection.to_owned(), order.to_owned()));
            let cursor = match known.filter(|cursors| !cursors.is_empty() && self.random.chance(97)) {
                Some(cursors) => self.random.pick(cursors).clone(),
                None => "nonsense".to_owned(),
            };
            let place = if self.random.chance(2) { "before" } else { place };
            given.push(format!("{place}: \"{cursor}\""));
        }
        if self.random.chance(1) && !given.iter().any(|argument| argument.starts_with("last")) {
            given.push("last: 2".to_owned());
        }
    }

    fn order(&mut self, input: &str) -> String {
        let fields = self.known.schema.inputs(input).unwrap();
        let field = fields.iter().find(|field| field.name.node == "field").unwrap();
        let names = self.known.schema.values(base(&field.ty.node)).unwrap();
        let name = *self.random.pick(&names);
        let direction = *self.random.pick(&["ASC", "DESC"]);
        order_text(name, direction)
    }

    /// An id: mostly of the type, of the viewer's own rows or of anybody's; sometimes of nothing.
    fn id(&mut self, of: &str) -> String {
        let types: Vec<&str> = self.known.all.keys().copied().collect();
        let of = if self.known.all.contains_key(of) && self.random.chance(97) { of } else { *self.random.pick(&types) };
        let from = if self.random.chance(50) { self.known.own } else { self.known.all };
        match from.get(of).filter(|ids| !ids.is_empty() && self.random.chance(97)) {
            Some(ids) => format!("\"{}\"", self.random.pick(ids)),
            None => (*self.random.pick(&["\"usr_00000000000000000000000000000000\"", "\"nonsense\"", "\"xyz_0\""]))
                .to_owned(),
        }
    }

    fn value(&mut self, ty: &Type) -> String {
        if let BaseType::List(element) = &ty.base {
            let values: Vec<String> = (0..self.random.below(4)).map(|_| self.value(element)).collect();
            return format!("[{}]", values.join(", "));
        }
        let name = base(ty);
        if let Some(values) = self.known.schema.values(name) {
            return (*self.random.pick(&values)).to_owned();
        }
        if let Some(inputs) = self.known.schema.inputs(name) {
            return self.object(&inputs);
        }
        let of_kind: &[&str] = match name {
            "Boolean" => &["true", "false"],
            "Int" => &["0", "1", "20"],
            "ID" => return self.id(""),
            "DateTime" => &["\"2026-01-01T00:00:00Z\"", "\"2026-12-01T00:00:00.000Z\"", "\"yesterday\""],
            "Date" => &["\"2026-01-01\"", "\"2026-11-30\"", "\"2026-02-30\""],
            "CurrencyCode" => &["\"EUR\"", "\"JPY\"", "\"euro\""],
            _ => &["\"a\"", "\"web\"", "\"server\"", "\"\"", "\"\\u0000\"", "\"user:read\""],
        };
        (*self.random.pick(of_kind)).to_owned()
    }

    fn object(&mut self, inputs: &[&InputValueDefinition]) -> String {
        let mut given = Vec::new();
        for input in inputs {
            let needed = !input.ty.node.nullable && input.default_value.is_none();
            if needed || self.random.chance(25) {
                given.push(format!("{}: {}", input.name.node, self.value(&input.ty.node)));
            }
        }
        format!("{{{}}}", given.join(", "))
    }

    /// The argument with its value, now and then by a variable.
    fn argument(&mut self, argument: &InputValueDefinition, literal: &str) -> String {
        let name = &argument.name.node;
        if self.random.chance(80) {
            return format!("{name}: {literal}");
        }
        let variable = self.name("v");
        self.declared.push(format!("${variable}: {}", argument.ty.node));
        self.given.insert(variable.clone(), json_of(literal));
        format!("{name}: ${variable}")
    }
}

/// A literal as the value of a variable.
fn json_of(literal: &str) -> Value {
    let document = async_graphql::parser::parse_query(format!("{{ a(b: {literal}) }}")).unwrap();
    let (_, operation) = document.operations.iter().next().unwrap();
    let Selection::Field(field) = &operation.node.selection_set.node.items[0].node else { unreachable!() };
    field.node.arguments[0].1.node.clone().into_const().unwrap().into_json().unwrap()
}
