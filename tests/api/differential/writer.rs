//! Writes documents that a client could send, and some that no client should.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use async_graphql::parser::types::{BaseType, FieldDefinition, InputValueDefinition, Selection, Type};
use serde_json::{Map, Value, json};

use super::known::{Cursors, Ids, order_text};
use super::random::Random;
use super::schema::{Schema, base};

/// The deepest that selections go.
const DEPTH: usize = 4;

/// What is written from.
pub struct Known<'a> {
    pub schema: &'a Schema,
    pub all: &'a Ids,
    pub own: &'a Ids,
    pub cursors: &'a Cursors,
}

/// Writes one document.
pub struct Writer<'a> {
    known: &'a Known<'a>,
    random: Random,
    fragments: String,
    names: usize,
    uses_directives: bool,
    /// The variables in place of arguments, as they are declared.
    declared: Vec<String>,
    given: Map<String, Value>,
    asked: BTreeSet<String>,
}

/// A document.
pub struct Document {
    pub text: String,
    pub variables: Value,
    /// The fields in it, as `Type.field`.
    pub asked: BTreeSet<String>,
}

impl<'a> Writer<'a> {
    /// The document of this number.
    pub fn document(known: &'a Known<'a>, number: usize) -> Document {
        let mut writer = Self {
            known,
            random: Random::of(number),
            fragments: String::new(),
            names: 0,
            uses_directives: false,
            declared: Vec::new(),
            given: Map::new(),
            asked: BTreeSet::new(),
        };
        let selection = writer.set("Query", 0);
        if writer.uses_directives {
            writer.declared.push("$yes: Boolean!, $no: Boolean!".to_owned());
            writer.given.extend([("yes".to_owned(), json!(true)), ("no".to_owned(), json!(false))]);
        }
        let declared = writer.declared.join(", ");
        let head = if declared.is_empty() { String::new() } else { format!("query ({declared}) ") };
        let text = format!("{head}{selection}{}", writer.fragments);
        Document { text, variables: Value::Object(writer.given), asked: writer.asked }
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

    fn name(&mut self, of: &str) -> String {
        self.names += 1;
        format!("{of}{}", self.names)
    }

    /// A selection set of a type, in its braces.
    fn set(&mut self, ty: &str, depth: usize) -> String {
        let items: Vec<String> =
            (0..=self.random.below(if depth < 2 { 5 } else { 4 })).map(|_| self.item(ty, depth)).collect();
        format!("{{ {} }}", items.join(" "))
    }

    fn item(&mut self, ty: &str, depth: usize) -> String {
        match self.random.below(20) {
            0 => format!("__typename{}", self.directive()),
            1 => {
                let set = self.set(ty, depth);
                format!("...{} {set}", self.directive())
            }
            2 if ty != "Query" => {
                let on = self.condition(ty);
                let set = self.set(&on, depth);
                format!("... on {on}{} {set}", self.directive())
            }
            3 if ty != "Query" => {
                let (name, on) = (self.name("F"), self.condition(ty));
                let set = self.set(&on, depth);
                write!(self.fragments, " fragment {name} on {on} {set}").unwrap();
                // Twice, now and then: the second time its keys are there already.
                let again = if self.random.chance(20) { format!(" ...{name}") } else { String::new() };
                format!("...{name}{}{again}", self.directive())
            }
            _ => self.field(ty, depth),
        }
    }

    /// The type itself, the interface, or, on the interface, one of its types.
    fn condition(&mut self, ty: &str) -> String {
        let nodes = self.known.schema.nodes();
        if ty == "Node" {
            return (*self.random.pick(&nodes)).to_owned();
        }
        let through_interface = self.known.schema.is_node(ty) && self.random.chance(25);
        if through_interface { "Node".to_owned() } else { ty.to_owned() }
    }

    fn directive(&mut self) -> &'static str {
        let directive = *self.random.pick(&[
            "",
            "",
            "",
            "",
            "",
            "",
            "",
            "",
            "",
            "",
            "",
            "",
            "",
            "",
            " @include(if: true)",
            " @skip(if: false)",
            " @include(if: $yes)",
            " @skip(if: $no)",
            " @skip(if: $yes)",
        ]);
        if !directive.contains('$') {
            return directive;
        }
        self.uses_directives = true;
        // Both are declared, so both have to be used.
        if directive == " @skip(if: $yes)" {
            " @skip(if: $yes) @include(if: $no)"
        } else {
            " @include(if: $yes) @skip(if: $no)"
        }
    }

    fn field(&mut self, ty: &str, depth: usize) -> String {
        let fields = self.known.schema.fields(ty);
        if fields.is_empty() {
            return "__typename".to_owned();
        }
        let leaves: Vec<&FieldDefinition> =
            fields.iter().copied().filter(|field| self.known.schema.is_leaf(base(&field.ty.node))).collect();
        let shallow = depth >= DEPTH || (ty != "Query" && self.random.chance(40));
        let field = match (shallow, leaves.is_empty()) {
            (true, false) => *self.random.pick(&leaves),
            (true, true) => return "__typename".to_owned(),
            (false, _) => *self.random.pick(&fields),
        };
        self.asked.insert(format!("{ty}.{}", field.name.node));
        let below = base(&field.ty.node).to_owned();
        let arguments = self.arguments(field, &below);
        let alias = if arguments.is_empty() && self.random.chance(85) {
            String::new()
        } else {
            format!("{}: ", self.name("k"))
        };
        let mut text = String::new();
        // The same key twice: a leaf, or an object with other selections.
        for _ in 0..=usize::from(self.random.chance(12)) {
            let directive = self.directive();
            let set = if self.known.schema.is_leaf(&below) { String::new() } else { self.set(&below, depth + 1) };
            write!(text, "{alias}{}{arguments}{directive} {set} ", field.name.node).unwrap();
        }
        text
    }

    fn arguments(&mut self, field: &FieldDefinition, of: &str) -> String {
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
        if given.is_empty() { String::new() } else { format!("({})", given.join(", ")) }
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
}

/// A literal as the value of a variable.
fn json_of(literal: &str) -> Value {
    let document = async_graphql::parser::parse_query(format!("{{ a(b: {literal}) }}")).unwrap();
    let (_, operation) = document.operations.iter().next().unwrap();
    let Selection::Field(field) = &operation.node.selection_set.node.items[0].node else { unreachable!() };
    field.node.arguments[0].1.node.clone().into_const().unwrap().into_json().unwrap()
}
