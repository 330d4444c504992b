//! The check of a document, at the one door and for every transport.
//!
//! async-graphql has limits of its own, but looks at them too late: its parser overflows the
//! stack on nested literals, and its validation expands fragments without a memo before it
//! compares any bound. So a document is
//!
//! 1. scanned, byte by byte ([`DocumentLimits::query_bytes`] to [`DocumentLimits::nesting`]),
//! 2. parsed, what is newer than the parser being put into its words,
//! 3. counted with its fragments in place, every definition of it, each fragment once,
//! 4. held to the rules of its root: response keys of a mutation differ, and it holds at most one
//!    mutation that hashes a password, mails or moves money; a subscription has one root field,
//! 5. held to its keys: fields that answer under one can be one,
//! 6. held to its variables: those without which it cannot run are there,
//! 7. priced, before any SQL.
//!
//! What depends on the text alone is read once for a document that comes again ([`Guard::keep`]); what
//! depends on the request (introspection, variables, the price with them) is decided each time.
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
//! - a list without pages: 1, and the selections of an element once; but the lines of an invoice, of which there may
//!   be many: for each of 20 lines 1, and the selections of a line
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
mod document;
mod documents;
mod edition;
mod merge;
mod parse;
mod price;
mod quote;
mod roots;
mod scan;
mod typename;
mod variables;

#[cfg(test)]
mod scan_fuzz;
#[cfg(test)]
mod tests;

pub use crate::config::DocumentLimits;

use crate::error::{Code, Error};
use async_graphql::parser::types::OperationType;
use async_graphql::{Request, Variables};
use cost_table::CostTable;
use document::Document;
use documents::{Documents, Key};
use merge::FieldTypes;
use std::sync::Arc;
use variables::InputTypes;

/// What passed.
#[derive(Debug)]
pub struct Checked {
    /// The type of the operation that will run.
    pub operation: OperationType,
    /// Whether that operation selects `__schema` or `__type`.
    pub introspects: bool,
    /// Its cost.
    pub cost: u64,
    /// The names (not the aliases) of its root fields, fragments in place, in their order.
    pub root_fields: Arc<[String]>,
    /// Whether it asks for a way in and for nothing else, so that a dead token is as good as none.
    pub is_way_in: bool,
    /// The document, when it should be kept and is not yet.
    unkept: Option<(Key, Arc<Document>)>,
}

/// What mutations tell of themselves, by their names.
#[derive(Debug, Clone, Default)]
pub struct Mutations {
    /// Those of which a request may hold one.
    pub once: Vec<&'static str>,
    /// Those for people without a session. Whoever was signed out asks by one of them to be let in, and a client may
    /// still send the token that has died.
    pub ways_in: Vec<&'static str>,
}

/// The check of a document.
#[derive(Debug)]
pub struct Guard {
    cost_table: CostTable,
    inputs: InputTypes,
    field_types: FieldTypes,
    mutations: Mutations,
    limits: DocumentLimits,
    documents: Documents,
}

impl Guard {
    /// Learns from the SDL which fields are connections, lists, entities and free.
    ///
    /// # Errors
    ///
    /// When the SDL cannot be parsed.
    pub fn new(sdl: &str, mutations: Mutations, limits: DocumentLimits) -> Result<Self, async_graphql::parser::Error> {
        let schema = async_graphql::parser::parse_schema(sdl)?;
        let cost_table = CostTable::of_schema(&schema);
        let roots = [&cost_table.query, &cost_table.mutation, &cost_table.subscription].map(Clone::clone);
        Ok(Self {
            field_types: FieldTypes::of_schema(&schema, roots),
            cost_table,
            inputs: InputTypes::of_schema(&schema),
            mutations,
            documents: Documents::new(limits.cache_bytes),
            limits,
        })
    }

    /// Checks the document of a request and leaves it there parsed, so that async-graphql does not
    /// parse it again.
    ///
    /// # Errors
    ///
    /// The first rule or bound that the document breaks.
    pub fn check(&self, request: &mut Request, introspection_allowed: bool) -> Result<Checked, Error> {
        let (text, name) = (request.query.as_str(), request.operation_name.as_deref());
        let known = if text.len() <= self.limits.query_bytes { self.documents.get(text, name) } else { None };
        let is_new = known.is_none();
        let document = match known {
            Some(document) => document,
            None => Arc::new(self.read(text, name)?),
        };
        let cost = self.admit(&document, &request.variables, introspection_allowed)?;

        let keep = is_new && document.may_be_kept && self.documents.seen_before(text, name);
        let unkept = keep.then(|| (Key::new(text, name), Arc::clone(&document)));
        request.set_parsed_query(document.tree.clone());
        Ok(Checked {
            operation: document.operation,
            is_way_in: document.is_way_in,
            introspects: document.counted.introspects,
            cost,
            root_fields: Arc::clone(&document.root_fields),
            unkept,
        })
    }

    /// Remembers the document of a request that ran: of texts that were refused nothing stays.
    pub fn keep(&self, checked: Checked) {
        if let Some((key, document)) = checked.unkept {
            self.documents.insert(key, document);
        }
    }

    /// Decides what depends on the request: the cost, if it may run.
    fn admit(&self, document: &Document, variables: &Variables, introspection_allowed: bool) -> Result<u64, Error> {
        if let (Some(pos), false) = (document.counted.introspection, introspection_allowed) {
            let message = "introspection is off: __schema and __type are not available here";
            return Err(Error::new(Code::GraphqlValidationFailed, message).at(pos));
        }
        variables::check_values(&self.inputs, &document.variables, variables)?;
        let cost = document.price.with(variables);
        if cost > self.limits.cost {
            let message = format!(
                "the query costs {cost}, at most {} are allowed: ask for smaller pages or fewer levels",
                self.limits.cost
            );
            return Err(Error::new(Code::QueryTooComplex, message).at(document.pos));
        }
        Ok(cost)
    }
}
