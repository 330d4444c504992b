//! Filters and searches find exactly what they say, in the demo's data.

use serde_json::{Value, json};

use crate::harness::App;
use crate::rows::{fill, text};

/// List, filter, the field by which rows are told apart, and the rows, newest first. `{xyz}`: see [`fill`].
const FOUND: &[(&str, &str, &str, &[&str])] = &[
    // People, by the start of e-mail or username.
    ("users", r#"{ search: "ADA" }"#, "username", &["ada"]),
    ("users", r#"{ search: "b" }"#, "username", &["bob", "billing"]),
    ("users", r#"{ search: "bob@EXAMPLE" }"#, "username", &["bob"]),
    ("users", r#"{ search: "example" }"#, "username", &[]),
    ("users", r#"{ search: "   " }"#, "username", &["bob", "ada", "billing", "support", "admin"]),
    ("users", "{ status: [ACTIVE] }", "username", &["bob", "ada", "billing", "support", "admin"]),
    ("users", "{ status: [SUSPENDED, CLOSED] }", "username", &[]),
    ("users", r#"{ roleId: "{rol}" }"#, "username", &["bob", "ada"]),
    ("users", r#"{ permission: "ticket:note" }"#, "username", &["billing", "support", "admin"]),
    ("users", r#"{ permission: "transaction:read" }"#, "username", &["billing", "admin"]),
    ("users", r#"{ permission: "transaction:read:own" }"#, "username", &["bob", "ada", "billing", "admin"]),
    ("users", r#"{ permission: "*" }"#, "username", &["admin"]),
    ("users", r#"{ permission: "transaction:read", search: "a" }"#, "username", &["admin"]),
    // Servers, by the start of name, hostname or address.
    ("servers", r#"{ search: "WEB" }"#, "name", &["Web"]),
    ("servers", r#"{ search: "web-1.m" }"#, "name", &["Web"]),
    ("servers", r#"{ search: "build runn" }"#, "name", &["Build runner"]),
    ("servers", r#"{ search: "runner" }"#, "name", &[]),
    ("servers", r#"{ search: "203.0.113.1" }"#, "name", &["Build runner", "Staging", "Database", "Web"]),
    ("servers", r#"{ search: "2001:DB8" }"#, "name", &["Backups"]),
    ("servers", r#"{ search: "old" }"#, "name", &[]),
    ("servers", r#"{ search: "old", includeDeleted: true }"#, "name", &["Old shop"]),
    ("servers", "{ status: [TERMINATED, SUSPENDED] }", "name", &["VPN"]),
    ("servers", "{ status: [TERMINATED, SUSPENDED], includeDeleted: true }", "name", &["VPN", "Old shop"]),
    ("servers", r#"{ packageId: "{pkg}" }"#, "name", &["Build runner", "Game server", "Web"]),
    ("servers", r#"{ nodeId: "fra-02" }"#, "name", &["Game server", "Database"]),
    ("servers", r#"{ nodeId: "fra" }"#, "name", &[]),
    ("servers", r#"{ ownerId: "{usr}" }"#, "name", &["Mail", "Build runner", "Staging", "Database", "Web"]),
    ("servers", r#"{ ownerId: "{usr}", status: [RUNNING] }"#, "name", &["Database", "Web"]),
    // Invoices, by the start of the number.
    ("invoices", r#"{ search: "sp-101" }"#, "number", &["SP-1011", "SP-1010"]),
    ("invoices", r#"{ search: "SP-1005" }"#, "number", &["SP-1005"]),
    ("invoices", r#"{ search: "1005" }"#, "number", &[]),
    ("invoices", r#"{ currency: "JPY" }"#, "number", &["SP-1005"]),
    ("invoices", "{ status: [OVERDUE, CANCELLED] }", "number", &["SP-1009", "SP-1008"]),
    ("invoices", r#"{ userId: "{usr}", status: [PAID] }"#, "number", &["SP-1004", "SP-1003", "SP-1002", "SP-1001"]),
    // Transactions.
    ("transactions", "{ kind: [REFUND] }", "reference", &["null", "re_demo_1003"]),
    ("transactions", "{ kind: [CREDIT, USAGE] }", "reference", &["null", "pi_demo_topup"]),
    ("transactions", "{ status: [FAILED, PROCESSING] }", "reference", &["PAYID-DEMO-1011", "PAYID-DEMO-1009"]),
    ("transactions", r#"{ gateway: "bank" }"#, "reference", &["SEPA 7904-203", "SEPA 7731-117"]),
    ("transactions", r#"{ reference: "SEPA 7731-117" }"#, "reference", &["SEPA 7731-117"]),
    ("transactions", r#"{ reference: "SEPA" }"#, "reference", &[]),
    ("transactions", r#"{ invoiceId: "{inv}" }"#, "reference", &["pi_demo_1001"]),
    ("transactions", r#"{ userId: "{usr}", gateway: "paypal" }"#, "reference", &[]),
    // Tickets, by words of the subject, each at least as a beginning.
    ("tickets", r#"{ search: "database" }"#, "priority", &["HIGH", "URGENT"]),
    ("tickets", r#"{ search: "night DATABASE" }"#, "priority", &["URGENT"]),
    ("tickets", r#"{ search: "conn data" }"#, "priority", &["HIGH", "URGENT"]),
    ("tickets", r#"{ search: "tabase" }"#, "priority", &[]),
    ("tickets", r#"{ search: "reset" }"#, "priority", &[]),
    ("tickets", r#"{ search: "!!! & | :*" }"#, "priority", &[]),
    (
        "tickets",
        "{ priority: [URGENT] }",
        "subject",
        &["Database server drops connections at night", "Abuse report about 198.51.100.20"],
    ),
    (
        "tickets",
        r#"{ departmentIds: ["dep_00000000000070008000000000000004", "dep_00000000000070008000000000000003"] }"#,
        "status",
        &["OPEN", "WAITING_CUSTOMER", "RESOLVED"],
    ),
    ("tickets", "{ unassigned: true }", "priority", &["LOW", "HIGH", "HIGH"]),
    ("tickets", "{ unassigned: false, status: [CLOSED] }", "priority", &["URGENT", "LOW"]),
    (
        "tickets",
        "{ unassigned: true, status: [OPEN], priority: [HIGH] }",
        "subject",
        &["New server stuck: mail.moreau.example"],
    ),
    ("tickets", r#"{ userId: "{usr}", status: [OPEN, ON_HOLD] }"#, "priority", &["HIGH", "MEDIUM"]),
    (
        "tickets",
        r#"{ search: "server", departmentIds: ["{dep}"], unassigned: false }"#,
        "status",
        &["IN_PROGRESS", "ON_HOLD"],
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn each_filter_finds_exactly_its_rows() {
    let app = App::demo().await;
    let admin = app.user("admin").await;
    let mut wrong = Vec::new();
    for (list, filter, field, expected) in FOUND {
        let filter = fill(&app, filter).await;
        let reply =
            admin.run(&format!("{{ it: {list}(filter: {filter}) {{ totalCount nodes {{ {field} }} }} }}")).await;
        let it = &reply.ok()["it"];
        let shown = |node: &Value| node[*field].as_str().unwrap_or("null").to_owned();
        let found: Vec<String> = it["nodes"].as_array().unwrap().iter().map(shown).collect();
        if found != *expected || it["totalCount"] != expected.len() {
            wrong.push(format!("{list} {filter}: {found:?}, {}; expected {expected:?}", it["totalCount"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_is_anded_with_the_parent() {
    let app = App::demo().await;
    let admin = app.user("admin").await;
    let document = r#"{ user(id: "{usr}") {
        servers(filter: { status: [RUNNING, SUSPENDED] }) { totalCount }
        bobs: servers(filter: { search: "Game" }) { totalCount }
        invoices(filter: { status: [PAID, OVERDUE] }) { totalCount }
        transactions(filter: { gateway: "paypal" }) { totalCount }
        tickets(filter: { search: "database", status: [CLOSED] }) { totalCount }
        assignedTickets(filter: { unassigned: false }) { totalCount }
    } }"#;
    let reply = admin.run(&fill(&app, document).await).await;
    let count = |rows: usize| json!({ "totalCount": rows });
    let expected = json!({
        "servers": count(2), "bobs": count(0), "invoices": count(4), "transactions": count(0), "tickets": count(1),
        "assignedTickets": count(0),
    });
    assert_eq!(reply.ok()["user"], expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_span_holds_its_start_and_not_its_end() {
    let app = App::demo().await;
    let admin = app.user("admin").await;
    app.maintain(
        "UPDATE users SET created_at = '2026-03-01T12:00:00Z' WHERE username = 'bob'; \
         UPDATE users SET created_at = '2026-03-02T12:00:00Z' WHERE username = 'ada'; \
         UPDATE transactions SET created_at = '2030-01-01T00:00:00Z' WHERE reference = 'pi_demo_1001'; \
         UPDATE invoices SET due_date = '2030-01-01' WHERE number = 'SP-1001'; \
         UPDATE invoices SET due_date = '2030-01-02' WHERE number = 'SP-1002'",
    )
    .await;
    let users = |span: &str| format!("users(filter: {{ {span} }}) {{ nodes {{ username }} }}");
    let both = r#"createdAfter: "2026-03-01T12:00:00Z", createdBefore: "2026-03-02T12:00:00Z", search: """#;
    let zoned = r#"createdAfter: "2026-03-01T13:00:00+01:00", createdBefore: "2026-03-02T12:00:00.001Z", search: """#;
    let document = format!("{{ half: {} whole: {} }}", users(both), users(zoned));
    let reply = admin.run(&document).await;
    let named =
        |names: &[&str]| json!({ "nodes": names.iter().map(|name| json!({ "username": name })).collect::<Vec<_>>() });
    assert_eq!(reply.ok(), &json!({ "half": named(&["bob"]), "whole": named(&["ada", "bob"]) }));

    let invoices = |span: &str| format!("invoices(filter: {{ {span} }}) {{ nodes {{ number }} }}");
    let document = format!(
        "{{ one: {} two: {} none: {} }}",
        invoices(r#"dueAfter: "2030-01-01", dueBefore: "2030-01-02""#),
        invoices(r#"dueAfter: "2030-01-01""#),
        invoices(r#"dueAfter: "2030-01-03""#)
    );
    let numbered = |numbers: &[&str]| json!({ "nodes": numbers.iter().map(|number| json!({ "number": number })).collect::<Vec<_>>() });
    let expected =
        json!({ "one": numbered(&["SP-1001"]), "two": numbered(&["SP-1002", "SP-1001"]), "none": numbered(&[]) });
    assert_eq!(admin.run(&document).await.ok(), &expected);

    // Without a day, an invoice is due neither before nor after any.
    let before = admin.run(r#"{ invoices(filter: { dueBefore: "9999-12-31" }) { totalCount } }"#).await;
    assert_eq!(before.ok()["invoices"]["totalCount"], 11);
    assert_eq!(text(&app, "SELECT count(*)::text AS value FROM invoices WHERE due_date IS NULL").await, "1");

    let began = admin
        .run(r#"{ transactions(filter: { createdAfter: "2030-01-01T00:00:00Z" }) { nodes { reference } } }"#)
        .await;
    assert_eq!(began.ok()["transactions"]["nodes"], json!([{ "reference": "pi_demo_1001" }]));
}
