//! The brackets and strings of a parsed document.

use async_graphql::parser::types::{
    BaseType, Directive, ExecutableDocument, OperationDefinition, Selection, SelectionSet, Type,
};
use async_graphql::{Positioned, Value};
use std::convert::Infallible;

/// Brackets and strings, seen from one side.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    pub brackets: usize,
    pub nesting: usize,
    pub strings: usize,
}

impl Seen {
    fn beside(self, other: Self) -> Self {
        Self {
            brackets: self.brackets + other.brackets,
            nesting: self.nesting.max(other.nesting),
            strings: self.strings + other.strings,
        }
    }

    fn in_brackets(self) -> Self {
        Self { brackets: self.brackets + 1, nesting: self.nesting + 1, ..self }
    }
}

fn all<T>(items: impl IntoIterator<Item = T>, seen: impl Fn(T) -> Seen) -> Seen {
    items.into_iter().map(seen).fold(Seen::default(), Seen::beside)
}

pub fn in_document(document: &ExecutableDocument) -> Seen {
    let operations = all(document.operations.iter(), |(_, operation)| in_operation(&operation.node));
    let fragments = all(document.fragments.values(), |fragment| {
        in_directives(&fragment.node.directives).beside(in_set(&fragment.node.selection_set.node))
    });
    operations.beside(fragments)
}

fn in_operation(operation: &OperationDefinition) -> Seen {
    let variables = all(&operation.variable_definitions, |variable| {
        let default = variable.node.default_value.as_ref();
        in_type(&variable.node.var_type.node)
            .beside(in_directives(&variable.node.directives))
            .beside(all(default, |value| in_value(&value.node)))
    });
    let variables = if operation.variable_definitions.is_empty() { variables } else { variables.in_brackets() };
    variables.beside(in_directives(&operation.directives)).beside(in_set(&operation.selection_set.node))
}

fn in_type(ty: &Type) -> Seen {
    match &ty.base {
        BaseType::Named(_) => Seen::default(),
        BaseType::List(element) => in_type(element).in_brackets(),
    }
}

fn in_set(set: &SelectionSet) -> Seen {
    if set.items.is_empty() {
        return Seen::default();
    }
    all(&set.items, |selection| {
        let below = match &selection.node {
            Selection::Field(field) => {
                let values = field.node.arguments.iter().map(|(_, value)| {
                    let value = value.node.clone();
                    value.into_const_with(|_| Ok::<_, Infallible>(Value::Null))
                });
                in_arguments(values).beside(in_set(&field.node.selection_set.node))
            }
            Selection::InlineFragment(inline) => in_set(&inline.node.selection_set.node),
            Selection::FragmentSpread(_) => Seen::default(),
        };
        below.beside(in_directives(selection.node.directives()))
    })
    .in_brackets()
}

fn in_directives(directives: &[Positioned<Directive>]) -> Seen {
    all(directives, |directive| {
        in_arguments(directive.node.arguments.iter().map(|(_, value)| {
            let value = value.node.clone();
            value.into_const_with(|_| Ok::<_, Infallible>(Value::Null))
        }))
    })
}

fn in_arguments(values: impl ExactSizeIterator<Item = Result<Value, Infallible>>) -> Seen {
    if values.len() == 0 {
        return Seen::default();
    }
    all(values.flatten(), |value| in_value(&value)).in_brackets()
}

fn in_value(value: &Value) -> Seen {
    match value {
        Value::List(items) => all(items, in_value).in_brackets(),
        Value::Object(fields) => all(fields.values(), in_value).in_brackets(),
        Value::String(_) => Seen { strings: 1, ..Seen::default() },
        _ => Seen::default(),
    }
}
