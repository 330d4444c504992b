//! What each field of the schema costs, learned from the SDL.

use async_graphql::Positioned;
use async_graphql::parser::types::{BaseType, FieldDefinition, ServiceDocument, Type, TypeKind, TypeSystemDefinition};
use std::collections::{HashMap, HashSet};

/// Types that come with the row they hang on, or from a table in memory.
const FREE_TYPES: [&str; 4] = ["Money", "PageInfo", "AllowedAction", "PermissionInfo"];

/// Types whose one value is made of many rows, and how many that are worth.
const SUMMARY_TYPES: [(&str, u64); 1] = [("BillingSummary", 100)];

/// Types of which a list without pages may hold many, and how many it counts for: as many as a page of the same rows
/// when nobody says. (An account has few roles.)
const LISTED_TYPES: [(&str, u64); 1] = [("InvoiceItem", 20)];

/// How a field is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing for itself: scalars, enums, free types, and an edge's `node`, whose entity its
    /// connection has counted.
    Free,
    /// One entity; a short list without pages; a total count.
    One,
    /// A list without pages that counts for so many entities.
    List(u64),
    /// A sum over so many entities.
    Summary(u64),
    /// A connection.
    Page,
    /// As many entities as its argument `ids` names.
    Ids,
    /// `edges` and `nodes` of a connection: their selections belong to each entity of the page.
    Item,
}

/// A field of the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FieldCost {
    pub kind: Kind,
    /// The type that its selections are read in.
    pub of: String,
}

/// The costs of the fields of a schema.
#[derive(Debug, Clone)]
pub(super) struct CostTable {
    pub query: String,
    pub mutation: String,
    pub subscription: String,
    fields: HashMap<String, HashMap<String, FieldCost>>,
}

impl CostTable {
    pub(super) fn of_schema(document: &ServiceDocument) -> Self {
        let mut cost_table = Self {
            query: "Query".to_owned(),
            mutation: "Mutation".to_owned(),
            subscription: "Subscription".to_owned(),
            fields: HashMap::new(),
        };
        let mut types: HashMap<&str, Vec<&FieldDefinition>> = HashMap::new();
        for definition in &document.definitions {
            match definition {
                TypeSystemDefinition::Schema(schema) => {
                    for (root, name) in [
                        (&mut cost_table.query, &schema.node.query),
                        (&mut cost_table.mutation, &schema.node.mutation),
                        (&mut cost_table.subscription, &schema.node.subscription),
                    ] {
                        if let Some(name) = name {
                            name.node.as_str().clone_into(root);
                        }
                    }
                }
                TypeSystemDefinition::Type(definition) => {
                    let fields: &[Positioned<FieldDefinition>] = match &definition.node.kind {
                        TypeKind::Object(object) => &object.fields,
                        TypeKind::Interface(interface) => &interface.fields,
                        TypeKind::Union(_) => &[],
                        TypeKind::Scalar | TypeKind::Enum(_) | TypeKind::InputObject(_) => continue,
                    };
                    types
                        .entry(definition.node.name.node.as_str())
                        .or_default()
                        .extend(fields.iter().map(|field| &field.node));
                }
                TypeSystemDefinition::Directive(_) => {}
            }
        }
        cost_table.fields = field_costs(&types);
        cost_table
    }

    /// `None` for a field that the schema does not have: validation refuses it.
    pub(super) fn field(&self, parent: &str, field: &str) -> Option<&FieldCost> {
        self.fields.get(parent)?.get(field)
    }
}

fn field_costs(types: &HashMap<&str, Vec<&FieldDefinition>>) -> HashMap<String, HashMap<String, FieldCost>> {
    let connections: HashSet<&str> =
        types.iter().filter(|(_, fields)| is_connection(fields)).map(|(name, _)| *name).collect();
    let edges: HashSet<&str> = types
        .iter()
        .filter(|(name, _)| connections.contains(*name))
        .flat_map(|(_, fields)| fields)
        .filter(|field| field.name.node == "edges")
        .map(|field| base(&field.ty.node))
        .collect();
    let kind = |parent: &str, field: &FieldDefinition| {
        let of = base(&field.ty.node);
        match field.name.node.as_str() {
            "edges" | "nodes" if connections.contains(parent) => Kind::Item,
            "totalCount" if connections.contains(parent) => Kind::One,
            "node" if edges.contains(parent) => Kind::Free,
            _ if connections.contains(of) => Kind::Page,
            _ if FREE_TYPES.contains(&of) || !types.contains_key(of) => Kind::Free,
            _ if counts_ids(field) => Kind::Ids,
            _ if is_list(&field.ty.node) => worth(&LISTED_TYPES, of).map_or(Kind::One, Kind::List),
            _ => worth(&SUMMARY_TYPES, of).map_or(Kind::One, Kind::Summary),
        }
    };
    types
        .iter()
        .map(|(parent, fields)| {
            let fields = fields.iter().map(|field| {
                let field_cost = FieldCost { kind: kind(parent, field), of: base(&field.ty.node).to_owned() };
                (field.name.node.to_string(), field_cost)
            });
            ((*parent).to_owned(), fields.collect())
        })
        .collect()
}

fn worth(types: &[(&str, u64)], of: &str) -> Option<u64> {
    types.iter().find(|(name, _)| *name == of).map(|(_, worth)| *worth)
}

fn is_connection(fields: &[&FieldDefinition]) -> bool {
    let has = |name: &str| fields.iter().any(|field| field.name.node == name);
    has("pageInfo") && (has("edges") || has("nodes"))
}

fn counts_ids(field: &FieldDefinition) -> bool {
    let mut arguments = field.arguments.iter().map(|argument| &argument.node);
    is_list(&field.ty.node) && arguments.any(|argument| argument.name.node == "ids" && is_list(&argument.ty.node))
}

fn is_list(ty: &Type) -> bool {
    matches!(ty.base, BaseType::List(_))
}

pub(super) fn base(ty: &Type) -> &str {
    match &ty.base {
        BaseType::Named(name) => name,
        BaseType::List(element) => base(element),
    }
}
