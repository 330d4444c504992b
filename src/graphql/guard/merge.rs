//! Whether fields that answer under one key can be one (`FieldsInSetCanMerge` of the specification).
//!
//! async-graphql compares fields only where they stand in fragments on the same type. But what types a generated client
//! has for a key depends on all of them: `... on User { value: email } ... on Role { value: users { … } }` has none.
//!
//! The document has been counted: without cycles, and small with its fragments in place.

use super::cost_table::base;
use super::quote::name;
use crate::error::{Code, Error};
use async_graphql::Positioned;
use async_graphql::parser::types::{
    BaseType, ExecutableDocument, Field, OperationType, Selection, SelectionSet, ServiceDocument, Type, TypeKind,
    TypeSystemDefinition,
};
use std::collections::{BTreeMap, HashMap, HashSet};

/// The types of the fields of a schema.
#[derive(Debug)]
pub(super) struct FieldTypes {
    roots: [String; 3],
    fields: HashMap<String, HashMap<String, Type>>,
    /// Interfaces and unions: what is selected on one may meet what is selected on any.
    abstract_types: HashSet<String>,
    typename: Option<Type>,
}

/// A selection set, and the type that it is read in.
#[derive(Clone, Copy)]
struct Scoped<'a> {
    /// Which of the sets may be read in one object: those of one side. All have to be of one shape.
    side: usize,
    parent: &'a str,
    set: &'a SelectionSet,
}

/// A field under its key.
#[derive(Clone, Copy)]
struct Selected<'a> {
    side: usize,
    parent: &'a str,
    field: &'a Positioned<Field>,
    ty: &'a Type,
}

impl FieldTypes {
    pub(super) fn of_schema(document: &ServiceDocument, roots: [String; 3]) -> Self {
        let mut known =
            Self { roots, fields: HashMap::new(), abstract_types: HashSet::new(), typename: Type::new("String!") };
        for definition in &document.definitions {
            let TypeSystemDefinition::Type(definition) = definition else { continue };
            let own = definition.node.name.node.to_string();
            let (fields, is_abstract) = match &definition.node.kind {
                TypeKind::Object(object) => (object.fields.as_slice(), false),
                TypeKind::Interface(interface) => (interface.fields.as_slice(), true),
                TypeKind::Union(_) => (&[][..], true),
                TypeKind::Scalar | TypeKind::Enum(_) | TypeKind::InputObject(_) => continue,
            };
            let types = fields.iter().map(|field| (field.node.name.node.to_string(), field.node.ty.node.clone()));
            known.fields.entry(own.clone()).or_default().extend(types);
            if is_abstract {
                known.abstract_types.insert(own);
            }
        }
        known
    }

    /// `None` for what validation refuses, and for introspection, whose types stand in no SDL.
    fn of_field(&self, parent: &str, field: &str) -> Option<&Type> {
        if field == "__typename" { self.typename.as_ref() } else { self.fields.get(parent)?.get(field) }
    }

    fn are_alike(&self, one: &Type, other: &Type) -> bool {
        let is_object = |name: &str| self.fields.contains_key(name);
        one.nullable == other.nullable
            && match (&one.base, &other.base) {
                (BaseType::List(one), BaseType::List(other)) => self.are_alike(one, other),
                (BaseType::Named(one), BaseType::Named(other)) => one == other || is_object(one) && is_object(other),
                _ => false,
            }
    }
}

/// Refuses a document in which fields under one key cannot be one.
pub(super) fn check(types: &FieldTypes, document: &ExecutableDocument) -> Result<(), Error> {
    let [query, mutation, subscription] = &types.roots;
    for (_, operation) in document.operations.iter() {
        let root = match operation.node.ty {
            OperationType::Query => query,
            OperationType::Mutation => mutation,
            OperationType::Subscription => subscription,
        };
        let set = &operation.node.selection_set.node;
        Merging { types, document }.check(&[Scoped { side: 0, parent: root, set }])?;
    }
    Ok(())
}

struct Merging<'a> {
    types: &'a FieldTypes,
    document: &'a ExecutableDocument,
}

impl<'a> Merging<'a> {
    fn check(&self, sets: &[Scoped<'a>]) -> Result<(), Error> {
        let mut by_key = BTreeMap::new();
        for scoped in sets {
            self.collect(*scoped, &mut by_key);
        }
        for (key, fields) in by_key {
            self.compare_shapes(key, &fields)?;
            let mut below = Vec::new();
            for (side, fields) in self.sides(fields).into_iter().enumerate() {
                compare_fields(key, &fields)?;
                below.extend(fields.iter().map(|it| Scoped {
                    side,
                    parent: base(it.ty),
                    set: &it.field.node.selection_set.node,
                }));
            }
            if below.iter().any(|it| !it.set.items.is_empty()) {
                self.check(&below)?;
            }
        }
        Ok(())
    }

    /// The fields of a set by their keys, fragments in place.
    fn collect(&self, within: Scoped<'a>, by_key: &mut BTreeMap<&'a str, Vec<Selected<'a>>>) {
        let Scoped { side, parent, set } = within;
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => {
                    if let Some(ty) = self.types.of_field(parent, &field.node.name.node) {
                        let key = field.node.response_key().node.as_str();
                        by_key.entry(key).or_default().push(Selected { side, parent, field, ty });
                    }
                }
                Selection::InlineFragment(inline) => {
                    let parent = inline.node.type_condition.as_ref().map_or(parent, |on| on.node.on.node.as_str());
                    self.collect(Scoped { side, parent, set: &inline.node.selection_set.node }, by_key);
                }
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.document.fragments.get(&spread.node.fragment_name.node) {
                        let parent = fragment.node.type_condition.node.on.node.as_str();
                        self.collect(Scoped { side, parent, set: &fragment.node.selection_set.node }, by_key);
                    }
                }
            }
        }
    }

    /// The fields that may meet in one object: one object has one type, so those on two types never do.
    fn sides(&self, fields: Vec<Selected<'a>>) -> Vec<Vec<Selected<'a>>> {
        let is_abstract = |it: &Selected<'_>| self.types.abstract_types.contains(it.parent);
        let open: Vec<usize> = fields.iter().filter(|it| is_abstract(it)).map(|it| it.side).collect();
        let mut sides: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for field in fields {
            let own_type = (!open.contains(&field.side)).then_some(field.parent);
            sides.entry((field.side, own_type)).or_default().push(field);
        }
        sides.into_values().collect()
    }

    fn compare_shapes(&self, key: &str, fields: &[Selected<'a>]) -> Result<(), Error> {
        let Some((first, others)) = fields.split_first() else { return Ok(()) };
        match others.iter().find(|other| !self.types.are_alike(first.ty, other.ty)) {
            Some(other) => refuse(key, other, &format!("values of different types, {} and {}", first.ty, other.ty)),
            None => Ok(()),
        }
    }
}

fn compare_fields(key: &str, fields: &[Selected<'_>]) -> Result<(), Error> {
    let Some((first, others)) = fields.split_first() else { return Ok(()) };
    for other in others {
        let (one, same) = (&first.field.node, &other.field.node);
        if one.name.node != same.name.node {
            let what = format!("different fields, {} and {}", name(&one.name.node), name(&same.name.node));
            return refuse(key, other, &what);
        }
        if !have_same_arguments(one, same) {
            return refuse(key, other, "one field with different arguments");
        }
    }
    Ok(())
}

fn refuse(key: &str, it: &Selected<'_>, what: &str) -> Result<(), Error> {
    let message = format!("the key {} stands for {what}: give one of them an alias", name(key));
    Err(Error::new(Code::GraphqlValidationFailed, message).at(it.field.pos))
}

fn have_same_arguments(one: &Field, other: &Field) -> bool {
    let has = |(argument, value): &(Positioned<_>, Positioned<_>)| {
        other.arguments.iter().any(|(name, same)| name.node == argument.node && same.node == value.node)
    };
    one.arguments.len() == other.arguments.len() && one.arguments.iter().all(has)
}
