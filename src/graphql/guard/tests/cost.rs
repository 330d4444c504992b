//! Exact costs.

use super::{Code, guard, pass, refuse, refused_as, variables};
use async_graphql::Request;

fn costs(text: &str, cost: u64) {
    assert_eq!(pass(text).cost, cost, "{text}");
}

fn costs_with(text: &str, json: &str, cost: u64) {
    let mut request = Request::new(text).variables(variables(json));
    match guard().check(&mut request, false) {
        Ok(checked) => assert_eq!(checked.cost, cost, "{text} {json}"),
        Err(refusal) => panic!("{refusal:?}: {text} {json}"),
    }
}

#[test]
fn the_example_of_the_documentation() {
    costs(
        "{ tickets(first: 20) { nodes { user { id } assignedTo { displayName } \
           messages(first: 10) { nodes { author { displayName } } } } } }",
        481,
    );
}

#[test]
fn what_is_free() {
    costs("{ __typename }", 0);
    costs("{ permissions { name } }", 0);
    costs("{ viewer { id email permissions credits { amount } allowedActions { action } } }", 1);
}

#[test]
fn entities_and_unpaged_lists() {
    costs("{ viewer { roles { id } } }", 2);
    costs("{ roles { id } viewer { id } }", 2);
    costs("{ invoice(id: 1) { items { id server { id } } } }", 1 + 20 * (1 + 1));
    costs("{ node(id: 1) { id } }", 1);
    costs("mutation { login { token user { id } userErrors { message } } }", 3);
    costs("subscription { ticketChanged { user { id } } }", 2);
    // async-graphql resolves both of them.
    costs("{ viewer { id } viewer { email } }", 2);
}

#[test]
fn what_reads_much_for_little() {
    costs("{ billingSummary(currency: \"EUR\") { paid { amount } } }", 100);
    costs("{ tickets(first: 2, filter: { status: OPEN }) { nodes { id } } }", 1 + 2);
    costs("{ tickets(first: 2, filter: { search: \"bob\" }) { nodes { id } } }", 50 + 2);
    let by_part = "query ($s: String) { tickets(first: 2, filter: { search: $s }) { nodes { id } } }";
    costs_with(by_part, r#"{"s": null}"#, 50 + 2);
    let whole = "query ($f: TicketFilter = { search: \"x\" }) { tickets(first: 2, filter: $f) { nodes { id } } }";
    costs_with(whole, "{}", 50 + 2);
    costs_with(whole, r#"{"f": {"status": "OPEN"}}"#, 1 + 2);
    costs_with(whole, r#"{"f": {"search": "bob"}}"#, 50 + 2);
}

#[test]
fn the_size_of_a_page() {
    for (arguments, size) in [
        ("", 20),
        ("(first: null)", 20),
        ("(first: 7)", 7),
        ("(last: 7)", 7),
        ("(first: 3, last: 7)", 7),
        ("(first: 0)", 1),
        ("(first: 100)", 100),
        ("(first: 100000)", 100),
        ("(first: 99999999999999999999999)", 100),
        ("(first: -1)", 100),
        ("(first: 2.5)", 100),
        ("(first: \"2\")", 100),
        ("(first: A)", 100),
        ("(first: [1])", 100),
        ("(first: 1, first: 9)", 9),
        ("(after: \"x\")", 20),
    ] {
        costs(&format!("{{ tickets{arguments} {{ nodes {{ id }} }} }}"), 1 + size);
    }
}

#[test]
fn the_size_of_a_page_by_variable() {
    let text =
        "query ($n: Int, $m: Int = 7) { tickets(first: $n) { nodes { id } } a: tickets(last: $m) { nodes { id } } }";
    for (json, n, m) in [
        ("{}", 20, 7),
        (r#"{"n": null, "m": null}"#, 20, 20),
        (r#"{"n": 3, "m": 4}"#, 3, 4),
        (r#"{"n": 0, "m": 101}"#, 1, 100),
        (r#"{"n": -5, "m": 1e9}"#, 100, 100),
        (r#"{"n": "3", "m": true}"#, 100, 100),
    ] {
        costs_with(text, json, 2 + n + m);
    }
    costs("{ tickets(first: $undefined) { nodes { id } } }", 21);
}

#[test]
fn connections() {
    // The page is charged whatever is selected of it.
    costs("{ tickets(first: 5) { pageInfo { endCursor } } }", 6);
    costs("{ tickets(first: 5) { totalCount } }", 7);
    costs("{ tickets(first: 0) { totalCount } }", 3);
    costs("{ tickets(first: 5) { edges { cursor node { id } } } }", 6);
    // Entities once, the selections of both.
    costs("{ tickets(first: 5) { nodes { user { id } } edges { node { assignedTo { id } } } } }", 16);
    costs("{ tickets(first: 5) { a: nodes { user { id } } b: nodes { user { id } } } }", 16);
    // What an edge adds is paid by each.
    costs("{ roles { users(first: 5) { edges { assignedBy { id } node { id } } } } }", 12);
    // 1 + 10 × (1 + 1 + 10 × (1 + 1 + 2 × 1))
    costs(
        "{ tickets(first: 10) { nodes { messages(first: 10) { nodes { ticket { messages(first: 1) { nodes { id } } } } } } } }",
        1 + 10 * (1 + 1 + 10 * (1 + 1 + 2)),
    );
}

#[test]
fn through_fragments() {
    costs(
        "{ tickets(first: 5) { ...C ...C } } fragment C on TicketConnection { totalCount edges { ...E } } \
         fragment E on TicketEdge { node { ...T } } fragment T on Ticket { user { id } }",
        1 + 2 + 5 * (1 + 2),
    );
    // Selections for several types add up; each is read in its own type.
    costs(
        "{ node(id: 1) { id ... on User { tickets(first: 2) { nodes { id } } } ... on Role { users(first: 3) { nodes { id } } } } }",
        1 + 3 + 4,
    );
    costs("{ node(id: 1) { ... @include(if: false) { ... on Ticket { user { id } } } } }", 2);
}

#[test]
fn by_ids() {
    costs("{ nodes(ids: [1, 2, 3]) { id } }", 3);
    costs("{ nodes(ids: [1, 2, 3]) { ... on Ticket { user { id } } } }", 6);
    costs("{ nodes(ids: []) { id } }", 1);
    costs("{ nodes(ids: 1) { id } }", 1);
    let text =
        "query ($ids: [ID!]! = [1, 2], $id: ID! = 3) { nodes(ids: $ids) { id } a: nodes(ids: [$id, $id]) { id } }";
    costs_with(text, "{}", 4);
    costs_with(text, r#"{"ids": ["a", "b", "c", "d"], "id": "a"}"#, 6);
    costs_with(text, r#"{"ids": "a"}"#, 3);
}

#[test]
fn what_the_schema_does_not_have_is_left_to_validation() {
    costs("{ nothing }", 0);
    costs("{ nothing { tickets { nodes { id } } } }", 3);
    costs("{ ... on Nothing { a { b } } ...F }", 1);
    costs("subscription { tickets { a } }", 1);
}

#[test]
fn the_bound() {
    let query = |outer: u64, inner: u64| {
        format!("{{ tickets(first: {outer}) {{ nodes {{ messages(first: {inner}) {{ nodes {{ id }} }} }} }} }}")
    };
    costs(&query(9, 99), 910);
    costs(&format!("{{ ...F {} }} fragment F on Query {}", "viewer { roles { id } } ".repeat(2), query(9, 99)), 914);
    // 1 + 27 × (2 + 35) = 1000
    costs(&query(27, 35), 1_000);
    // 1 + 10 × (2 + 98) = 1001
    assert_eq!(refused_as(&query(10, 98)), Code::QueryTooComplex);
}

#[test]
fn a_page_of_pages_is_refused() {
    let refusal = refuse("{ tickets(first: 100) { nodes { messages(first: 100) { nodes { id } } } } }");
    assert_eq!(refusal.code(), Code::QueryTooComplex);
    assert_eq!(
        refusal.message(),
        "the query costs 10201, at most 1000 are allowed: ask for smaller pages or fewer levels"
    );
    let open = "tickets(first: 100) { nodes { user { ".repeat(3);
    let deep = format!("{{ {open} id {} }}", "} } }".repeat(3));
    assert_eq!(refused_as(&deep), Code::QueryTooComplex);
}
