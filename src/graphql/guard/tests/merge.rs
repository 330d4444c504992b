//! Fields that answer under one key, and directives on `__typename`.

use super::{Code, pass, refuse};

fn refused(text: &str, message: &str) {
    let refusal = refuse(text);
    assert_eq!((refusal.code(), refusal.message()), (Code::GraphqlValidationFailed, message), "{text}");
}

#[test]
fn fields_that_can_be_one_pass() {
    for text in [
        "{ viewer { id id email } }",
        "{ viewer { id } viewer { email } }",
        "{ tickets(first: 2) { nodes { id } } tickets(first: 2) { pageInfo { endCursor } } }",
        "{ node(id: 1) { ... on User { value: email } ... on BillingSummary { value: id } } }",
        "{ node(id: 1) { ... on User { it: roles { id } } ... on Role { id } } }",
        // Two objects are of one shape, whatever fields they have.
        "{ node(id: 1) { ... on Ticket { it: user { id } } ... on Invoice { id } } }",
        // What hangs on two types never meets, however deep; and nobody is asked the same.
        "{ node(id: 1) { ... on Ticket { it: user { x: tickets(first: 1) { totalCount } } } \
         ... on Actor { it: user { x: tickets(first: 2) { totalCount } } } } }",
        "{ node(id: 1) { ... on Ticket { it: user { x: id } } ... on Actor { it: user { ... on Role { x: id } } } } }",
    ] {
        pass(text);
    }
}

#[test]
fn values_of_different_types_under_one_key_are_refused_on_any_two_types() {
    refused(
        "{ node(id: 1) { ... on User { value: email } ... on Role { value: users { nodes { id } } } } }",
        "the key value stands for values of different types, String! and RoleUserConnection: give one of them an alias",
    );
    refused(
        "{ node(id: 1) { ...U ...T } } fragment U on User { it: email } fragment T on Ticket { it: status }",
        "the key it stands for values of different types, String! and TicketStatus!: give one of them an alias",
    );
    // Nullable or not is a shape too, also below.
    refused(
        "{ node(id: 1) { ... on User { a: tickets { nodes { x: user { id } } } } ... on User { a: tickets { nodes { x: status } } } } }",
        "the key x stands for values of different types, User and TicketStatus!: give one of them an alias",
    );
}

#[test]
fn different_fields_or_arguments_under_one_key_of_one_object_are_refused() {
    refused(
        "{ viewer { x: id ...F } } fragment F on User { x: tickets { nodes { id } } }",
        "the key x stands for values of different types, ID! and TicketConnection: give one of them an alias",
    );
    refused(
        "{ tickets(first: 2) { nodes { id } } tickets(first: 3) { nodes { id } } }",
        "the key tickets stands for one field with different arguments: give one of them an alias",
    );
    refused(
        "{ node(id: 1) { ... on Ticket { it: user { x: tickets(first: 1) { totalCount } } } \
         ... on Ticket { it: user { x: tickets(first: 2) { totalCount } } } } }",
        "the key x stands for one field with different arguments: give one of them an alias",
    );
    // What is selected on an interface meets what is selected on any type.
    refused(
        "{ node(id: 1) { ... on User { x: email } ... on Node { x: __typename } } }",
        "the key x stands for different fields, email and __typename: give one of them an alias",
    );
    refused(
        "{ node(id: 1) { ... on TicketMessage { z: ticket { x: user { id } } } ...F } } \
         fragment F on Node { ... on TicketMessage { z: ticket { x: mergedInto { user { id } } } } }",
        "the key x stands for different fields, user and mergedInto: give one of them an alias",
    );
    refused(
        "{ viewer { x: email ... on User { x: permissions } } }",
        "the key x stands for values of different types, String! and [String!]!: give one of them an alias",
    );
}
