//! A customer sees nothing of another's: by no id, edge, list, filter, search, count or cursor. Ada looks for what is
//! Bob's and the desk's; what she may not know answers like what is not there.

use std::collections::{BTreeMap, BTreeSet};

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};
use serde_json::{Value, json};

use crate::harness::{Actor, App, Reply};
use crate::rows::texts;

/// Each entity: its type, the prefix of its ids, its table, and which rows are for Ada to see.
const ENTITIES: &[(&str, &str, &str, &str)] = &[
    ("User", "usr", "users", "id = {ada}"),
    ("Role", "rol", "roles", "id IN (SELECT role_id FROM user_roles WHERE user_id = {ada})"),
    ("Session", "ses", "sessions", "user_id = {ada}"),
    ("PasswordReset", "pwr", "password_reset_tokens", "false"),
    ("Server", "srv", "servers", "user_id = {ada}"),
    ("ServerAction", "sac", "server_actions", "server_id IN (SELECT id FROM servers WHERE user_id = {ada})"),
    ("ServerPackage", "pkg", "server_packages", "is_active"),
    ("Invoice", "inv", "invoices", "user_id = {ada}"),
    ("InvoiceItem", "itm", "invoice_items", "invoice_id IN (SELECT id FROM invoices WHERE user_id = {ada})"),
    ("Transaction", "trx", "transactions", "user_id = {ada}"),
    ("Ticket", "tkt", "tickets", "user_id = {ada}"),
    (
        "TicketMessage",
        "msg",
        "ticket_messages",
        "NOT is_internal AND ticket_id IN (SELECT id FROM tickets WHERE user_id = {ada})",
    ),
    ("CannedReply", "can", "canned_replies", "false"),
    ("Department", "dep", "departments", "is_public OR slug IN (SELECT department FROM tickets WHERE user_id = {ada})"),
    ("JobRun", "job", "job_runs", "false"),
    ("Mail", "mal", "mails", "false"),
];

const RANDOM: &str = "0190c6f07c4e7b1e9d586d1f5d0e2a11";

async fn ids(app: &App, prefix: &str, table: &str, condition: &str) -> Vec<String> {
    let condition = condition.replace("{ada}", "(SELECT id FROM users WHERE username = 'ada')");
    texts(app, &format!("SELECT '{prefix}_' || replace(id::text, '-', '') AS value FROM {table} WHERE {condition}"))
        .await
}

/// All that is for Ada to see.
async fn hers(app: &App) -> BTreeSet<String> {
    let mut hers = BTreeSet::new();
    for (_, prefix, table, condition) in ENTITIES {
        hers.extend(ids(app, prefix, table, condition).await);
    }
    hers
}

/// The whole answer but for its time and its name in the log.
fn whole(mut reply: Reply) -> (u16, Vec<(String, String)>, Value) {
    reply.headers.remove("x-request-id");
    let headers = reply.headers.iter().map(|(name, value)| (name.to_string(), format!("{value:?}"))).collect();
    (reply.status.as_u16(), headers, reply.body)
}

async fn by_id(actor: &Actor<'_>, document: &str, id: &str) -> (u16, Vec<(String, String)>, Value) {
    whole(actor.run_with(document, json!({ "id": id })).await)
}

#[test]
fn every_entity_is_in_the_table() {
    let schema = parse_schema(skypanel::graphql::sdl()).unwrap();
    let entities = schema.definitions.iter().filter_map(|definition| match definition {
        TypeSystemDefinition::Type(ty) => match &ty.node.kind {
            TypeKind::Object(object) => {
                object.implements.iter().any(|name| name.node == "Node").then(|| ty.node.name.node.to_string())
            }
            _ => None,
        },
        _ => None,
    });
    let table = ENTITIES.iter().map(|(name, ..)| (*name).to_owned());
    assert_eq!(entities.collect::<BTreeSet<_>>(), table.collect());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_is_not_hers_answers_like_one_that_is_nobodys() {
    let app = App::demo().await;
    crate::jobs::have_run(&app).await;
    crate::mail::lie_about(&app).await;
    let (ada, _bob, admin) = (app.user("ada").await, app.user("bob").await, app.user("admin").await);
    let typed: BTreeMap<&str, &str> = [
        ("usr", "user"),
        ("rol", "role"),
        ("srv", "server"),
        ("pkg", "serverPackage"),
        ("inv", "invoice"),
        ("trx", "transaction"),
        ("tkt", "ticket"),
    ]
    .into();
    let hers = hers(&app).await;
    let node = "query ($id: ID!) { node(id: $id) { __typename id } }";
    for (name, prefix, table, _) in ENTITIES {
        let all = ids(&app, prefix, table, "true").await;
        assert!(all.iter().any(|id| !hers.contains(id)), "{name}: nothing to look for");
        let mut documents = vec![node.to_owned()];
        documents.extend(
            typed.get(prefix).map(|field| format!("query ($id: ID!) {{ {field}(id: $id) {{ __typename id }} }}")),
        );
        for document in &documents {
            let nobodys = by_id(&ada, document, &format!("{prefix}_{RANDOM}")).await;
            if document == node {
                assert_eq!(nobodys.2, json!({ "data": { "node": null } }), "{name}");
            }
            for id in &all {
                let answer = by_id(&ada, document, id).await;
                if hers.contains(id) && !(*prefix == "rol" && document != node) {
                    let shown = answer.2["data"].as_object().unwrap().values().next().unwrap();
                    assert_eq!(shown, &json!({ "__typename": name, "id": id }));
                } else {
                    assert_eq!(answer, nobodys, "{document} {id}");
                }
                // It is there, for those who may know.
                assert_eq!(by_id(&admin, node, id).await.2["data"]["node"], json!({ "__typename": name, "id": id }));
            }
        }
        let foreign: Vec<&String> = all.iter().filter(|id| !hers.contains(*id)).collect();
        let nodes = ada.run_with("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", json!({ "ids": foreign })).await;
        assert_eq!(nodes.ok()["nodes"], json!(vec![Value::Null; foreign.len()]), "{name}");
    }
}

/// Every id in an answer; public faces, which are no entities, left out.
fn ids_in(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            let is_id = text.len() == 36 && text.as_bytes()[3] == b'_';
            if is_id && !text.starts_with("act_") {
                found.insert(text.clone());
            }
        }
        Value::Array(values) => values.iter().for_each(|value| ids_in(value, found)),
        Value::Object(fields) => fields.values().for_each(|value| ids_in(value, found)),
        _ => {}
    }
}

/// Everything that Ada can come by, edge by edge.
const EVERYTHING: &[&str] = &[
    "{ viewer { id roles { id } roleAssignments { role { id } } sessions { nodes { id user { id } } } tickets { nodes { id } } \
       assignedTickets { nodes { id } } ticketMessages(first: 50) { nodes { id ticket { id user { id } } } } \
       invoices { nodes { id } } transactions { nodes { id } } } }",
    "{ servers(first: 10, filter: { includeDeleted: true }) { nodes { id owner { id } currentAction { id } \
       package { id servers(first: 10) { nodes { id } } } \
       actions(first: 10) { nodes { id server { id } requestedBy { id user { id } } } } } } }",
    "{ invoices(first: 10) { nodes { id user { id } items { id server { id } } lines(first: 2) { nodes { id server { id } } } \
       transactions(first: 5) { nodes { id parent { id } invoice { id } user { id } } } } } }",
    "{ transactions(first: 20) { nodes { id user { id } parent { id } invoice { id user { id } } } } }",
    "{ tickets(first: 10) { nodes { id user { id } openedBy { id user { id } } assignedTo { id user { id } } \
       mergedInto { id } server { id owner { id } } messages(first: 10) { nodes { id ticket { id } author { id user { id } } } } } } }",
    "{ departments { id } tickets(first: 10) { nodes { department { id } } } }",
    "{ serverPackages { nodes { id servers(first: 10) { nodes { id owner { id } } } } } }",
];

#[tokio::test(flavor = "multi_thread")]
async fn no_edge_leads_to_what_is_not_hers() {
    let app = App::demo().await;
    let (ada, _bob, admin) = (app.user("ada").await, app.user("bob").await, app.user("admin").await);
    // Rows of hers that point at rows of Bob's, as a mistake or a hand-over would leave them.
    app.maintain(
        "UPDATE tickets SET server_id = (SELECT id FROM servers WHERE name = 'VPN') WHERE status = 'on_hold'; \
         UPDATE tickets SET merged_into = (SELECT id FROM tickets WHERE department = 'abuse') WHERE merged_into IS NOT NULL; \
         UPDATE invoice_items SET server_id = (SELECT id FROM servers WHERE name = 'VPN') WHERE position = 2; \
         UPDATE transactions SET invoice_id = (SELECT id FROM invoices WHERE number = 'SP-1009') WHERE reference = 'pi_demo_1001'; \
         UPDATE transactions SET parent_id = (SELECT id FROM transactions WHERE reference = 'PAYID-DEMO-1007') WHERE reference = 're_demo_1003'",
    )
    .await;
    let (mut seen, mut seen_by_admin) = (BTreeSet::new(), BTreeSet::new());
    for document in EVERYTHING {
        ids_in(ada.run(document).await.ok(), &mut seen);
        ids_in(admin.run(document).await.ok(), &mut seen_by_admin);
    }
    // All of hers was met on the way, and nothing else.
    assert_eq!(seen, hers(&app).await);
    let bobs = ids(&app, "srv", "servers", "name = 'VPN'").await.remove(0);
    assert!(seen_by_admin.contains(&bobs), "the planted edges are there for those who may see them");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_by_what_is_not_hers_finds_what_a_random_one_finds() {
    let app = App::demo().await;
    let ada = app.user("ada").await;
    app.maintain(
        "UPDATE tickets SET server_id = (SELECT id FROM servers WHERE name = 'VPN') WHERE status = 'on_hold'; \
         UPDATE tickets SET assigned_to = (SELECT id FROM users WHERE username = 'admin') \
         WHERE subject LIKE 'Which package%'",
    )
    .await;
    let bob = ids(&app, "usr", "users", "username = 'bob'").await.remove(0);
    let admin = ids(&app, "usr", "users", "username = 'admin'").await.remove(0);
    let storage = ids(&app, "pkg", "server_packages", "NOT is_active").await.remove(0);
    let invoice = ids(&app, "inv", "invoices", "number = 'SP-1005'").await.remove(0);
    let staff = ids(&app, "rol", "roles", "name = 'support'").await.remove(0);
    let abuse = ids(&app, "dep", "departments", "slug = 'abuse'").await.remove(0);
    let vpn = ids(&app, "srv", "servers", "name = 'VPN'").await.remove(0);
    let sales = ids(&app, "dep", "departments", "slug = 'sales'").await.remove(0);
    let table = [
        ("users", "UserFilter.roleId", staff),
        ("servers", "ServerFilter.packageId", storage),
        ("servers", "ServerFilter.ownerId", bob.clone()),
        ("invoices", "InvoiceFilter.userId", bob.clone()),
        ("transactions", "TransactionFilter.userId", bob.clone()),
        ("transactions", "TransactionFilter.invoiceId", invoice),
        ("tickets", "TicketFilter.userId", bob),
        ("tickets", "TicketFilter.assignedToId", admin),
        ("tickets", "TicketFilter.serverId", vpn),
        ("tickets", "TicketFilter.departmentIds", abuse.clone()),
    ];
    assert_eq!(filters_by_id(), table.iter().map(|(_, coordinate, _)| (*coordinate).to_owned()).collect());
    for (list, coordinate, foreign) in table {
        let (filter, field) = coordinate.split_once('.').unwrap();
        let find = async |id: &str| {
            let document =
                format!("query ($by: {filter}) {{ {list}(filter: $by) {{ totalCount edges {{ cursor }} }} }}");
            whole(ada.run_with(&document, json!({ "by": { field: id } })).await)
        };
        let (prefix, _) = foreign.split_once('_').unwrap();
        let found = find(&foreign).await;
        assert_eq!(found, find(&format!("{prefix}_{RANDOM}")).await, "{coordinate}");
        let nothing = found.2["data"][list] == json!({ "totalCount": 0, "edges": [] });
        assert!(nothing || found.2["errors"][0]["extensions"]["code"] == "FORBIDDEN", "{coordinate}: {}", found.2);
    }
    for (list, filter, bobs) in [
        ("servers", "ServerFilter", json!({ "search": "Game" })),
        ("servers", "ServerFilter", json!({ "search": "play.okafor" })),
        ("servers", "ServerFilter", json!({ "search": "198.51.100.20" })),
        ("invoices", "InvoiceFilter", json!({ "search": "SP-1005" })),
        ("invoices", "InvoiceFilter", json!({ "currency": "JPY" })),
        ("transactions", "TransactionFilter", json!({ "reference": "PAYID-DEMO-1005" })),
        ("transactions", "TransactionFilter", json!({ "gateway": "paypal" })),
        ("tickets", "TicketFilter", json!({ "search": "bank transfer" })),
        ("tickets", "TicketFilter", json!({ "departmentIds": [sales, abuse] })),
    ] {
        let document = format!("query ($by: {filter}) {{ {list}(filter: $by) {{ totalCount nodes {{ id }} }} }}");
        let reply = ada.run_with(&document, json!({ "by": bobs })).await;
        assert_eq!(reply.ok()[list], json!({ "totalCount": 0, "nodes": [] }), "{bobs}");
        let there = app.user("admin").await.run_with(&document, json!({ "by": bobs })).await;
        assert_ne!(there.ok()[list]["totalCount"], 0, "{bobs}: there is nothing to find");
    }
}

/// Every field of a filter that takes an id.
fn filters_by_id() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for definition in parse_schema(skypanel::graphql::sdl()).unwrap().definitions {
        let TypeSystemDefinition::Type(ty) = definition else { continue };
        let name = ty.node.name.node.to_string();
        if let (TypeKind::InputObject(input), true) = (&ty.node.kind, name.ends_with("Filter")) {
            let by_id = input
                .fields
                .iter()
                .filter(|field| field.node.ty.node.to_string().trim_start_matches('[').starts_with("ID"));
            found.extend(by_id.map(|field| format!("{name}.{}", field.node.name.node)));
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_of_somebody_else_is_a_place_and_opens_nothing() {
    let app = App::demo().await;
    let (ada, bob) = (app.user("ada").await, app.user("bob").await);
    for (list, table, prefix) in [
        ("servers", "servers", "srv"),
        ("invoices", "invoices", "inv"),
        ("transactions", "transactions", "trx"),
        ("tickets", "tickets", "tkt"),
    ] {
        let reply =
            bob.run(&format!("{{ {list}(first: 2) {{ pageInfo {{ endCursor }} nodes {{ createdAt }} }} }}")).await;
        let cursor = reply.data(&format!("/{list}/pageInfo/endCursor")).as_str().unwrap().to_owned();
        let at = reply.data(&format!("/{list}/nodes/1/createdAt")).as_str().unwrap().to_owned();
        let document =
            format!("query ($after: String) {{ {list}(first: 50, after: $after) {{ totalCount nodes {{ id }} }} }}");
        let reply = ada.run_with(&document, json!({ "after": cursor })).await;
        let whole = ada.run(&format!("{{ {list} {{ totalCount }} }}")).await;
        assert_eq!(reply.ok()[list]["totalCount"], whole.ok()[list]["totalCount"], "{list}");
        // Nothing of hers lies within the millisecond that the API rounds to.
        let older = format!(
            "user_id = {{ada}} AND created_at < '{at}' AND coalesce(to_jsonb({table}) ->> 'deleted_at', '') = '' ORDER BY created_at DESC"
        );
        let expected: Vec<Value> =
            ids(&app, prefix, table, &older).await.iter().map(|id| json!({ "id": id })).collect();
        assert!(!expected.is_empty(), "{list}");
        assert_eq!(reply.ok()[list]["nodes"], json!(expected), "{list}");
    }
}
