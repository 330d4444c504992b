//! What is asked for the sake of the plans: every list in every order under every filter, and whatever is found by id.
//!
//! Counts are not here: they read at most 10 001 rows, in whatever order is quickest.

use crate::Failure;
use crate::operation::Operation;
use crate::request::typed;
use crate::sql::Sql;

/// A list: its name, what it is sorted by, what it is filtered by.
const LISTS: [(&str, &[&str], &[&str]); 5] = [
    (
        "tickets",
        &["CREATED_AT", "UPDATED_AT", "PRIORITY", "RESPONSE_DUE_AT"],
        &[
            "",
            "status: [OPEN]",
            "status: [ON_HOLD]",
            "status: [OPEN, IN_PROGRESS]",
            "priority: [URGENT]",
            "departmentIds: [\"dep_00000000000070008000000000000005\"]",
            "unassigned: true",
            "assignedToId: $staff",
            "userId: $user",
            "search: \"network\"",
            "status: [OPEN], priority: [URGENT], departmentIds: [\"dep_00000000000070008000000000000003\"]",
        ],
    ),
    (
        "servers",
        &["CREATED_AT", "NAME"],
        &[
            "",
            "status: [RUNNING]",
            "status: [SUSPENDED]",
            "status: [STOPPED, SUSPENDED]",
            "includeDeleted: true",
            "nodeId: \"node-7\"",
            "ownerId: $user",
            "packageId: $package",
            "search: \"host77\"",
        ],
    ),
    (
        "invoices",
        &["CREATED_AT", "DUE_DATE"],
        &[
            "",
            "status: [PAID]",
            "status: [OVERDUE]",
            "status: [PENDING, OVERDUE]",
            "currency: \"EUR\"",
            "dueAfter: \"2025-01-01\", dueBefore: \"2025-02-01\"",
            "userId: $user",
            "search: \"SC-0000007\"",
        ],
    ),
    (
        "transactions",
        &["CREATED_AT"],
        &[
            "",
            "status: [COMPLETED]",
            "status: [FAILED]",
            "kind: [REFUND]",
            "kind: [CREDIT, USAGE]",
            "gateway: \"bank\"",
            "reference: \"scale-payment-7\"",
            "invoiceId: $invoice",
            "userId: $user",
            "createdAfter: \"2025-01-01T00:00:00Z\", createdBefore: \"2025-01-02T00:00:00Z\"",
        ],
    ),
    (
        "users",
        &["CREATED_AT", "LAST_LOGIN", "USERNAME"],
        &[
            "",
            "status: [ACTIVE]",
            "status: [PENDING]",
            "status: [SUSPENDED]",
            "roleId: $role",
            "permission: \"ticket:update\"",
            "search: \"user77\"",
            "createdAfter: \"2025-01-01T00:00:00Z\", createdBefore: \"2025-01-02T00:00:00Z\"",
        ],
    ),
];

/// By id, and all that hangs on a row.
const OTHERS: [&str; 10] = [
    "{ user(id: $user) { email roles { name } credits { amount } sessions(first: 5) { nodes { id } } \
       servers(first: 5) { nodes { name } } invoices(first: 5) { nodes { id } } transactions(first: 5) { nodes { id } } \
       tickets(first: 5) { nodes { id } } assignedTickets(first: 5) { nodes { id } } \
       ticketMessages(first: 5) { nodes { id } } passwordResets(first: 5) { nodes { id } } } }",
    "{ server(id: $server) { name package { name } owner { email } actions(first: 5) { nodes { id } } currentAction { id } } }",
    "{ ticket(id: $ticket) { subject user { email } openedBy { displayName } assignedTo { displayName } server { name } \
       mergedInto { subject } messages(first: 10) { nodes { author { displayName } } } last: messages(last: 3) { nodes { id } } } }",
    "{ invoice(id: $invoice) { number amountDue { amount } items { amount { amount } server { name } } \
       lines(first: 5) { nodes { id } } transactions(first: 5) { nodes { id amountRefundable { amount } parent { id } } } } }",
    "{ node(id: $server) { id } nodes(ids: [$user, $ticket, $invoice]) { id } }",
    "{ viewer { email roles { name } credits { amount } } roles { name } serverPackages(first: 5) { nodes { name } } }",
    "{ tickets(first: 20) { nodes { user { email } openedBy { displayName } assignedTo { displayName } server { name } \
       messages(first: 10) { nodes { author { displayName } ticket { id } } } } } }",
    "{ servers(first: 20) { nodes { package { name } owner { email roles { name } } actions(first: 5) { nodes { id } } \
       currentAction { id } } } }",
    "{ invoices(first: 20) { nodes { user { email } amountDue { amount } items { server { name } } \
       transactions(first: 5) { nodes { id } } } } }",
    "{ transactions(first: 20) { nodes { amountRefundable { amount } invoice { number } parent { id } user { email } } } }",
];

/// All documents, the measured ones that are pages among them, about rows of this person where they are about somebody's.
pub fn all(sql: &Sql, person: &str) -> Result<Vec<String>, Failure> {
    let pages = [Operation::ServersPage, Operation::TicketInbox, Operation::AdminUsers].map(Operation::document);
    let mut documents: Vec<String> = OTHERS.into_iter().chain(pages).map(str::to_owned).collect();
    for (list, orders, filters) in LISTS {
        for filter in filters {
            for (order, direction) in orders.iter().flat_map(|order| [(order, "ASC"), (order, "DESC")]) {
                documents.push(format!(
                    "query ($after: String) {{ {list}(first: 20, after: $after, filter: {{ {filter} }}, orderBy: {{ field: {order}, direction: {direction} }}) \
                     {{ nodes {{ id }} pageInfo {{ hasNextPage endCursor }} }} }}"
                ));
            }
        }
    }
    let own =
        |table: &str| sql.value(&format!("SELECT id FROM {table} WHERE user_id = '{person}' ORDER BY id LIMIT 1"));
    let ids = [
        ("$user", typed("usr", person)),
        ("$staff", typed("usr", &sql.value("SELECT id FROM users WHERE username = 'staff2'")?)),
        ("$server", typed("srv", &own("servers")?)),
        ("$ticket", typed("tkt", &own("tickets")?)),
        ("$invoice", typed("inv", &own("invoices")?)),
        ("$package", typed("pkg", &sql.value("SELECT id FROM server_packages ORDER BY id LIMIT 1")?)),
        ("$role", typed("rol", &sql.value("SELECT id FROM roles WHERE name = 'support'")?)),
    ];
    for document in &mut documents {
        for (name, id) in &ids {
            *document = document.replace(name, &format!("\"{id}\""));
        }
    }
    Ok(documents)
}
