//! Bad input to a field gets the designed error at the designed place: BAD_USER_INPUT with the name of the argument,
//! never a 500, in both media types.

use std::collections::BTreeSet;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};
use axum::http::{HeaderValue, header};
use serde_json::{Value, json};

use crate::harness::{Actor, App, Reply};
use crate::rows::fill;

/// A document and the field that its error names.
const REFUSED: &[(&str, &str)] = &[
    // Ids.
    (r#"{ server(id: "nonsense") { id } }"#, "id"),
    (r#"{ server(id: "") { id } }"#, "id"),
    (r#"{ server(id: "{usr}") { id } }"#, "id"),
    (r#"{ server(id: "srv_0190C6F07C4E7B1E9D586D1F5D0E2A11") { id } }"#, "id"),
    (r#"{ server(id: "srv_0190c6f0-7c4e-7b1e-9d58-6d1f5d0e2a11") { id } }"#, "id"),
    (r#"{ user(id: "{srv}") { id } }"#, "id"),
    (r#"{ role(id: "{srv}") { id } }"#, "id"),
    (r#"{ invoice(id: "{srv}") { id } }"#, "id"),
    (r#"{ transaction(id: "{srv}") { id } }"#, "id"),
    (r#"{ ticket(id: "{srv}") { id } }"#, "id"),
    (r#"{ serverPackage(id: "{srv}") { id } }"#, "id"),
    (r#"{ node(id: "nonsense") { id } }"#, "id"),
    (r#"mutation { revokeSession(input: { id: "nonsense" }) { sessionId } }"#, "input.id"),
    (r#"mutation { revokeSession(input: { id: "{usr}" }) { sessionId } }"#, "input.id"),
    // Pages.
    ("{ tickets(first: 101) { totalCount } }", "first"),
    ("{ tickets(first: 1000) { totalCount } }", "first"),
    ("{ tickets(first: -1) { totalCount } }", "first"),
    ("{ tickets(last: 101) { totalCount } }", "last"),
    ("{ tickets(last: -1) { totalCount } }", "last"),
    ("{ tickets(first: 1, last: 1) { totalCount } }", "last"),
    (r#"{ tickets(last: 1, after: "x") { totalCount } }"#, "after"),
    (r#"{ tickets(first: 1, before: "x") { totalCount } }"#, "before"),
    (r#"{ tickets(first: 1, after: "x") { totalCount } }"#, "after"),
    (r#"{ tickets(first: 1, after: "") { totalCount } }"#, "after"),
    (r#"{ tickets(last: 1, before: "dGlja2V0cy5jcmVhdGVkX2F0LQ") { totalCount } }"#, "before"),
    // Filters that contradict themselves.
    (r#"{ tickets(filter: { unassigned: true, assignedToId: "{usr}" }) { totalCount } }"#, "filter.unassigned"),
    ("{ servers(filter: { status: [TERMINATED] }) { totalCount } }", "filter.status"),
    (
        r#"{ users(filter: { createdAfter: "2026-02-01T00:00:00Z", createdBefore: "2026-01-01T00:00:00Z" }) { totalCount } }"#,
        "filter.createdBefore",
    ),
    (
        r#"{ transactions(filter: { createdAfter: "2026-01-01T00:00:00Z", createdBefore: "2026-01-01T00:00:00Z" }) { totalCount } }"#,
        "filter.createdBefore",
    ),
    (r#"{ invoices(filter: { dueAfter: "2026-01-02", dueBefore: "2026-01-01" }) { totalCount } }"#, "filter.dueBefore"),
    // Days, instants, currencies, names.
    (r#"{ billingSummary(since: "9999-99-99", until: "2026-01-01") { currency } }"#, "since"),
    (r#"{ billingSummary(since: "2026-1-1", until: "2026-01-01") { currency } }"#, "since"),
    (r#"{ billingSummary(since: "2026-01-01", until: 5) { currency } }"#, "until"),
    (r#"{ billingSummary(since: "2026-01-02", until: "2026-01-01") { currency } }"#, "until"),
    (r#"{ billingSummary(since: "2024-01-01", until: "2026-01-01") { currency } }"#, "until"),
    (r#"{ invoices(filter: { dueAfter: "9999-99-99" }) { totalCount } }"#, "filter.dueAfter"),
    (r#"{ invoices(filter: { dueBefore: "2026-02-30" }) { totalCount } }"#, "filter.dueBefore"),
    (r#"{ invoices(filter: { currency: "eur" }) { totalCount } }"#, "filter.currency"),
    (r#"{ invoices(filter: { currency: "EURO" }) { totalCount } }"#, "filter.currency"),
    (r#"{ users(filter: { createdAfter: "yesterday" }) { totalCount } }"#, "filter.createdAfter"),
    (r#"{ users(filter: { createdBefore: "2026-13-01T00:00:00Z" }) { totalCount } }"#, "filter.createdBefore"),
    (r#"{ transactions(filter: { createdAfter: "2026-01-01" }) { totalCount } }"#, "filter.createdAfter"),
    (r#"{ users(filter: { permission: "user:everything" }) { totalCount } }"#, "filter.permission"),
];

fn assert_bad_input(what: &str, field: &str, reply: &Reply) {
    assert_eq!(reply.status, 200, "{what}: {}", reply.body);
    let [error] = reply.body["errors"].as_array().unwrap().as_slice() else { panic!("{what}: {}", reply.body) };
    assert_eq!(error["extensions"], json!({ "code": "BAD_USER_INPUT", "field": field }), "{what}");
    let data = reply.body["data"].as_object().unwrap();
    assert!(data.values().all(Value::is_null), "{what}: {}", reply.body);
    assert_eq!(error["path"], json!([data.keys().next().unwrap()]), "{what}");
}

/// The same question, by a client that knows only the older media type.
async fn as_json(actor: &Actor<'_>, document: &str, variables: Value) -> Reply {
    let mut request = actor.request(document, &variables);
    request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    actor.app.send(request).await
}

async fn assert_refused(actor: &Actor<'_>, document: &str, variables: Value, field: &str) {
    let what = format!("{document} {variables:.200}");
    assert_bad_input(&what, field, &actor.run_with(document, variables.clone()).await);
    assert_bad_input(&what, field, &as_json(actor, document, variables).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_bad_value_is_refused_where_it_stands() {
    let app = App::demo().await;
    let admin = app.user("admin").await;
    for (document, field) in REFUSED {
        assert_refused(&admin, &fill(&app, document).await, json!({}), field).await;
    }
    // `nodes` cannot be null, and takes the answer along.
    let ids = vec!["srv_0190c6f07c4e7b1e9d586d1f5d0e2a11"; 101];
    for ids in [json!(["nonsense"]), json!(ids)] {
        let reply = admin.run_with("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", json!({ "ids": ids })).await;
        assert_eq!((reply.status.as_u16(), &reply.body["data"]), (200, &Value::Null));
        assert_eq!(reply.body["errors"][0]["extensions"], json!({ "code": "BAD_USER_INPUT", "field": "ids" }));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_too_large_is_bad_input_and_another_kind_of_value_does_not_fit_the_schema() {
    let app = App::demo().await;
    let admin = app.user("admin").await;
    let variable = "query ($first: Int) { tickets(first: $first) { totalCount } }";
    for value in ["99999999999", "-99999999999", "2147483648"] {
        assert_refused(&admin, &format!("{{ tickets(first: {value}) {{ totalCount }} }}"), json!({}), "first").await;
        assert_refused(&admin, variable, json!({ "first": value.parse::<i64>().unwrap() }), "first").await;
    }
    for value in [json!(1.5), json!("1"), json!(true), json!([1])] {
        let literal = admin.run(&format!("{{ tickets(first: {value}) {{ totalCount }} }}")).await;
        for reply in [literal, admin.run_with(variable, json!({ "first": value })).await] {
            let told = (reply.status.as_u16(), reply.codes());
            assert_eq!(told, (400, vec!["GRAPHQL_VALIDATION_FAILED"]), "{value}: {}", reply.body);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_is_good_for_its_own_list_order_and_direction() {
    let app = App::demo().await;
    let admin = app.user("admin").await;
    let cursor = async |list: &str| {
        let reply = admin.run(&format!("{{ it: {list} {{ pageInfo {{ endCursor }} }} }}")).await;
        reply.data("/it/pageInfo/endCursor").as_str().unwrap().to_owned()
    };
    let own = cursor("tickets(first: 1)").await;
    let by = |order: &str| format!("orderBy: {{ {order} }}");
    let foreign = [
        cursor("servers(first: 1)").await,
        cursor("users(first: 1)").await,
        cursor(&format!("tickets(first: 1, {})", by("field: CREATED_AT, direction: ASC"))).await,
        cursor(&format!("tickets(first: 1, {})", by("field: UPDATED_AT, direction: DESC"))).await,
        cursor(&format!("tickets(first: 1, {})", by("field: PRIORITY, direction: DESC"))).await,
        own[..own.len() - 4].to_owned(),
        own.to_uppercase(),
        format!("{own}="),
        own.repeat(100),
    ];
    let document = "query ($after: String) { tickets(first: 1, after: $after) { totalCount } }";
    for cursor in foreign {
        assert_refused(&admin, document, json!({ "after": cursor }), "after").await;
    }
    admin.run_with(document, json!({ "after": own })).await.ok();
    // The same order, spelled out.
    let spelled = format!(
        "query ($after: String) {{ tickets(first: 1, after: $after, {}) {{ totalCount }} }}",
        by("field: CREATED_AT, direction: DESC")
    );
    admin.run_with(&spelled, json!({ "after": own })).await.ok();
}

/// The fields of filters: filter, field, type.
fn filter_fields() -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    for definition in parse_schema(skypanel::graphql::sdl()).unwrap().definitions {
        let TypeSystemDefinition::Type(ty) = definition else { continue };
        let name = ty.node.name.node.to_string();
        if let (TypeKind::InputObject(input), true) = (&ty.node.kind, name.ends_with("Filter")) {
            let field = |field: &async_graphql::Positioned<async_graphql::parser::types::InputValueDefinition>| {
                (name.clone(), field.node.name.node.to_string(), field.node.ty.node.to_string())
            };
            found.extend(input.fields.iter().map(field));
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn every_filter_refuses_empty_and_endless_lists_and_ids_of_another_type() {
    let app = App::demo().await;
    let admin = app.user("admin").await;
    let mut filters = BTreeSet::new();
    for (filter, field, ty) in filter_fields() {
        let list = format!("{}s", filter.trim_end_matches("Filter").to_lowercase());
        let document = format!("query ($by: {filter}) {{ {list}(filter: $by) {{ totalCount }} }}");
        let path = format!("filter.{field}");
        // Null is no condition, whatever the type.
        if ty != "Boolean!" {
            admin.run_with(&document, json!({ "by": { &field: null } })).await.ok();
        }
        if ty.starts_with('[') {
            assert_refused(&admin, &document, json!({ "by": { &field: [] } }), &path).await;
            let value = match (list.as_str(), field.as_str()) {
                ("users", _) => "ACTIVE",
                ("servers", _) => "RUNNING",
                ("invoices" | "transactions", "status") => "PENDING",
                ("transactions", _) => "PAYMENT",
                ("tickets", "status") => "OPEN",
                ("tickets", "priority") => "LOW",
                ("tickets", _) => "GENERAL",
                _ => panic!("{filter}.{field}: a value of it is missing here"),
            };
            assert_refused(&admin, &document, json!({ "by": { &field: vec![value; 101] } }), &path).await;
        }
        if ty == "ID" {
            for id in ["nonsense", "", "itm_0190c6f07c4e7b1e9d586d1f5d0e2a11"] {
                assert_refused(&admin, &document, json!({ "by": { &field: id } }), &path).await;
            }
        }
        filters.insert(filter);
    }
    assert_eq!(filters.len(), 5, "{filters:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ends_of_time_are_only_times() {
    let app = App::demo().await;
    let admin = app.user("admin").await;
    for (instant, later) in
        [("0000-01-01T00:00:00Z", 5), ("9999-12-31T23:59:59.999999999Z", 0), ("2016-12-31T23:59:60Z", 5)]
    {
        let users =
            admin.run(&format!(r#"{{ users(filter: {{ createdAfter: "{instant}" }}) {{ totalCount }} }}"#)).await;
        assert_eq!(users.ok()["users"]["totalCount"], later, "{instant}");
    }
    for (day, due) in [("0000-01-01", 11), ("9999-12-31", 0)] {
        let invoices = admin.run(&format!(r#"{{ invoices(filter: {{ dueAfter: "{day}" }}) {{ totalCount }} }}"#)).await;
        assert_eq!(invoices.ok()["invoices"]["totalCount"], due, "{day}");
    }
    for (since, until) in [("0000-01-01", "0000-01-01"), ("9999-12-31", "9999-12-31")] {
        admin.run(&format!(r#"{{ billingSummary(since: "{since}", until: "{until}") {{ currency }} }}"#)).await.ok();
    }
}
