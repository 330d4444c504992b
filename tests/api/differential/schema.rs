//! The exported schema, as a writer of documents needs it.

use std::collections::{BTreeMap, BTreeSet};

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, FieldDefinition, InputValueDefinition, Type, TypeDefinition, TypeKind, TypeSystemDefinition,
};
use skypanel::graphql::sdl;

pub struct Schema(BTreeMap<String, TypeDefinition>);

impl Schema {
    pub fn read() -> Self {
        let document = parse_schema(sdl()).unwrap();
        let types = document.definitions.into_iter().filter_map(|definition| match definition {
            TypeSystemDefinition::Type(definition) => Some((definition.node.name.node.to_string(), definition.node)),
            _ => None,
        });
        Self(types.collect())
    }

    fn kind(&self, name: &str) -> Option<&TypeKind> {
        self.0.get(name).map(|definition| &definition.kind)
    }

    /// The fields of an object or an interface; none of anything else.
    pub fn fields(&self, name: &str) -> Vec<&FieldDefinition> {
        let fields = match self.kind(name) {
            Some(TypeKind::Object(object)) => &object.fields,
            Some(TypeKind::Interface(interface)) => &interface.fields,
            _ => return Vec::new(),
        };
        fields.iter().map(|field| &field.node).collect()
    }

    pub fn is_leaf(&self, name: &str) -> bool {
        self.fields(name).is_empty()
    }

    /// The fields of an input object; `None` of anything else.
    pub fn inputs(&self, name: &str) -> Option<Vec<&InputValueDefinition>> {
        match self.kind(name)? {
            TypeKind::InputObject(input) => Some(input.fields.iter().map(|field| &field.node).collect()),
            _ => None,
        }
    }

    /// The values of an enum; `None` of anything else.
    pub fn values(&self, name: &str) -> Option<Vec<&str>> {
        match self.kind(name)? {
            TypeKind::Enum(values) => Some(values.values.iter().map(|value| value.node.value.node.as_str()).collect()),
            _ => None,
        }
    }

    /// The objects of the interface `Node`.
    pub fn nodes(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).filter(|name| self.is_node(name)).collect()
    }

    pub fn is_node(&self, name: &str) -> bool {
        match self.kind(name) {
            Some(TypeKind::Object(object)) => object.implements.iter().any(|interface| interface.node == "Node"),
            _ => false,
        }
    }

    /// What the rows of a connection are; `None` of anything else.
    pub fn row_of(&self, connection: &str) -> Option<&str> {
        let is_connection = connection.ends_with("Connection");
        let nodes = self.fields(connection).into_iter().find(|field| field.name.node == "nodes")?;
        is_connection.then(|| base(&nodes.ty.node))
    }

    /// Every field that a query can reach, as `Type.field`.
    pub fn reached(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut ahead = vec!["Query"];
        ahead.extend(self.nodes());
        while let Some(name) = ahead.pop() {
            for field in self.fields(name) {
                if found.insert(format!("{name}.{}", field.name.node)) {
                    ahead.push(base(&field.ty.node));
                }
            }
        }
        found
    }
}

/// The name of a type without its lists and exclamation marks.
pub fn base(ty: &Type) -> &str {
    match &ty.base {
        BaseType::Named(name) => name,
        BaseType::List(element) => base(element),
    }
}
