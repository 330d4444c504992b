//! Writes documents that a client could send, and some that no client should.

mod arguments;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use async_graphql::parser::types::FieldDefinition;
use serde_json::{Map, Value, json};

use super::known::{Cursors, Ids};
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
    merges: bool,
    clashes: bool,
}

/// A document.
pub struct Document {
    pub text: String,
    pub variables: Value,
    /// The fields in it, as `Type.field`.
    pub asked: BTreeSet<String>,
    /// Whether a field with arguments stands in two fragments under one key.
    pub merges: bool,
    /// Whether it has others in the second, so that nobody is answered.
    pub clashes: bool,
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
            merges: false,
            clashes: false,
        };
        let selection = writer.set("Query", 0);
        if writer.uses_directives {
            writer.declared.push("$yes: Boolean!, $no: Boolean!".to_owned());
            writer.given.extend([("yes".to_owned(), json!(true)), ("no".to_owned(), json!(false))]);
        }
        let declared = writer.declared.join(", ");
        let head = if declared.is_empty() { String::new() } else { format!("query ({declared}) ") };
        let text = format!("{head}{selection}{}", writer.fragments);
        let Self { given, asked, merges, clashes, .. } = writer;
        Document { text, variables: Value::Object(given), asked, merges, clashes }
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
        let key = if arguments.is_empty() && self.random.chance(85) {
            field.name.node.to_string()
        } else {
            format!("{}: {}", self.name("k"), field.name.node)
        };
        // The same key twice: a leaf, or an object with other selections.
        let mut text = self.selected(&key, &arguments, &below, depth);
        if self.random.chance(12) {
            text += " ";
            text += &self.selected(&key, &arguments, &below, depth);
        } else if !arguments.is_empty() && self.random.chance(12) {
            text = self.in_two_fragments(&text, &key, (field, arguments), ty, depth);
        }
        text
    }

    /// A field with its arguments, a directive and a selection set.
    fn selected(&mut self, key: &str, arguments: &[String], below: &str, depth: usize) -> String {
        let arguments = if arguments.is_empty() { String::new() } else { format!("({})", arguments.join(", ")) };
        let directive = self.directive();
        let set = if self.known.schema.is_leaf(below) { String::new() } else { self.set(below, depth + 1) };
        format!("{key}{arguments}{directive} {set}")
    }

    /// The same key twice, each in a fragment of its own: with the same arguments in another order, and now and then
    /// with others, which nobody may ask for.
    fn in_two_fragments(
        &mut self,
        first: &str,
        key: &str,
        (field, mut arguments): (&FieldDefinition, Vec<String>),
        ty: &str,
        depth: usize,
    ) -> String {
        if self.random.chance(15) {
            arguments[0] = arguments[0].split(':').next().unwrap().to_owned() + ": \"another\"";
            self.clashes = true;
        }
        arguments.reverse();
        let second = self.selected(key, &arguments, base(&field.ty.node), depth);
        self.merges = true;
        format!("{} {}", self.fragment(ty, first), self.fragment(ty, &second))
    }

    /// A selection inside of a fragment.
    fn fragment(&mut self, ty: &str, selection: &str) -> String {
        if self.random.chance(50) {
            return format!("... on {ty} {{ {selection} }}");
        }
        let name = self.name("F");
        write!(self.fragments, " fragment {name} on {ty} {{ {selection} }}").unwrap();
        format!("...{name}")
    }
}
