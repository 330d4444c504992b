//! A schema taken apart: every element by its coordinate, with what clients depend on.

use std::collections::{BTreeMap, BTreeSet};

use async_graphql::Positioned;
use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    ConstDirective, FieldDefinition, InputValueDefinition, TypeDefinition, TypeKind, TypeSystemDefinition,
};

/// One element of a schema.
#[derive(Debug, Default)]
pub struct Element {
    /// What clients depend on: kind, type, default, the arguments of a directive.
    pub signature: String,
    /// Whether a client has to give it: an argument or input field that is not nullable and has no default.
    pub required: bool,
    /// What is told of it, where a text can stand.
    pub description: Option<String>,
}

/// Every element by its coordinate: `User`, `User implements Node`, `User.email`, `User.sessions(first:)`,
/// `User.sessions @requires`, `@requires`, `@requires(own:)`, `schema.query`.
pub type Elements = BTreeMap<String, Element>;

/// The elements of a schema.
pub fn elements(sdl: &str) -> Elements {
    let mut elements = Elements::new();
    for definition in parse_schema(sdl).unwrap().definitions {
        match definition {
            TypeSystemDefinition::Schema(schema) => {
                let schema = schema.node;
                let roots =
                    [("query", schema.query), ("mutation", schema.mutation), ("subscription", schema.subscription)];
                for (root, name) in roots.into_iter().filter_map(|(root, name)| Some((root, name?))) {
                    elements.insert(format!("schema.{root}"), plain(name.node.to_string()));
                }
            }
            TypeSystemDefinition::Directive(directive) => {
                let directive = directive.node;
                let name = format!("@{}", directive.name.node);
                let locations = directive.locations.iter().map(|at| format!("{:?}", at.node)).collect::<BTreeSet<_>>();
                let signature = format!("on {locations:?}, repeatable: {}", directive.is_repeatable);
                elements.insert(name.clone(), described(signature, directive.description.as_ref()));
                // Of directives the whole is described: three of four are the specification's own.
                inputs(&mut elements, &directive.arguments, |argument| format!("{name}({argument}:)"));
                for argument in directive.arguments {
                    elements.entry(format!("{name}({}:)", argument.node.name.node)).or_default().description = None;
                }
            }
            TypeSystemDefinition::Type(definition) => type_elements(&mut elements, &definition.node),
        }
    }
    elements
}

fn type_elements(elements: &mut Elements, definition: &TypeDefinition) {
    let name = definition.name.node.to_string();
    let (kind, implements): (_, &[_]) = match &definition.kind {
        TypeKind::Scalar => ("scalar", &[]),
        TypeKind::Object(object) => ("type", &object.implements),
        TypeKind::Interface(interface) => ("interface", &interface.implements),
        TypeKind::Union(_) => panic!("{name}: the comparison knows no unions yet"),
        TypeKind::Enum(_) => ("enum", &[]),
        TypeKind::InputObject(_) => ("input", &[]),
    };
    elements.insert(name.clone(), described(kind.to_owned(), definition.description.as_ref()));
    directives(elements, &name, &definition.directives);
    for interface in implements {
        elements.insert(format!("{name} implements {}", interface.node), plain(String::new()));
    }
    match &definition.kind {
        TypeKind::Object(object) => fields(elements, &name, &object.fields),
        TypeKind::Interface(interface) => fields(elements, &name, &interface.fields),
        TypeKind::InputObject(input) => inputs(elements, &input.fields, |field| format!("{name}.{field}")),
        TypeKind::Enum(values) => {
            for Positioned { node: value, .. } in &values.values {
                let coordinate = format!("{name}.{}", value.value.node);
                elements.insert(coordinate.clone(), described(String::new(), value.description.as_ref()));
                directives(elements, &coordinate, &value.directives);
            }
        }
        TypeKind::Scalar | TypeKind::Union(_) => {}
    }
}

fn fields(elements: &mut Elements, of: &str, fields: &[Positioned<FieldDefinition>]) {
    for Positioned { node: field, .. } in fields {
        let coordinate = format!("{of}.{}", field.name.node);
        elements.insert(coordinate.clone(), described(field.ty.node.to_string(), field.description.as_ref()));
        directives(elements, &coordinate, &field.directives);
        inputs(elements, &field.arguments, |argument| format!("{coordinate}({argument}:)"));
    }
}

fn inputs(elements: &mut Elements, inputs: &[Positioned<InputValueDefinition>], at: impl Fn(&str) -> String) {
    for Positioned { node: input, .. } in inputs {
        let coordinate = at(&input.name.node);
        let default = input.default_value.as_ref().map(|value| format!(" = {}", value.node));
        let required = !input.ty.node.nullable && default.is_none();
        let signature = format!("{}{}", input.ty.node, default.unwrap_or_default());
        let known = described(signature, input.description.as_ref());
        elements.insert(coordinate.clone(), Element { required, ..known });
        directives(elements, &coordinate, &input.directives);
    }
}

/// Directives, each with its arguments sorted; `own` of `@requires` is false when it is left out.
fn directives(elements: &mut Elements, of: &str, on: &[Positioned<ConstDirective>]) {
    for Positioned { node, .. } in on {
        let arguments = node.arguments.iter().map(|(name, value)| (name.node.to_string(), value.node.to_string()));
        let mut arguments: BTreeMap<String, String> = arguments.collect();
        if node.name.node == "requires" {
            arguments.entry("own".into()).or_insert_with(|| "false".into());
        }
        elements.insert(format!("{of} @{}", node.name.node), plain(format!("{arguments:?}")));
    }
}

/// An element where no description can stand.
fn plain(signature: String) -> Element {
    Element { signature, ..Element::default() }
}

fn described(signature: String, description: Option<&Positioned<String>>) -> Element {
    let description = description.map(|text| text.node.trim().to_owned());
    Element { signature, description: Some(description.unwrap_or_default()), ..Element::default() }
}

/// What an element hangs on, and cannot be without: `User.sessions` of `User.sessions(first:)`, `User` of that.
pub fn parent(coordinate: &str) -> Option<&str> {
    let end = match coordinate.rsplit_once(' ') {
        // `X implements Y`, or a directive on `X`.
        Some((of, _)) => of.strip_suffix(" implements").map_or(of.len(), str::len),
        None if coordinate.ends_with(')') => coordinate.rfind('(')?,
        None => coordinate.rfind('.')?,
    };
    let parent = coordinate.get(..end)?;
    (parent != "schema").then_some(parent)
}
