//! Pages: whichever way one walks a list, in whichever order, every row comes exactly once.

use std::collections::{BTreeMap, BTreeSet};

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{FieldDefinition, TypeKind, TypeSystemDefinition};
use serde_json::{Value, json};

use crate::harness::{Actor, App};
use crate::rows::fill;

/// Every list: where it stands, and what leads to it.
const LISTS: &[(&str, &str)] = &[
    ("Query.users", ""),
    ("Query.servers", ""),
    ("Query.serverPackages", ""),
    ("Query.invoices", ""),
    ("Query.transactions", ""),
    ("Query.tickets", ""),
    ("Query.jobRuns", ""),
    ("Query.mails", ""),
    ("Role.users", r#"role(id: "{rol}")"#),
    ("Server.actions", r#"server(id: "{srv}")"#),
    ("Server.tickets", r#"server(id: "{srv}")"#),
    ("ServerPackage.servers", r#"serverPackage(id: "{pkg}")"#),
    ("Invoice.lines", r#"invoice(id: "{inv}")"#),
    ("Invoice.transactions", r#"invoice(id: "{inv}")"#),
    ("Ticket.messages", r#"ticket(id: "{tkt}")"#),
    ("User.assignedTickets", r#"user(id: "{usr}")"#),
    ("User.invoices", r#"user(id: "{usr}")"#),
    ("User.passwordResets", r#"user(id: "{usr}")"#),
    ("User.servers", r#"user(id: "{usr}")"#),
    ("User.sessions", r#"user(id: "{usr}")"#),
    ("User.ticketMessages", r#"user(id: "{usr}")"#),
    ("User.tickets", r#"user(id: "{usr}")"#),
    ("User.transactions", r#"user(id: "{usr}")"#),
];

/// A shown value as one that sorts like the rows.
type Key = fn(&Value) -> Option<String>;

/// What each order of a list sorts by. Times sort as they are written.
const SORTED_BY: &[(&str, &str, Key)] = &[
    ("UserOrderField.CREATED_AT", "createdAt", text),
    ("UserOrderField.USERNAME", "username", text),
    ("UserOrderField.LAST_LOGIN", "lastLogin", text),
    ("ServerOrderField.CREATED_AT", "createdAt", text),
    ("ServerOrderField.NAME", "name", |name| text(name).map(|name| name.to_lowercase())),
    ("InvoiceOrderField.CREATED_AT", "createdAt", text),
    ("InvoiceOrderField.DUE_DATE", "dueDate", text),
    ("TransactionOrderField.CREATED_AT", "createdAt", text),
    ("TicketOrderField.CREATED_AT", "createdAt", text),
    ("TicketOrderField.UPDATED_AT", "updatedAt", text),
    ("TicketOrderField.RESPONSE_DUE_AT", "responseDueAt", text),
    ("TicketOrderField.PRIORITY", "priority", |priority| {
        let rank = ["LOW", "MEDIUM", "HIGH", "URGENT"].iter().position(|one| priority == one);
        Some(rank.unwrap().to_string())
    }),
];

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// The lists of the schema with the enum of their orders, and the values of those enums.
fn schema() -> (BTreeMap<String, Option<String>>, BTreeMap<String, Vec<String>>) {
    let (mut lists, mut orders) = (BTreeMap::new(), BTreeMap::new());
    for definition in parse_schema(skypanel::graphql::sdl()).unwrap().definitions {
        let TypeSystemDefinition::Type(ty) = definition else { continue };
        let name = &ty.node.name.node;
        match &ty.node.kind {
            TypeKind::Object(object) => {
                let connections = object
                    .fields
                    .iter()
                    .filter(|field| field.node.ty.node.to_string().trim_end_matches('!').ends_with("Connection"));
                lists.extend(
                    connections.map(|field| (format!("{name}.{}", field.node.name.node), order_of(&field.node))),
                );
            }
            TypeKind::Enum(values) if name.ends_with("OrderField") => {
                orders.insert(
                    name.to_string(),
                    values.values.iter().map(|value| value.node.value.node.to_string()).collect(),
                );
            }
            _ => {}
        }
    }
    (lists, orders)
}

fn order_of(field: &FieldDefinition) -> Option<String> {
    let argument = field.arguments.iter().find(|argument| argument.node.name.node == "orderBy")?;
    Some(format!("{}Field", argument.node.ty.node))
}

#[test]
fn every_list_and_every_order_is_in_the_tables() {
    let (lists, orders) = schema();
    assert_eq!(lists.keys().map(String::as_str).collect::<BTreeSet<_>>(), LISTS.iter().map(|(at, _)| *at).collect());
    let all: BTreeSet<String> =
        orders.iter().flat_map(|(name, values)| values.iter().map(move |value| format!("{name}.{value}"))).collect();
    assert_eq!(all, SORTED_BY.iter().map(|(order, ..)| (*order).to_owned()).collect());
}

/// The demo, made longer where a list would fit on one page, and with many equal times: ties are what a keyset can lose.
async fn stage() -> App {
    let app = App::demo().await;
    for _ in 0..4 {
        app.user("ada").await;
    }
    let mut sql = "UPDATE tickets SET assigned_to = (SELECT id FROM users WHERE username = 'ada'), \
            server_id = (SELECT id FROM servers WHERE name = 'Web'); \
        UPDATE server_actions SET server_id = (SELECT id FROM servers WHERE name = 'Web'); \
        UPDATE transactions SET invoice_id = (SELECT id FROM invoices WHERE number = 'SP-1001') WHERE amount < 30; \
        UPDATE invoice_items SET invoice_id = (SELECT id FROM invoices WHERE number = 'SP-1001'), position = 3 \
            WHERE description LIKE 'Second%'; \
        UPDATE invoice_items SET invoice_id = (SELECT id FROM invoices WHERE number = 'SP-1001'), position = 4 \
            WHERE description LIKE '%by the hour'; \
        INSERT INTO user_roles (user_id, role_id, created_at) SELECT users.id, roles.id, '2026-01-01' FROM users, roles \
            WHERE roles.name = 'user' ON CONFLICT DO NOTHING; \
        INSERT INTO password_reset_tokens (id, user_id, token, expires_at, used, created_at) \
            SELECT gen_random_uuid(), users.id, encode(sha256(n::text::bytea), 'hex'), now(), false, now() \
            FROM users, generate_series(1, 5) AS n WHERE username = 'ada';"
        .to_owned();
    for table in [
        "users",
        "servers",
        "server_actions",
        "server_packages",
        "invoices",
        "transactions",
        "tickets",
        "ticket_messages",
        "sessions",
    ] {
        sql.push_str("UPDATE ");
        sql.push_str(table);
        sql.push_str(" SET created_at = date_trunc('hour', now()) WHERE md5(id::text) < '9';");
    }
    app.maintain(&sql).await;
    crate::jobs::have_run(&app).await;
    crate::mail::lie_about(&app).await;
    app
}

struct List<'a> {
    actor: &'a Actor<'a>,
    before: String,
    field: &'static str,
    /// `orderBy: …`, or nothing.
    order: String,
}

impl List<'_> {
    /// A page; `select` is of a node.
    async fn page(&self, arguments: Value, select: &str) -> Value {
        let (open, close) = if self.before.is_empty() { ("", "") } else { ("{", "}") };
        let document = format!(
            "query ($first: Int, $after: String, $last: Int, $before: String) {{ {} {open} \
               it: {}(first: $first, after: $after, last: $last, before: $before {}) {{ totalCount \
                 pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} edges {{ cursor node {{ {select} }} }} nodes {{ id }} }} {close} }}",
            self.before, self.field, self.order
        );
        let reply = self.actor.run_with(&document, arguments).await;
        let data = reply.ok();
        data.get("it").or_else(|| data.as_object().unwrap().values().next().unwrap().get("it")).unwrap().clone()
    }

    async fn walk(&self) {
        let at = format!("{} {}", self.field, self.order);
        let whole = self.page(json!({ "first": 100 }), "id").await;
        let whole: Vec<Value> = whole["edges"].as_array().unwrap().clone();
        assert!(whole.len() >= 3, "{at}: {} rows are too few to walk", whole.len());
        let mut ids: Vec<String> = whole.iter().map(|edge| edge["node"]["id"].to_string()).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), whole.len(), "{at}: a row twice");

        for (size, cursor, next, continues, from) in [
            ("first", "after", "hasNextPage", "hasPreviousPage", "endCursor"),
            ("last", "before", "hasPreviousPage", "hasNextPage", "startCursor"),
        ] {
            let mut walked: Vec<Value> = Vec::new();
            let mut place = Value::Null;
            loop {
                let page = self.page(json!({ size: 2, cursor: place }), "id").await;
                let edges = page["edges"].as_array().unwrap().clone();
                let nodes: Vec<&Value> = edges.iter().map(|edge| &edge["node"]).collect();
                assert_eq!(json!(nodes), page["nodes"], "{at}");
                assert_eq!(page["totalCount"], whole.len(), "{at}");
                assert_eq!(page["pageInfo"]["startCursor"], edges[0]["cursor"], "{at}");
                assert_eq!(page["pageInfo"]["endCursor"], edges.last().unwrap()["cursor"], "{at}");
                assert_eq!(page["pageInfo"][continues], !walked.is_empty(), "{at}");
                if size == "first" {
                    walked.extend(edges);
                } else {
                    walked = [edges, walked].concat();
                }
                assert_eq!(page["pageInfo"][next], walked.len() < whole.len(), "{at}: {size}");
                if page["pageInfo"][next] == false {
                    break;
                }
                place = page["pageInfo"][from].clone();
            }
            assert_eq!(walked, whole, "{at}: {size}");
        }

        let count = self.page(json!({ "first": 0 }), "id").await;
        assert_eq!(
            (&count["totalCount"], &count["edges"], &count["nodes"]),
            (&json!(whole.len()), &json!([]), &json!([])),
            "{at}"
        );
        assert_eq!(count["pageInfo"]["endCursor"], Value::Null, "{at}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_list_is_walked_in_every_order_both_ways() {
    let app = stage().await;
    let admin = app.user("admin").await;
    let (lists, orders) = schema();
    for (at, before) in LISTS {
        let before = fill(&app, before).await;
        let (_, field) = at.split_once('.').unwrap();
        List { actor: &admin, before: before.clone(), field, order: String::new() }.walk().await;
        for order in lists[*at].iter().flat_map(|order| &orders[order]) {
            for direction in ["ASC", "DESC"] {
                let order = format!("orderBy: {{ field: {order}, direction: {direction} }}");
                List { actor: &admin, before: before.clone(), field, order }.walk().await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_order_sorts_by_what_it_says_with_nothing_last_when_descending() {
    let app = stage().await;
    let admin = app.user("admin").await;
    let (lists, _) = schema();
    let mut nulls = BTreeSet::new();
    for (order, field, key) in SORTED_BY {
        let (name, value) = order.split_once('.').unwrap();
        let list =
            lists.iter().find(|(at, order)| at.starts_with("Query.") && order.as_deref() == Some(name)).unwrap().0;
        let list = LISTS.iter().find(|(at, _)| at == list).unwrap().0.split_once('.').unwrap().1;
        let sorted = async |direction: &str| -> Vec<(Option<String>, String)> {
            let order = format!("orderBy: {{ field: {value}, direction: {direction} }}");
            let list = List { actor: &admin, before: String::new(), field: list, order };
            let page = list.page(json!({ "first": 100 }), &format!("id {field}")).await;
            let edges = page["edges"].as_array().unwrap().clone();
            edges.iter().map(|edge| (key(&edge["node"][*field]), edge["node"]["id"].to_string())).collect()
        };
        let descending = sorted("DESC").await;
        // Option's own order has None first; ids break ties.
        let mut expected = descending.clone();
        expected.sort();
        assert_eq!(sorted("ASC").await, expected, "{order}");
        expected.reverse();
        assert_eq!(descending, expected, "{order}");
        if descending.last().unwrap().0.is_none() {
            nulls.insert(*order);
        }
    }
    let nullable = ["InvoiceOrderField.DUE_DATE", "TicketOrderField.RESPONSE_DUE_AT", "UserOrderField.LAST_LOGIN"];
    assert_eq!(nulls, nullable.into(), "orders that met a null");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_default_is_the_newest_first() {
    let app = stage().await;
    let admin = app.user("admin").await;
    // Lines of an invoice have the order of the paper, and no time of their own: see `lines`.
    for (at, before) in LISTS.iter().filter(|(at, _)| *at != "Invoice.lines") {
        let (_, field) = at.split_once('.').unwrap();
        // Members of a role are sorted by when they got it, which stands on the edge.
        let of_edge = match *at {
            "Role.users" => "assignedAt",
            "Query.jobRuns" => "node { createdAt: startedAt }",
            _ => "node { createdAt }",
        };
        let before = fill(&app, before).await;
        let (open, close) = if before.is_empty() { ("", "") } else { ("{", "}") };
        let document = format!("{{ {before} {open} it: {field} {{ edges {{ {of_edge} }} }} {close} }}");
        let reply = admin.run(&document).await;
        let data = reply.ok();
        let it = data.get("it").or_else(|| data.as_object().unwrap().values().next().unwrap().get("it")).unwrap();
        let times: Vec<&str> = it["edges"]
            .as_array()
            .unwrap()
            .iter()
            .map(|edge| {
                let time = if *at == "Role.users" { &edge["assignedAt"] } else { &edge["node"]["createdAt"] };
                time.as_str().unwrap()
            })
            .collect();
        assert!(times.len() >= 3 && times.is_sorted_by(|one, next| one >= next), "{at}: {times:?}");
    }
}
