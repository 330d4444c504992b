//! How many statements and levels a document costs, exactly: whatever the number of rows.

mod edges;
pub mod wire;

use async_graphql::parser::parse_query;
use serde_json::Value;
use skypanel::graphql::DocumentLimits;

use crate::harness::{Actor, App, Options, Plain, Start, data};

/// `BEGIN`, the authentication and `COMMIT`.
const UNIT: u64 = 3;
/// The number of parents in [`crowd`].
const PARENTS: usize = 50;

/// Fifty parents of every kind, and bounds that let a document ask for all of them.
async fn crowd() -> App {
    let document = DocumentLimits { cost: 10_000, ..DocumentLimits::default() };
    let app = App::with(Options { start: Start::Empty, document, ..Options::default() }).await;
    app.maintain(include_str!("statements/crowd.sql")).await;
    app
}

/// What a document costs: levels and statements. Its data, which has no errors.
async fn cost(actor: &Actor<'_>, document: &str) -> ((u64, u64), Value) {
    let (answer, statements) = actor.measure(document).await;
    let errors = &answer.response.errors;
    assert!(errors.is_empty(), "{document}: {errors:?}");
    ((answer.levels, statements), data(&answer))
}

#[tokio::test]
async fn tickets_cost_the_same_with_one_parent_and_with_fifty() {
    let app = crowd().await;
    let staff = app.staff(&["ticket:read", "user:read"]).await;
    let document = |first| {
        format!(
            "{{ tickets(first: {first}) {{ nodes {{ user {{ email }} assignedTo {{ displayName }} \
             messages(first: 10) {{ nodes {{ author {{ displayName }} }} }} }} }} }}"
        )
    };
    // Tickets; then people, faces and messages; then the faces of the authors.
    let expected = (3, UNIT + 1 + 3 + 1);
    for parents in [1, 20, PARENTS] {
        let (found, data) = cost(&staff, &document(parents)).await;
        assert_eq!(found, expected, "{parents} parents");
        let messages = data["tickets"]["nodes"].as_array().unwrap().iter();
        let authors = messages.flat_map(|ticket| ticket["messages"]["nodes"].as_array().unwrap());
        assert_eq!(authors.filter(|message| message["author"]["displayName"].is_string()).count(), parents * 10);
    }
    let customer = app.staff(&["ticket:read:own"]).await;
    app.maintain(&format!(
        "UPDATE tickets SET user_id = (SELECT user_id FROM sessions WHERE token = '{}')",
        customer.digest()
    ))
    .await;
    assert_eq!(cost(&customer, &document(20)).await.0, expected, "a customer");
}

/// async-graphql joins more than thirty futures in a way that returns early and wakes itself: 32 fields
/// of each row are more, and so are 31 rows.
#[tokio::test]
async fn fifty_parents_with_thirty_two_fields_are_one_level() {
    let app = crowd().await;
    let staff = app.staff(&["*"]).await;
    let ticket = "__typename id revision subject status priority department { slug } createdAt updatedAt closedAt holdReason \
        responseDueAt resolutionDueAt allowedActions { action } user { email } openedBy { displayName } \
        assignedTo { displayName } mergedInto { subject } server { name } messages(first: 1) { nodes { id } } \
        a: id b: id c: id d: id e: id f: id g: server { id } h: openedBy { kind } i: subject j: user { id } \
        k: mergedInto { id } l: messages(last: 1) { nodes { id } }";
    assert_eq!(selected(ticket), 32);
    let (found, data) = cost(&staff, &format!("{{ tickets(first: {PARENTS}) {{ nodes {{ {ticket} }} }} }}")).await;
    // What is allowed when, people, faces, departments, targets, servers, the first messages and the last ones.
    assert_eq!(found, (2, UNIT + 1 + 8));
    let last = &data["tickets"]["nodes"][PARENTS - 1];
    assert_eq!(last["mergedInto"]["subject"], "Target 50");
    assert_eq!(last["server"]["name"], "Server 50");
    assert_eq!(last["user"]["email"], "crowd50@example.com");

    let user = "__typename id revision displayName email username firstName lastName emailVerified status createdAt \
        updatedAt lastLogin virtfusionId accountSuspensionReason allowedActions { action } permissions roles { name } \
        roleAssignments { assignedAt } credits { amount } passwordResets(first: 1) { nodes { id } } \
        sessions(first: 1) { nodes { id } } servers(first: 1) { nodes { id } } invoices(first: 1) { nodes { id } } \
        transactions(first: 1) { nodes { id } } tickets(first: 1) { nodes { id } } \
        assignedTickets(first: 1) { nodes { id } } ticketMessages(first: 1) { nodes { id } } a: id b: id c: id d: id";
    assert_eq!(selected(user), 32);
    let (found, data) = cost(&staff, &format!("{{ users(first: 51) {{ nodes {{ {user} }} }} }}")).await;
    // Roles, which three fields share, what may be done, credits, and eight lists; two of them are lists of tickets.
    assert_eq!(found, (2, UNIT + 1 + 1 + 1 + 1 + 8));
    let last = &data["users"]["nodes"][PARENTS];
    assert_eq!(last["roles"][0]["name"], "Role 50");
    assert_eq!(last["credits"][0]["amount"], "25.00");
    for list in ["passwordResets", "sessions", "servers", "invoices", "tickets", "assignedTickets", "ticketMessages"] {
        assert_eq!(last[list]["nodes"].as_array().unwrap().len(), 1, "{list}");
    }
}

/// The fields at the top of a selection.
fn selected(selection: &str) -> usize {
    let document = parse_query(format!("{{ {selection} }}")).unwrap();
    document.operations.iter().map(|(_, operation)| operation.node.selection_set.node.items.len()).sum()
}

#[tokio::test]
async fn children_of_thirty_one_times_thirty_one_are_one_level() {
    let app = crowd().await;
    let staff = app.staff(&["ticket:read"]).await;
    let document = "{ tickets(first: 31) { nodes { messages(first: 31) { nodes { author { displayName } ticket { subject } } } } } }";
    let (found, data) = cost(&staff, document).await;
    // Tickets; messages; faces and tickets.
    assert_eq!(found, (3, UNIT + 1 + 1 + 2));
    let tickets = data["tickets"]["nodes"].as_array().unwrap();
    let messages: Vec<_> = tickets.iter().flat_map(|ticket| ticket["messages"]["nodes"].as_array().unwrap()).collect();
    assert_eq!(messages.len(), 31 * 31);
    for (number, message) in messages.iter().enumerate() {
        assert_eq!(message["ticket"]["subject"], format!("Ticket {}", number / 31 + 1));
        assert_eq!(message["author"]["displayName"], "Crowd");
    }
}

#[tokio::test]
async fn a_count_costs_a_statement_when_it_is_selected_and_an_empty_page_costs_none() {
    let app = crowd().await;
    let staff = app.staff(&["ticket:read"]).await;
    for (document, expected) in [
        ("{ tickets(first: 5) { nodes { id } } }", (1, UNIT + 1)),
        ("{ tickets(first: 5) { totalCount } }", (2, UNIT + 2)),
        ("{ tickets(first: 5) { nodes { id } totalCount } }", (2, UNIT + 2)),
        ("{ tickets(first: 0) { totalCount } }", (1, UNIT + 1)),
        ("{ tickets(first: 0) { nodes { id } } }", (0, UNIT)),
        ("{ tickets(first: 5) { nodes { messages(first: 0) { totalCount nodes { id } } } } }", (2, UNIT + 2)),
        ("{ tickets(first: 5) { nodes { messages(first: 0) { nodes { id } } } } }", (1, UNIT + 1)),
        ("{ __typename }", (0, UNIT)),
    ] {
        assert_eq!(cost(&staff, document).await.0, expected, "{document}");
    }
    assert_eq!(
        cost(&app.anonymous(), "{ __typename }").await.0,
        (0, 0),
        "a guest's document without rows needs no unit"
    );
    let (_, data) = cost(&staff, "{ tickets(first: 0) { totalCount } }").await;
    assert_eq!(data["tickets"]["totalCount"], 100);
}

#[tokio::test]
async fn a_key_repeated_is_fetched_once() {
    let app = crowd().await;
    let staff = app.staff(&["*"]).await;
    let user = Plain::connect(&app.database.pool_url).await.value("SELECT 'usr_' || md5('user1')").await;
    let twice = format!("{{ a: user(id: \"{user}\") {{ email }} b: user(id: \"{user}\") {{ username }} }}");
    assert_eq!(cost(&staff, &twice).await.0, (1, UNIT + 1), "in one level");
    let later = format!("{{ user(id: \"{user}\") {{ tickets(first: 2) {{ nodes {{ user {{ email }} }} }} }} }}");
    // What hangs on a known id comes with its row, and the row with all that the document reads of it.
    assert_eq!(cost(&staff, &later).await.0, (1, UNIT + 2), "two levels down");
}
