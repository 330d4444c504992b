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
type Scoped<'a> = (&'a str, &'a SelectionSet);

/// A field under its key.
#[derive(Clone, Copy)]
struct Selected<'a> {
    parent: &'a str,
    field: &'a Positioned<Field>,
    ty: &'a Type,
}

/// What is asked of fields under one key.
#[derive(Clone, Copy)]
enum Rule {
    /// Of all: values of one shape.
    Shape,
    /// Of those that may meet in one object: the same field with the same arguments.
    Field,
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
        let merging = Merging { types, document };
        for rule in [Rule::Shape, Rule::Field] {
            merging.check(rule, &[(root, &operation.node.selection_set.node)])?;
        }
    }
    Ok(())
}

struct Merging<'a> {
    types: &'a FieldTypes,
    document: &'a ExecutableDocument,
}

impl<'a> Merging<'a> {
    fn check(&self, rule: Rule, sets: &[Scoped<'a>]) -> Result<(), Error> {
        let mut by_key = BTreeMap::new();
        for (parent, set) in sets {
            self.collect(parent, set, &mut by_key);
        }
        for (key, fields) in by_key {
            for fields in self.comparable(rule, fields) {
                self.compare(rule, key, &fields)?;
                let below: Vec<Scoped<'a>> =
                    fields.iter().map(|it| (base(it.ty), &it.field.node.selection_set.node)).collect();
                if below.iter().any(|(_, set)| !set.items.is_empty()) {
                    self.check(rule, &below)?;
                }
            }
        }
        Ok(())
    }

    /// The fields of a set by their keys, fragments in place.
    fn collect(&self, parent: &'a str, set: &'a SelectionSet, by_key: &mut BTreeMap<&'a str, Vec<Selected<'a>>>) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => {
                    if let Some(ty) = self.types.of_field(parent, &field.node.name.node) {
                        let key = field.node.response_key().node.as_str();
                        by_key.entry(key).or_default().push(Selected { parent, field, ty });
                    }
                }
                Selection::InlineFragment(inline) => {
                    let on = inline.node.type_condition.as_ref().map_or(parent, |on| on.node.on.node.as_str());
                    self.collect(on, &inline.node.selection_set.node, by_key);
                }
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.document.fragments.get(&spread.node.fragment_name.node) {
                        let on = fragment.node.type_condition.node.on.node.as_str();
                        self.collect(on, &fragment.node.selection_set.node, by_key);
                    }
                }
            }
        }
    }

    /// The fields that the rule compares with each other: one object has one type, so those on two types never meet.
    fn comparable(&self, rule: Rule, fields: Vec<Selected<'a>>) -> Vec<Vec<Selected<'a>>> {
        let meet_all = fields.iter().any(|it| self.types.abstract_types.contains(it.parent));
        if matches!(rule, Rule::Shape) || meet_all {
            return vec![fields];
        }
        let mut by_type: BTreeMap<&str, Vec<Selected<'a>>> = BTreeMap::new();
        for field in fields {
            by_type.entry(field.parent).or_default().push(field);
        }
        by_type.into_values().collect()
    }

    fn compare(&self, rule: Rule, key: &str, fields: &[Selected<'a>]) -> Result<(), Error> {
        let Some((first, others)) = fields.split_first() else { return Ok(()) };
        let refuse = |it: &Selected<'a>, what: String| {
            let message = format!("the key {} stands for {what}: give one of them an alias", name(key));
            Err(Error::new(Code::GraphqlValidationFailed, message).at(it.field.pos))
        };
        for other in others {
            match rule {
                Rule::Shape if !self.types.are_alike(first.ty, other.ty) => {
                    return refuse(other, format!("values of different types, {} and {}", first.ty, other.ty));
                }
                Rule::Field if first.field.node.name.node != other.field.node.name.node => {
                    let names = (&first.field.node.name.node, &other.field.node.name.node);
                    return refuse(other, format!("different fields, {} and {}", name(names.0), name(names.1)));
                }
                Rule::Field if !have_same_arguments(&first.field.node, &other.field.node) => {
                    return refuse(other, "one field with different arguments".to_owned());
                }
                Rule::Shape | Rule::Field => {}
            }
        }
        Ok(())
    }
}

fn have_same_arguments(one: &Field, other: &Field) -> bool {
    let has = |(argument, value): &(Positioned<_>, Positioned<_>)| {
        other.arguments.iter().any(|(name, same)| name.node == argument.node && same.node == value.node)
    };
    one.arguments.len() == other.arguments.len() && one.arguments.iter().all(has)
}
