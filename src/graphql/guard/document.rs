//! What the text and the operation's name alone tell of a document.

use super::count::{Counted, count};
use super::price::Price;
use super::{Guard, cost, edition, merge, parse, quote, roots, scan, typename, variables};
use crate::error::{Code, Error};
use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, VariableDefinition,
};
use async_graphql::{Pos, Positioned};
use std::sync::Arc;

/// A document within its bounds.
#[derive(Debug)]
pub(super) struct Document {
    pub tree: ExecutableDocument,
    /// The type, place and variables of the operation that will run.
    pub operation: OperationType,
    pub pos: Pos,
    pub variables: Vec<Positioned<VariableDefinition>>,
    pub root_fields: Arc<[String]>,
    pub counted: Counted,
    pub price: Price,
    pub tokens: usize,
    /// Whether it asks at its root for a way in and for nothing else.
    pub is_way_in: bool,
    /// Not where a password may stand in the text: in a string beside a mutation.
    pub may_be_kept: bool,
}

impl Guard {
    /// Scans, parses and counts a text, and writes the formula of its price.
    pub(super) fn read(&self, text: &str, name: Option<&str>) -> Result<Document, Error> {
        let scanned = scan::scan(text, &self.limits)?;
        // What is new is written in strings, or as one.
        let text = if scanned.strings == 0 { text.into() } else { edition::adapt(text) };
        let mut tree = parse::parse(&text)?;
        typename::wrap(&mut tree);
        let chosen = choose(&tree, name)?;
        let operation = &chosen.node;
        let counted = count(&tree, chosen, &self.limits)?;
        variables::check_types(&self.inputs, &tree)?;
        let fields = roots::root_fields(&tree, operation);
        roots::check(operation, &fields, &self.mutations.once)?;
        merge::check(&self.field_types, &tree)?;

        let mutates = tree.operations.iter().any(|(_, operation)| operation.node.ty == OperationType::Mutation);
        Ok(Document {
            operation: operation.ty,
            is_way_in: roots::is_way_in(operation.ty, &fields, &self.mutations.ways_in),
            pos: chosen.pos,
            variables: operation.variable_definitions.clone(),
            root_fields: fields.iter().map(|field| field.node.name.node.to_string()).collect(),
            counted,
            price: cost::price(&self.cost_table, &tree, operation, &self.limits),
            tokens: scanned.tokens,
            may_be_kept: !mutates || scanned.strings == 0,
            tree,
        })
    }
}

/// The operation that will run; the same choice as async-graphql's.
fn choose<'a>(
    document: &'a ExecutableDocument,
    wanted: Option<&str>,
) -> Result<&'a Positioned<OperationDefinition>, Error> {
    let unknown = |message| Error::new(Code::GraphqlValidationFailed, message);
    match (&document.operations, wanted) {
        (DocumentOperations::Single(operation), None) => Ok(operation),
        (DocumentOperations::Single(_), Some(wanted)) => {
            Err(unknown(format!("there is no operation {}: the only one has no name", quote::name(wanted))))
        }
        (DocumentOperations::Multiple(operations), Some(wanted)) => {
            operations.get(wanted).ok_or_else(|| unknown(format!("there is no operation {}", quote::name(wanted))))
        }
        (DocumentOperations::Multiple(operations), None) => {
            let mut operations = operations.values();
            match (operations.next(), operations.next()) {
                (Some(operation), None) => Ok(operation),
                _ => Err(unknown("operationName is missing: the document has several operations".to_owned())),
            }
        }
    }
}
