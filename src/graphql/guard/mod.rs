//! The check of a document, at the one door and for every transport.
//!
//! async-graphql has limits of its own, but looks at them too late: its parser overflows the
//! stack on nested literals, and its validation expands fragments without a memo before it
//! compares any bound. So a document is
//!
//! 1. scanned, byte by byte ([`DocumentLimits::query_bytes`] to [`DocumentLimits::nesting`]),
//! 2. parsed,
//! 3. counted with its fragments in place, every definition of it, each fragment once,
//! 4. held to the rules of its root: response keys of a mutation differ, and it holds at most one
//!    mutation that hashes a password, mails or moves money; a subscription has one root field,
//! 5. held to its variables: those without which it cannot run are there,
//! 6. priced, before any SQL.
//!
//! Selections under `@skip` and `@include` count as if they were included. Selections, aliases
//! and directives add up over all operations of the document; depth and root fields hold for each
//! of them, since only one runs.
//!
//! # Introspection
//!
//! `__schema` and `__type` cost nothing and are exempt from the depth; they go at most 20 fields
//! deep and pass at most 3 times through `fields`, `interfaces`, `possibleTypes` or `inputFields`
//! on one path. Their selections count like any others.
//!
//! # What a query costs
//!
//! The rows it can make the server read, more or less:
//!
//! - a scalar, an enum, `Money`, `PageInfo`, `AllowedAction`, `PermissionInfo`: 0
//! - an entity: 1, and its selections
//! - a list without pages: 1, and the selections of an element once
//! - a list by `ids`: for each id 1, and the selections of an element
//! - a connection: 1, for each entity of the page 1 and the selections of `nodes` and of `edges`
//!   together, and 1 for `totalCount`
//!
//! A page has [`DocumentLimits::page_default`] entities unless `first` or `last` says otherwise,
//! by value or by variable; at least 1, and at most [`DocumentLimits::page_max`], for the resolver
//! refuses a larger page. It is charged in full whatever is selected of it. Selections for several
//! types of an interface add up.
//!
//! ```graphql
//! {
//!   tickets(first: 20) {              # 1 + 20 × (1 + …)
//!     nodes {
//!       user { id }                   #     1
//!       assignedTo { displayName }    #     1
//!       messages(first: 10) {         #     1 + 10 × (1 + …)
//!         nodes {
//!           author { displayName }    #                1
//!         }
//!       }
//!     }
//!   }
//! }
//! ```
//!
//! costs 1 + 20 × (1 + 1 + 1 + (1 + 10 × (1 + 1))) = 481.

mod cost;
mod cost_table;
mod count;
mod parse;
mod quote;
mod roots;
mod scan;
mod variables;

#[cfg(test)]
mod scan_fuzz;
#[cfg(test)]
mod tests;

pub use crate::config::DocumentLimits;

use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, OperationDefinition, OperationType};
use async_graphql::{Positioned, Request};
use cost_table::CostTable;
use variables::InputTypes;

use crate::error::{Code, Error};

/// What passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The type of the operation that will run.
    pub operation: OperationType,
    /// Whether that operation selects `__schema` or `__type`.
    pub introspects: bool,
    /// Its cost.
    pub cost: u64,
    /// The names (not the aliases) of its root fields, fragments in place, in their order.
    pub root_fields: Vec<String>,
}

/// The check of a document.
#[derive(Debug, Clone)]
pub struct Guard {
    cost_table: CostTable,
    inputs: InputTypes,
    limits: DocumentLimits,
}

impl Guard {
    /// Learns from the SDL which fields are connections, lists, entities and free.
    ///
    /// # Errors
    ///
    /// When the SDL cannot be parsed.
    pub fn new(sdl: &str, limits: DocumentLimits) -> Result<Self, async_graphql::parser::Error> {
        let document = async_graphql::parser::parse_schema(sdl)?;
        Ok(Self { cost_table: CostTable::of_schema(&document), inputs: InputTypes::of_schema(&document), limits })
    }

    /// Checks the document of a request and leaves it there parsed, so that async-graphql does not
    /// parse it again.
    ///
    /// # Errors
    ///
    /// The first rule or bound that the document breaks.
    pub fn check(&self, request: &mut Request, introspection_allowed: bool) -> Result<Checked, Error> {
        scan::scan(&request.query, &self.limits)?;
        let document = parse::parse(&request.query)?;
        let operation = choose(&document, request.operation_name.as_deref())?;
        let tally = count::count(&document, operation, &self.limits, introspection_allowed)?;

        variables::check(&self.inputs, &document, operation, &request.variables)?;
        let fields = roots::root_fields(&document, &operation.node);
        roots::check(&operation.node, &fields)?;

        let cost = cost::cost(&self.cost_table, &document, &operation.node, &request.variables, &self.limits);
        if cost > self.limits.cost {
            let message = format!(
                "the query costs {cost}, at most {} are allowed: ask for smaller pages or fewer levels",
                self.limits.cost
            );
            return Err(Error::new(Code::QueryTooComplex, message).at(operation.pos));
        }

        let checked = Checked {
            operation: operation.node.ty,
            introspects: tally.introspects,
            cost,
            root_fields: fields.iter().map(|field| field.node.name.node.to_string()).collect(),
        };
        request.set_parsed_query(document);
        Ok(checked)
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
