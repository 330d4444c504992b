//! What has to hold of variables before anything runs.
//!
//! async-graphql looks at a variable when a field asks for it: by then a mutation before that field has
//! committed, and its validation panics over a list of a type that does not exist.

use std::collections::HashSet;

use async_graphql::parser::types::{
    BaseType, ExecutableDocument, ServiceDocument, Type, TypeKind, TypeSystemDefinition, VariableDefinition,
};
use async_graphql::{Positioned, Value, Variables};

use super::cost_table::base;
use super::quote;
use crate::error::{Code, Error};

/// The types that a variable can have.
#[derive(Debug, Clone)]
pub(super) struct InputTypes {
    scalars: HashSet<String>,
    objects: HashSet<String>,
}

impl InputTypes {
    pub(super) fn of_schema(document: &ServiceDocument) -> Self {
        let mut scalars: HashSet<String> = ["Int", "Float", "String", "Boolean", "ID"].map(str::to_owned).into();
        let mut objects = HashSet::new();
        for definition in &document.definitions {
            if let TypeSystemDefinition::Type(declared) = definition {
                let name = declared.node.name.node.to_string();
                match declared.node.kind {
                    TypeKind::Scalar | TypeKind::Enum(_) => drop(scalars.insert(name)),
                    TypeKind::InputObject(_) => drop(objects.insert(name)),
                    _ => {}
                }
            }
        }
        Self { scalars, objects }
    }

    fn has(&self, name: &str) -> bool {
        self.scalars.contains(name) || self.objects.contains(name)
    }

    /// Whether a value has the outline of a type: an object where one is due, and no null where none may be.
    fn fits(&self, declared: &Type, value: &Value) -> bool {
        match (value, &declared.base) {
            (Value::Null, _) => declared.nullable,
            (Value::List(items), BaseType::List(element)) => items.iter().all(|item| self.fits(element, item)),
            // A single value stands for a list of one.
            (value, BaseType::List(element)) => self.fits(element, value),
            (_, BaseType::Named(name)) if name == "JSON" => true,
            (value, BaseType::Named(name)) if self.objects.contains(name.as_str()) => matches!(value, Value::Object(_)),
            (value, BaseType::Named(_)) => !matches!(value, Value::List(_)),
        }
    }
}

/// Refuses types that no variable can have, in the whole document.
pub(super) fn check_types(inputs: &InputTypes, document: &ExecutableDocument) -> Result<(), Error> {
    let declared = document.operations.iter().flat_map(|(_, operation)| &operation.node.variable_definitions);
    for definition in declared {
        let name = base(&definition.node.var_type.node);
        if !inputs.has(name) {
            let message = format!("there is no input type {}", quote::name(name));
            return Err(Error::new(Code::GraphqlValidationFailed, message).at(definition.pos));
        }
    }
    Ok(())
}

/// Refuses values that do not fit the operation that runs.
pub(super) fn check_values(
    inputs: &InputTypes,
    declared: &[Positioned<VariableDefinition>],
    given: &Variables,
) -> Result<(), Error> {
    for definition in declared {
        let name = &definition.node.name.node;
        let declared = &definition.node.var_type.node;
        let fits = match given.get(name) {
            Some(value) => inputs.fits(declared, value),
            None => declared.nullable || definition.node.default_value.is_some(),
        };
        if !fits {
            let message = format!("the variable {} must be of type {declared}", quote::name(name));
            return Err(Error::new(Code::GraphqlValidationFailed, message).at(definition.pos));
        }
    }
    Ok(())
}
