//! The exported schema is the committed one, and holds everything that the design's contract promises.

use std::collections::{BTreeMap, BTreeSet};

use async_graphql::Positioned;
use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, ConstDirective, EnumValueDefinition, FieldDefinition, InputValueDefinition, ServiceDocument, Type,
    TypeDefinition, TypeKind, TypeSystemDefinition,
};

const COMMITTED: &str = include_str!("../../schema.graphql");
const CONTRACT: &str = include_str!("contract.graphql");

/// The mutations of the contract that exist so far. The others come with their issues; each moves here then.
const MUTATIONS: [&str; 4] = ["login", "logout", "revokeOtherSessions", "revokeSession"];

/// One element of a schema.
struct Element {
    /// The type or directive that it belongs to.
    of: String,
    /// What clients depend on: type, default, directives.
    signature: String,
    /// The types that it leads to.
    leads_to: Vec<String>,
    /// Whether a client may leave it out: an argument or input field that is nullable or has a default.
    optional: bool,
    described: bool,
}

/// Every element by its coordinate: `User`, `User.email`, `User.sessions(first:)`, `@requires`.
type Elements = BTreeMap<String, Element>;

fn elements(document: &ServiceDocument) -> Elements {
    let mut elements = Elements::new();
    for definition in &document.definitions {
        match definition {
            TypeSystemDefinition::Schema(schema) => {
                let root =
                    |name: &Option<Positioned<async_graphql::Name>>| name.as_ref().map(|name| name.node.to_string());
                let roots = [&schema.node.query, &schema.node.mutation].map(root);
                elements.insert("schema".into(), element("schema", format!("{roots:?}"), vec![], true));
            }
            TypeSystemDefinition::Directive(directive) => {
                let directive = &directive.node;
                let name = format!("@{}", directive.name.node);
                let locations: BTreeSet<String> =
                    directive.locations.iter().map(|at| format!("{:?}", at.node)).collect();
                let signature = format!("on {locations:?}, repeatable: {}", directive.is_repeatable);
                elements.insert(name.clone(), element(&name, signature, vec![], directive.description.is_some()));
                inputs(&mut elements, &name, &directive.arguments, |argument| format!("{name}({argument}:)"));
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
        TypeKind::Union(_) => ("union", &[]),
        TypeKind::Enum(_) => ("enum", &[]),
        TypeKind::InputObject(_) => ("input", &[]),
    };
    let implements: BTreeSet<&str> = implements.iter().map(|name| name.node.as_str()).collect();
    let signature = format!("{kind} implements {implements:?}{}", directives(&definition.directives));
    elements.insert(name.clone(), element(&name, signature, vec![], described(definition.description.as_ref())));
    match &definition.kind {
        TypeKind::Object(object) => fields(elements, &name, &object.fields),
        TypeKind::Interface(interface) => fields(elements, &name, &interface.fields),
        TypeKind::InputObject(input) => inputs(elements, &name, &input.fields, |field| format!("{name}.{field}")),
        TypeKind::Enum(values) => {
            for Positioned { node: EnumValueDefinition { description, value, directives: on }, .. } in &values.values {
                let known = element(&name, directives(on), vec![], described(description.as_ref()));
                elements.insert(format!("{name}.{}", value.node), known);
            }
        }
        TypeKind::Scalar => {}
        TypeKind::Union(_) => panic!("{name}: the comparison knows no unions yet"),
    }
}

fn fields(elements: &mut Elements, of: &str, fields: &[Positioned<FieldDefinition>]) {
    for Positioned { node: field, .. } in fields {
        let coordinate = format!("{of}.{}", field.name.node);
        let signature = format!("{}{}", field.ty.node, directives(&field.directives));
        let mut leads_to: Vec<String> = field.arguments.iter().map(|argument| base(&argument.node.ty.node)).collect();
        leads_to.push(base(&field.ty.node));
        elements.insert(coordinate.clone(), element(of, signature, leads_to, described(field.description.as_ref())));
        inputs(elements, of, &field.arguments, |argument| format!("{coordinate}({argument}:)"));
    }
}

fn inputs(elements: &mut Elements, of: &str, inputs: &[Positioned<InputValueDefinition>], at: impl Fn(&str) -> String) {
    for Positioned { node: input, .. } in inputs {
        let default = input.default_value.as_ref().map(|value| value.node.to_string());
        let signature = format!("{} = {default:?}{}", input.ty.node, directives(&input.directives));
        let known = element(of, signature, vec![base(&input.ty.node)], described(input.description.as_ref()));
        let optional = input.ty.node.nullable || default.is_some();
        elements.insert(at(&input.name.node), Element { optional, ..known });
    }
}

fn element(of: &str, signature: String, leads_to: Vec<String>, described: bool) -> Element {
    Element { of: of.to_owned(), signature, leads_to, optional: true, described }
}

fn described(description: Option<&Positioned<String>>) -> bool {
    description.is_some_and(|text| !text.node.trim().is_empty())
}

/// Directives with their arguments sorted; `own` of `@requires` is false when it is left out.
fn directives(on: &[Positioned<ConstDirective>]) -> String {
    let shown = on.iter().map(|Positioned { node, .. }| {
        let arguments = node.arguments.iter().map(|(name, value)| (name.node.to_string(), value.node.to_string()));
        let mut arguments: BTreeMap<String, String> = arguments.collect();
        if node.name.node == "requires" {
            arguments.entry("own".into()).or_insert_with(|| "false".into());
        }
        format!(" @{}{arguments:?}", node.name.node)
    });
    shown.collect::<BTreeSet<String>>().into_iter().collect()
}

fn base(ty: &Type) -> String {
    match &ty.base {
        BaseType::Named(name) => name.to_string(),
        BaseType::List(inner) => base(inner),
    }
}

/// The types that a client meets who uses the queries and the mutations that exist.
fn reachable(contract: &Elements) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut todo = vec!["Query".to_owned(), "Mutation".to_owned()];
    while let Some(name) = todo.pop() {
        if !reached.insert(name.clone()) {
            continue;
        }
        for (coordinate, element) in contract.iter().filter(|(_, element)| element.of == name) {
            if exists_so_far(coordinate) {
                todo.extend(element.leads_to.iter().cloned());
            }
        }
        let implementing =
            contract.values().filter(|element| element.signature.contains(&format!("implements {{\"{name}\"}}")));
        todo.extend(implementing.map(|element| element.of.clone()));
    }
    reached
}

fn exists_so_far(coordinate: &str) -> bool {
    let mutation = coordinate.strip_prefix("Mutation.").map(|rest| rest.split('(').next().unwrap_or(rest));
    mutation.is_none_or(|mutation| MUTATIONS.contains(&mutation))
}

fn exported() -> Elements {
    elements(&parse_schema(skypanel::graphql::sdl()).unwrap())
}

#[test]
fn the_committed_schema_is_the_exported_one() {
    assert!(
        skypanel::graphql::sdl().trim_end() == COMMITTED.trim_end(),
        "schema.graphql is not what the code exports; write it anew: cargo run -- schema > schema.graphql"
    );
}

#[test]
fn the_mutations_so_far_are_these() {
    let names = |elements: &Elements| -> BTreeSet<String> {
        let fields = elements.keys().filter_map(|coordinate| coordinate.strip_prefix("Mutation."));
        fields.filter(|name| !name.contains('(')).map(str::to_owned).collect()
    };
    let (contract, exported) = (names(&elements(&parse_schema(CONTRACT).unwrap())), names(&exported()));
    assert!(exported.is_subset(&contract), "not in the contract: {:?}", exported.difference(&contract));
    let to_come = contract.difference(&exported).count();
    assert_eq!(exported, MUTATIONS.map(str::to_owned).into());
    assert_eq!(to_come, contract.len() - MUTATIONS.len());
}

#[test]
fn nothing_of_the_contract_is_missing_or_different() {
    let (contract, exported) = (elements(&parse_schema(CONTRACT).unwrap()), exported());
    let reachable = reachable(&contract);
    // A guard against a comparison of nothing: the words of every room are among what must be there.
    for name in ["User", "RoleUserConnection", "ServerFilter", "InvoiceItem", "TicketOrderField", "UserErrorCode"] {
        assert!(reachable.contains(name), "{name}");
    }
    let mut wrong = Vec::new();
    for (coordinate, promised) in &contract {
        // A mutation to come, or a type that only those to come lead to and that is not there at all.
        let only_later =
            !always_there(promised) && !reachable.contains(&promised.of) && !exported.contains_key(&promised.of);
        let may_wait = only_later || !exists_so_far(coordinate);
        match exported.get(coordinate) {
            None if may_wait => {}
            None => wrong.push(format!("missing: {coordinate}")),
            Some(found) if found.signature == promised.signature => {}
            Some(found) => {
                wrong.push(format!("{coordinate}: {:?}, promised {:?}", found.signature, promised.signature));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Directives, scalars and the schema itself wait for no mutation.
fn always_there(element: &Element) -> bool {
    element.of.starts_with('@') || element.of == "schema" || element.signature.starts_with("scalar")
}

#[test]
fn what_is_there_beside_the_contract_can_be_left_out() {
    let contract = elements(&parse_schema(CONTRACT).unwrap());
    for (coordinate, found) in exported() {
        if contract.contains_key(&found.of) && !contract.contains_key(&coordinate) {
            assert!(found.optional, "{coordinate} would break clients of the contract: {}", found.signature);
        }
    }
}

#[test]
fn everything_is_described() {
    // Of directives the whole is described, not their arguments: three of four are the specification's own.
    let of_directive = |coordinate: &str| coordinate.starts_with('@') && coordinate.contains('(');
    let silent = exported().into_iter().filter(|(at, element)| !element.described && !of_directive(at));
    let silent: Vec<String> = silent.map(|(coordinate, _)| coordinate).collect();
    assert_eq!(silent, Vec::<String>::new());
}
