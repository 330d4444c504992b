//! Requests that do not fit the schema, or are no GraphQL requests at all, are refused whole: code, status in both
//! media types, and no data.

use axum::body::Body;
use axum::http::{Request, header};
use serde_json::{Value, json};

use crate::harness::{App, Options, Reply};
use crate::rows::rows;

const VALIDATION: &str = "GRAPHQL_VALIDATION_FAILED";
const PARSE: &str = "GRAPHQL_PARSE_FAILED";

async fn post(app: &App, accept: &str, body: impl Into<Body>) -> Reply {
    let request =
        Request::post("/graphql").header(header::CONTENT_TYPE, "application/json").header(header::ACCEPT, accept);
    app.send(request.body(body.into()).unwrap()).await
}

fn assert_refused(what: &str, reply: &Reply, status: u16, code: &str) {
    // One mistake may break several rules.
    let mut codes = reply.codes();
    codes.dedup();
    assert_eq!((reply.status.as_u16(), codes), (status, vec![code]), "{what}: {}", reply.body);
    assert_eq!(reply.body.get("data"), None, "{what}");
    let message = reply.body["errors"][0]["message"].as_str().unwrap();
    assert!(!message.is_empty() && !message.contains('\n'), "{what}: {message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_does_not_fit_is_refused_before_it_runs() {
    let app = App::demo().await;
    let login = r#"login(input: { login: "ada", password: "skypanel-demo-1" }) { token }"#;
    let twice =
        format!("mutation {{ it: {login} ...Again }} fragment Again on Mutation {{ it: logout {{ loggedOut }} }}");
    for (document, variables, code) in [
        ("{ tickets(filter: { status: [NONSENSE] }) { totalCount } }", json!({}), VALIDATION),
        ("{ tickets(filter: { status: [open] }) { totalCount } }", json!({}), VALIDATION),
        (
            "query ($by: TicketFilter) { tickets(filter: $by) { totalCount } }",
            json!({ "by": { "status": ["NONSENSE"] } }),
            VALIDATION,
        ),
        (
            "query ($s: [TicketStatus!]) { tickets(filter: { status: $s }) { totalCount } }",
            json!({ "s": ["NONSENSE"] }),
            VALIDATION,
        ),
        (
            "query ($o: TicketOrder) { tickets(orderBy: $o) { totalCount } }",
            json!({ "o": { "field": "SUBJECT", "direction": "ASC" } }),
            VALIDATION,
        ),
        ("{ tickets(orderBy: { field: CREATED_AT, direction: SIDEWAYS }) { totalCount } }", json!({}), VALIDATION),
        ("{ tickets(filter: { nonsense: 1 }) { totalCount } }", json!({}), VALIDATION),
        (
            "query ($by: TicketFilter) { tickets(filter: $by) { totalCount } }",
            json!({ "by": { "nonsense": 1 } }),
            VALIDATION,
        ),
        ("query ($id: ID!) { server(id: $id) { id } }", json!({ "id": { "a": 1 } }), VALIDATION),
        ("{ server { id } }", json!({}), VALIDATION),
        ("{ server(id: \"x\", nonsense: 1) { id } }", json!({}), VALIDATION),
        ("{ nonsense }", json!({}), VALIDATION),
        ("{ viewer { nonsense } }", json!({}), VALIDATION),
        ("{ viewer }", json!({}), VALIDATION),
        ("{ viewer { id { x } } }", json!({}), VALIDATION),
        ("{ ...Missing }", json!({}), VALIDATION),
        ("{ __typename @nonsense }", json!({}), VALIDATION),
        ("{ viewer { ...F } } fragment F on User { __typename @include }", json!({}), VALIDATION),
        ("query ($b: Boolean!) { __typename @skip(if: $c) }", json!({ "b": true }), VALIDATION),
        ("query One { viewer { id } } query Two { viewer { id } }", json!({}), VALIDATION),
        (&twice, json!({}), VALIDATION),
        ("mutation { it: logout { loggedOut } it: revokeOtherSessions { revokedCount } }", json!({}), VALIDATION),
        ("mutation { logout { loggedOut } logout { loggedOut } }", json!({}), VALIDATION),
        ("{ viewer { id }", json!({}), PARSE),
        ("", json!({}), PARSE),
        ("   ", json!({}), PARSE),
        ("# nothing", json!({}), PARSE),
        ("{ server(id: \"unterminated) { id } }", json!({}), PARSE),
        ("{ tickets(first: 1 {", json!({}), PARSE),
        ("\0", json!({}), PARSE),
    ] {
        let body = json!({ "query": document, "variables": variables }).to_string();
        let graphql = post(&app, "application/graphql-response+json", body.clone()).await;
        assert_refused(document, &graphql, 400, code);
        // The older type tells the outcome in the body alone.
        let legacy = post(&app, "application/json", body).await;
        assert_refused(document, &legacy, 200, code);
        assert_eq!(legacy.body, graphql.body, "{document}");
    }
    assert_eq!(rows(&app, "SELECT id FROM sessions").await, Vec::<Value>::new());
}

/// A variable that is used by a directive of `__typename` alone is used.
#[tokio::test(flavor = "multi_thread")]
async fn directives_of_a_typename_are_followed() {
    let app = App::demo().await;
    let document = "query ($b: Boolean!) { __typename @include(if: $b) it: __typename @skip(if: $b) serverPackages(first: 1) { nodes { ...F } } } \
        fragment F on ServerPackage { name __typename @skip(if: $b) }";
    for (value, data) in [
        (true, json!({ "__typename": "Query", "serverPackages": { "nodes": [{ "name": "Large" }] } })),
        (
            false,
            json!({ "it": "Query", "serverPackages": { "nodes": [{ "name": "Large", "__typename": "ServerPackage" }] } }),
        ),
    ] {
        assert_eq!(app.anonymous().run_with(document, json!({ "b": value })).await.ok(), &data, "{value}");
    }
}

/// What the edition of September 2025 brought, to values that are found.
#[tokio::test(flavor = "multi_thread")]
async fn descriptions_are_read_over_and_every_escape_of_a_character_is_that_character() {
    let app = App::demo().await;
    app.maintain("UPDATE transactions SET reference = 'play \u{1f600}' WHERE reference = (SELECT min(reference) FROM transactions)")
        .await;
    let admin = app.user("admin").await;
    let count = |value: &str| format!("{{ transactions(filter: {{ reference: {value} }}) {{ totalCount }} }}");
    for (value, found) in [
        (r#""play \ud83d\ude00""#, 1),
        (r#""play \u{1F600}""#, 1),
        ("\"play \u{1f600}\"", 1),
        (r#""""play \u{1F600}""""#, 0),
        (r#""play \u{1F601}""#, 0),
    ] {
        assert_eq!(admin.run(&count(value)).await.data("/transactions/totalCount"), found, "{value}");
    }
    let described = "\"counts\" query (\"which\" $reference: String) { transactions(filter: { reference: $reference }) { totalCount } }";
    let reply = admin.run_with(described, json!({ "reference": "play \u{1f600}" })).await;
    assert_eq!(reply.data("/transactions/totalCount"), 1);
    for half in [r#""\ud83d""#, r#""\ude00\ud83d""#, r#""\u{d800}""#, r#""\u{110000}""#] {
        assert_refused(half, &admin.run(&count(half)).await, 400, PARSE);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_variable_that_is_required_and_missing_is_refused_before_anything_runs() {
    let app = App::demo().await;
    let (ada, _other) = (app.user("ada").await, app.user("ada").await);
    for document in [
        "mutation ($id: ID!) { revokeOtherSessions { revokedCount } revokeSession(input: { id: $id }) { sessionId } }",
        "mutation ($input: RevokeSessionInput!) { revokeOtherSessions { revokedCount } revokeSession(input: $input) { sessionId } }",
        "query ($id: ID!) { viewer { id } server(id: $id) { id } }",
        "query ($id: ID!) { serverPackages { totalCount } user(id: $id) { id } }",
    ] {
        for variables in [json!({}), json!({ "id": null, "input": null })] {
            assert_refused(document, &ada.run_with(document, variables).await, 400, VALIDATION);
        }
    }
    assert_eq!(rows(&app, "SELECT id FROM sessions").await.len(), 2, "a mutation ran");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_no_request_is_refused() {
    let app = App::demo().await;
    let query = r#"{"query":"{ viewer { id } }"}"#;
    let batch = format!("[{query}]");
    let large = format!("[{}]", vec![query; 5000].join(","));
    let nested = "[".repeat(20_000);
    for (body, code) in [
        ("", "BAD_USER_INPUT"),
        ("{", "BAD_USER_INPUT"),
        ("nonsense", "BAD_USER_INPUT"),
        ("null", "BAD_USER_INPUT"),
        ("\"{ viewer { id } }\"", "BAD_USER_INPUT"),
        ("5", "BAD_USER_INPUT"),
        ("{}", "BAD_USER_INPUT"),
        (r#"{"query":null}"#, "BAD_USER_INPUT"),
        (r#"{"query":["{ viewer { id } }"]}"#, "BAD_USER_INPUT"),
        (r#"{"query":"{ viewer { id } }","variables":[]}"#, "BAD_USER_INPUT"),
        (r#"{"query":"{ viewer { id } }","variables":"{}"}"#, "BAD_USER_INPUT"),
        (r#"{"query":"{ viewer { id } }","operationName":1}"#, "BAD_USER_INPUT"),
        (r#"{"query":"{ viewer { id } }","query":"{ __typename }"}"#, "BAD_USER_INPUT"),
        (r#"{"query":"{ viewer { id } }"} trailing"#, "BAD_USER_INPUT"),
        (&batch, "BATCHING_DISABLED"),
        ("[]", "BATCHING_DISABLED"),
        (&large, "BATCHING_DISABLED"),
        (&nested, "BATCHING_DISABLED"),
    ] {
        let what = &body[..body.len().min(60)];
        for accept in ["application/graphql-response+json", "application/json"] {
            assert_refused(what, &post(&app, accept, body.to_owned()).await, 400, code);
        }
    }
    for bytes in [b"{\"query\":\"\xff\"}".to_vec(), b"\xef\xbb\xbf{}".to_vec()] {
        assert_refused("not UTF-8", &post(&app, "*/*", bytes).await, 400, "BAD_USER_INPUT");
    }
    let unknown = json!({ "query": "query One { __typename }", "operationName": "Two" }).to_string();
    assert_refused(
        "unknown operation",
        &post(&app, "application/graphql-response+json", unknown).await,
        400,
        VALIDATION,
    );
    let huge = format!(r#"{{"query":"{{ __typename }}","variables":{{"a":"{}"}}}}"#, "x".repeat(70_000));
    assert_refused("variables", &post(&app, "*/*", huge).await, 400, "QUERY_TOO_LARGE");
    assert_refused("body", &post(&app, "*/*", "x".repeat(300_000)).await, 413, "PAYLOAD_TOO_LARGE");
}

/// As some clients write it into a document, and the others as it is.
#[tokio::test(flavor = "multi_thread")]
async fn an_escaped_pair_of_surrogates_is_the_character_and_half_of_one_is_none() {
    let app = App::demo().await;
    app.maintain(r"UPDATE servers SET name = E'play \U0001F600' WHERE name = 'Game server'").await;
    let bob = app.user("bob").await;
    let found = json!({ "servers": { "nodes": [{ "name": "play \u{1f600}" }] } });
    let by_variable = "query ($text: String) { servers(filter: { search: $text }) { nodes { name } } }";
    assert_eq!(bob.run_with(by_variable, json!({ "text": "play \u{1f600}" })).await.ok(), &found);
    let document = |text: &str| format!(r#"{{ servers(filter: {{ search: "{text}" }}) {{ nodes {{ name }} }} }}"#);
    for text in ["play \u{1f600}", r"play \ud83d\ude00", r"play \uD83D\uDE00", r"play \u{1F600}"] {
        assert_eq!(bob.run(&document(text)).await.ok(), &found, "{text}");
    }
    for half in [r"play \ud83d", r"play \ude00", r"play \ude00\ud83d", r"play \ud83dx"] {
        assert_refused(half, &bob.run(&document(half)).await, 400, PARSE);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_json_is_read() {
    let app = App::demo().await;
    let body = r#"{"query":"{ __typename }"}"#;
    for kind in [
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        Some("multipart/form-data; boundary=x"),
        Some("application/json; charset=utf-16"),
        None,
    ] {
        let request = Request::post("/graphql");
        let request = kind.map_or(Request::post("/graphql"), |kind| request.header(header::CONTENT_TYPE, kind));
        let reply = app.send(request.body(Body::from(body)).unwrap()).await;
        assert_refused(&format!("{kind:?}"), &reply, 415, "UNSUPPORTED_MEDIA_TYPE");
    }
    assert_eq!(post(&app, "*/*", body).await.ok(), &json!({ "__typename": "Query" }));
}

/// What is read once is not decided once.
#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_comes_again_is_validated_again() {
    let app = App::with(Options { open_introspection: false, ..Options::default() }).await;
    let (admin, ada) = (app.user("admin").await, app.user("ada").await);
    let filtered = "query ($by: TicketFilter, $n: Int) { tickets(filter: $by, first: $n) { totalCount nodes { id } } }";
    let schema = "{ __schema { queryType { name } } }";
    for _ in 0..4 {
        let open = admin.run_with(filtered, json!({ "by": { "status": ["OPEN"] }, "n": 1 })).await;
        assert_eq!(open.ok()["tickets"]["nodes"].as_array().unwrap().len(), 1);
        for by in [json!({ "nonsense": 1 }), json!({ "status": ["NONSENSE"] }), json!([1])] {
            assert_refused("filter", &admin.run_with(filtered, json!({ "by": by })).await, 400, VALIDATION);
        }
        assert_eq!(admin.run_with(filtered, json!({ "n": 1000 })).await.codes(), ["BAD_USER_INPUT"]);

        assert_eq!(admin.run(schema).await.ok(), &json!({ "__schema": { "queryType": { "name": "Query" } } }));
        assert_refused("a customer", &ada.run(schema).await, 400, VALIDATION);
        assert_refused("a guest", &app.anonymous().run(schema).await, 400, VALIDATION);
    }
}
