//! The guard, rule by rule, through [`Guard::check`].

mod bombs;
mod choice;
mod cost;
mod counts;
mod documents;
mod introspection;
mod merge;
mod price;
mod roots;
mod scan;
mod variables;

use super::{Checked, DocumentLimits, Guard, Mutations};
use crate::error::{Code, Error};
use async_graphql::{Pos, Request, Variables};

/// A piece of the contract, as async-graphql exports it.
/// What a request may hold one of, and what lets people in.
const ONCE: [&str; 2] = ["login", "payInvoice"];
const WAYS_IN: [&str; 2] = ["login", "register"];

fn mutations() -> Mutations {
    Mutations { once: ONCE.to_vec(), ways_in: WAYS_IN.to_vec() }
}

const SDL: &str = r#"
"Any JSON value."
scalar JSON
enum TicketStatus { OPEN CLOSED }
interface Node { id: ID! }
type Money { amount: Decimal!, currency: CurrencyCode! }
scalar Decimal
scalar CurrencyCode @specifiedBy(url: "https://example.org")
type PageInfo { hasNextPage: Boolean!, endCursor: String }
type AllowedAction { action: String!, allowed: Boolean! }
type PermissionInfo { name: String! }
type Actor { id: ID!, displayName: String!, user: User }
type User implements Node {
  id: ID!
  email: String!
  credits: [Money!]
  roles: [Role!]!
  permissions: [String!]!
  allowedActions: [AllowedAction!]!
  tickets(first: Int, after: String, last: Int, before: String): TicketConnection
}
type Role implements Node {
  id: ID!
  users(first: Int, after: String, last: Int, before: String): RoleUserConnection
}
type RoleUserEdge { cursor: String!, node: User!, assignedBy: Actor! }
type RoleUserConnection { edges: [RoleUserEdge!]!, nodes: [User!]!, pageInfo: PageInfo!, totalCount: Int! }
type Ticket implements Node {
  id: ID!
  status: TicketStatus!
  user: User
  assignedTo: Actor
  mergedInto: Ticket
  messages(first: Int, after: String, last: Int, before: String): TicketMessageConnection!
}
type TicketEdge { cursor: String!, node: Ticket! }
type TicketConnection { edges: [TicketEdge!]!, nodes: [Ticket!]!, pageInfo: PageInfo!, totalCount: Int! }
type TicketMessage implements Node { id: ID!, author: Actor!, ticket: Ticket! }
type TicketMessageEdge { cursor: String!, node: TicketMessage! }
type TicketMessageConnection { edges: [TicketMessageEdge!]!, nodes: [TicketMessage!]!, pageInfo: PageInfo!, totalCount: Int! }
type Invoice { id: ID!, items: [InvoiceItem!]! }
type InvoiceItem { id: ID!, server: User }
type BillingSummary {
  paid: Money!
}

type Query {
  billingSummary(currency: String!): BillingSummary
  invoice(id: ID!): Invoice
  viewer: User
  node(id: ID!): Node
  nodes(ids: [ID!]!): [Node]!
  roles: [Role!]
  permissions: [PermissionInfo!]
  tickets(first: Int, after: String, last: Int, before: String): TicketConnection
}
input TicketFilter { status: TicketStatus, search: String }
input LoginInput { login: String!, password: String! }
type LoginPayload { token: String, user: User, userErrors: [UserError!]! }
type UserError { message: String! }
type Mutation {
  login(input: LoginInput!): LoginPayload
  logout: LoginPayload
  payInvoice(id: ID!): LoginPayload
}
type Subscription { ticketChanged(id: ID): Ticket }
directive @requires(permission: String!, own: Boolean! = false) on FIELD_DEFINITION | ARGUMENT_DEFINITION
schema { query: Query, mutation: Mutation, subscription: Subscription }
"#;

fn guard() -> Guard {
    match Guard::new(SDL, mutations(), DocumentLimits::default()) {
        Ok(guard) => guard,
        Err(error) => panic!("{error}"),
    }
}

fn check(text: &str) -> Result<Checked, Error> {
    guard().check(&mut Request::new(text), true)
}

/// What passes.
fn pass(text: &str) -> Checked {
    match check(text) {
        Ok(checked) => checked,
        Err(refusal) => panic!("{refusal:?}: {text}"),
    }
}

/// What does not; its message is one short line.
fn refuse(text: &str) -> Error {
    match check(text) {
        Ok(checked) => panic!("{checked:?}: {text}"),
        Err(refusal) => {
            assert!(!refusal.message().contains('\n'), "{refusal:?}");
            assert!(refusal.message().chars().count() <= 201, "{refusal:?}");
            refusal
        }
    }
}

fn refused_as(text: &str) -> Code {
    refuse(text).code()
}

/// The place that a refusal names.
pub(super) fn location(refusal: &Error) -> Option<Pos> {
    refusal.clone().into_response().errors.first().and_then(|error| error.locations.first().copied())
}

fn variables(json: &str) -> Variables {
    match serde_json::from_str(json) {
        Ok(variables) => variables,
        Err(error) => panic!("{error}: {json}"),
    }
}

/// `field`, so many levels deep: `{viewer{viewer{…}}}`.
fn deep(field: &str, levels: usize) -> String {
    format!("{}{}", format!("{{{field}").repeat(levels), "}".repeat(levels))
}

#[test]
fn an_sdl_that_is_none_is_an_error() {
    assert!(Guard::new("type Query {", mutations(), DocumentLimits::default()).is_err());
}
