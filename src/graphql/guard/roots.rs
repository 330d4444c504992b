//! What an operation asks for at its root.

use super::quote::name;
use crate::error::{Code, Error};
use async_graphql::Positioned;
use async_graphql::parser::types::{
    ExecutableDocument, Field, OperationDefinition, OperationType, Selection, SelectionSet,
};

/// Whether an operation asks at its root for a way in and for nothing else.
///
/// Fields are known by their names, whatever their aliases, and those of fragments with the others. `__typename` may
/// stand beside them, as some clients write it everywhere and it tells nothing of anybody; alone it is no way in. What
/// `@skip` and `@include` leave out counts as if it were there: who asks is not decided by a variable.
pub(super) fn is_way_in(operation: OperationType, fields: &[&Positioned<Field>], ways_in: &[&str]) -> bool {
    let names = fields.iter().map(|field| field.node.name.node.as_str());
    let mut fields = names.filter(|name| *name != "__typename").peekable();
    operation == OperationType::Mutation && fields.peek().is_some() && fields.all(|name| ways_in.contains(&name))
}

/// The root fields of an operation that has been counted: without cycles, and few.
pub(super) fn root_fields<'a>(
    document: &'a ExecutableDocument,
    operation: &'a OperationDefinition,
) -> Vec<&'a Positioned<Field>> {
    let mut fields = Vec::new();
    collect(document, &operation.selection_set.node, &mut fields);
    fields
}

fn collect<'a>(document: &'a ExecutableDocument, set: &'a SelectionSet, fields: &mut Vec<&'a Positioned<Field>>) {
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) => fields.push(field),
            Selection::InlineFragment(inline) => {
                collect(document, &inline.node.selection_set.node, fields);
            }
            Selection::FragmentSpread(spread) => {
                if let Some(fragment) = document.fragments.get(&spread.node.fragment_name.node) {
                    collect(document, &fragment.node.selection_set.node, fields);
                }
            }
        }
    }
}

/// What holds for the root of an operation of this type; of the mutations `once` a request holds one.
pub(super) fn check(
    operation: &OperationDefinition,
    fields: &[&Positioned<Field>],
    once: &[&str],
) -> Result<(), Error> {
    match operation.ty {
        OperationType::Query => Ok(()),
        OperationType::Mutation => {
            keys_differ(fields)?;
            one_of_a_kind(fields, once)
        }
        OperationType::Subscription => match fields.get(1) {
            None => Ok(()),
            Some(second) => {
                let message = "a subscription selects exactly one root field";
                Err(Error::new(Code::GraphqlValidationFailed, message).at(second.pos))
            }
        },
    }
}

/// Two selections under one key are one field to a client; async-graphql runs both of them and
/// answers one.
fn keys_differ(fields: &[&Positioned<Field>]) -> Result<(), Error> {
    for (index, field) in fields.iter().enumerate() {
        let key = &field.node.response_key().node;
        let mut earlier = fields.iter().take(index);
        if earlier.any(|other| other.node.response_key().node == *key) {
            let message = format!(
                "two root fields of this mutation answer under the key {}; give each an alias of its own",
                name(key)
            );
            return Err(Error::new(Code::GraphqlValidationFailed, message).at(field.pos));
        }
    }
    Ok(())
}

fn one_of_a_kind(fields: &[&Positioned<Field>], once: &[&str]) -> Result<(), Error> {
    let mut dear = fields.iter().filter(|field| once.contains(&field.node.name.node.as_str()));
    match (dear.next(), dear.next()) {
        (Some(first), Some(second)) => {
            let message = format!(
                "{} and {} cannot share a request: at most one mutation of this kind is allowed",
                first.node.name.node, second.node.name.node
            );
            Err(Error::new(Code::GraphqlValidationFailed, message).at(second.pos))
        }
        _ => Ok(()),
    }
}
