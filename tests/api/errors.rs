//! How failures reach a client: null goes no further up than it must, siblings stay, one error tells where and why,
//! and nothing of the inside is told.

use diesel_async::SimpleAsyncConnection as _;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use skypanel::db::migrate;
use skypanel::identity::Token;
use tower::ServiceExt as _;

use crate::harness::{Actor, App, Reply, cluster};
use crate::rows::{fill, rows, text};

/// The path, code and further extensions of each error.
fn told(reply: &Reply) -> Vec<(Value, Value)> {
    let errors = reply.body["errors"].as_array().map_or(&[][..], Vec::as_slice);
    errors.iter().map(|error| (error["path"].clone(), error["extensions"].clone())).collect()
}

/// Breaks what a statement needs.
async fn break_table(app: &App, table: &str) {
    app.owner().await.batch_execute(&format!("ALTER TABLE {table} RENAME TO broken_{table}")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_come_in_the_order_of_the_query() {
    let app = App::demo().await;
    let ada = app.user("ada").await;
    // The fields need no, one and two levels of loading, and one is refused.
    let document = "{ zeta: viewer { username servers(first: 1) { totalCount nodes { package { name } name } } email firstName } \
        users { totalCount } __typename alpha: serverPackages(first: 1) { nodes { name isActive } totalCount } beta: paymentGateways { name } }";
    let response = app.router.clone().oneshot(ada.request(document, &json!({}))).await.unwrap();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let body = std::str::from_utf8(&body).unwrap();
    let data = r#""data":{"zeta":{"username":"ada","servers":{"totalCount":5,"nodes":[{"package":{"name":"Small"},"name":"Mail"}]},"email":"ada@example.com","firstName":"Ada"},"users":null,"__typename":"Query","alpha":{"nodes":[{"name":"Large","isActive":true}],"totalCount":4},"beta":[]}"#;
    assert!(body.contains(data), "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_nullable_field_is_null_with_one_error_and_its_siblings_stay() {
    let app = App::demo().await;
    let ada = app.user("ada").await;
    let forbidden = |permission: &str| json!({ "code": "FORBIDDEN", "requiredPermission": permission });

    let reply = ada.run("{ a: viewer { username } users { totalCount } b: viewer { email } }").await;
    assert_eq!(reply.status, 200);
    assert_eq!(
        reply.body["data"],
        json!({ "a": { "username": "ada" }, "users": null, "b": { "email": "ada@example.com" } })
    );
    assert_eq!(told(&reply), [(json!(["users"]), forbidden("user:read"))]);
    assert_eq!(reply.body["errors"][0]["locations"], json!([{ "line": 1, "column": 26 }]));

    // In a list: each row keeps the rest of itself.
    let reply = ada
        .run("{ servers(first: 2) { nodes { revision owner { username resets: passwordResets { totalCount } } } } }")
        .await;
    let row = json!({ "revision": 1, "owner": { "username": "ada", "resets": null } });
    assert_eq!(reply.body["data"]["servers"]["nodes"], json!([row, row]));
    let mut told_of_rows = told(&reply);
    told_of_rows.sort_by_key(|(path, _)| path.to_string());
    let of_row =
        |row: usize| (json!(["servers", "nodes", row, "owner", "resets"]), forbidden("user:reset_credentials"));
    assert_eq!(told_of_rows, [of_row(0), of_row(1)]);

    // A column that is not for the viewer is null in silence.
    let reply = ada.run("{ tickets(first: 2) { nodes { revision due: responseDueAt } } }").await;
    assert_eq!(reply.ok()["tickets"]["nodes"], json!([{ "revision": 1, "due": null }, { "revision": 1, "due": null }]));

    // A malformed argument fails its field alone.
    let reply = ada.run("{ viewer { username servers(first: 1000) { totalCount } } }").await;
    assert_eq!(reply.body["data"], json!({ "viewer": { "username": "ada", "servers": null } }));
    assert_eq!(told(&reply), [(json!(["viewer", "servers"]), json!({ "code": "BAD_USER_INPUT", "field": "first" }))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_non_null_field_nulls_its_nearest_nullable_parent() {
    let app = App::demo().await;
    let ada = app.user("ada").await;
    let document =
        fill(&app, r#"{ ticket(id: "{tkt}") { revision messages(first: 1000) { totalCount } } viewer { username } }"#)
            .await;
    let reply = ada.run(&document).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.body["data"], json!({ "ticket": null, "viewer": { "username": "ada" } }));
    assert_eq!(told(&reply), [(json!(["ticket", "messages"]), json!({ "code": "BAD_USER_INPUT", "field": "first" }))]);

    // Through lists of non-null elements, up to the connection.
    let reply = ada
        .run("{ viewer { username tickets(first: 1) { totalCount nodes { id messages(last: -1) { totalCount } } } } }")
        .await;
    assert_eq!(reply.body["data"], json!({ "viewer": { "username": "ada", "tickets": null } }));
    assert_eq!(reply.codes(), ["BAD_USER_INPUT"]);

    // `nodes` is the one root field that cannot be null.
    let reply = ada.run(r#"{ viewer { username } nodes(ids: ["nonsense"]) { id } }"#).await;
    assert_eq!(reply.body["data"], Value::Null);
    assert_eq!(told(&reply)[0].1, json!({ "code": "BAD_USER_INPUT", "field": "ids" }));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_path_leads_to_the_failed_field_through_lists_too() {
    let app = App::demo().await;
    let reply =
        app.user("ada").await.run("{ tickets(first: 1) { nodes { it: messages(last: -1) { totalCount } } } }").await;
    let extensions = json!({ "code": "BAD_USER_INPUT", "field": "last" });
    assert_eq!(told(&reply), [(json!(["tickets", "nodes", 0, "it"]), extensions)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_more_errors_than_are_told_the_last_says_how_many() {
    let app = App::demo().await;
    let ada = app.user("ada").await;
    for (failing, last) in [(10, ""), (11, " (And 1 more.)"), (25, " (And 15 more.)")] {
        let fields: Vec<String> =
            (0..failing).map(|at| format!("a{at}: servers(first: 0, last: 0) {{ totalCount }}")).collect();
        let reply = ada.run(&format!("{{ viewer {{ {} }} }}", fields.join(" "))).await;
        let errors = reply.body["errors"].as_array().unwrap();
        let messages: Vec<&str> = errors.iter().map(|error| error["message"].as_str().unwrap()).collect();
        assert_eq!(messages.len(), 10, "{}", reply.body);
        assert!(messages[..9].iter().all(|message| *message == messages[0]), "{messages:?}");
        assert_eq!(messages[9], format!("{}{last}", messages[0]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_mutation_hides_no_committed_one() {
    let app = App::demo().await;
    let (ada, _other) = (app.user("ada").await, app.user("ada").await);
    let reply = ada
        .run(
            "mutation { a: revokeOtherSessions { revokedCount } \
             b: revokeSession(input: { id: \"ses_0190c6f07c4e7b1e9d586d1f5d0e2a11\" }) { sessionId } \
             c: revokeSession(input: { id: \"nonsense\" }) { sessionId } d: revokeOtherSessions { revokedCount } }",
        )
        .await;
    assert_eq!(reply.status, 200);
    assert_eq!(
        reply.body["data"],
        json!({ "a": { "revokedCount": 1 }, "b": null, "c": null, "d": { "revokedCount": 0 } })
    );
    let bad_id = json!({ "code": "BAD_USER_INPUT", "field": "input.id" });
    assert_eq!(told(&reply), [(json!(["b"]), json!({ "code": "NOT_FOUND" })), (json!(["c"]), bad_id)]);
    assert_eq!(rows(&app, "SELECT id FROM sessions").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_breaks_inside_is_told_by_the_id_of_the_request_alone() {
    let app = App::demo().await;
    let ada = app.user("ada").await;
    break_table(&app, "invoice_items").await;
    let document = fill(&app, r#"{ viewer { username } invoice(id: "{inv}") { number items { id } } }"#).await;
    let reply = ada.run(&document).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.body["data"], json!({ "viewer": { "username": "ada" }, "invoice": null }));
    let id = reply.headers["x-request-id"].to_str().unwrap();
    assert!(!id.is_empty());
    assert_eq!(told(&reply), [(json!(["invoice", "items"]), json!({ "code": "INTERNAL", "requestId": id }))]);
    assert_eq!(reply.body["errors"][0]["message"], "internal error");
    assert!(!reply.body["errors"].to_string().contains("invoice_items"), "{}", reply.body);

    // A nullable edge breaks alone, and the next request is served.
    break_table(&app, "server_actions").await;
    let reply = ada.run("{ servers(first: 1) { nodes { name currentAction { id } } } }").await;
    assert_eq!(reply.body["data"], json!({ "servers": { "nodes": [{ "name": "Mail", "currentAction": null }] } }));
    assert_eq!(reply.codes(), ["INTERNAL"]);
    ada.run("{ servers { totalCount nodes { name package { name } } } }").await.ok();

    // In a mutation, too; what was not committed did not happen.
    break_table(&app, "sessions").await;
    let reply = app
        .anonymous()
        .run(r#"mutation { login(input: { login: "ada", password: "skypanel-demo-1" }) { token } }"#)
        .await;
    assert_eq!(reply.codes(), ["INTERNAL"], "{}", reply.body);
    assert_eq!(rows(&app, "SELECT id FROM broken_sessions").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_or_malformed_token_fails_the_whole_request() {
    let app = App::demo().await;
    let ended = app.user("ada").await;
    app.maintain("DELETE FROM sessions").await;
    let unknown = Token::fresh().unwrap().reveal().to_owned();
    let mut altered = app.user("ada").await.token.unwrap();
    let last = if altered.ends_with('a') { "b" } else { "a" };
    altered.replace_range(altered.len() - 1.., last);
    let tokens =
        [ended.token.unwrap(), unknown, altered, "nonsense".to_owned(), "sps_".to_owned(), "two words".to_owned()];
    for token in tokens {
        let actor = Actor { app: &app, token: Some(token.clone()) };
        // Also where no session is needed, but for a way in: see `way_in`.
        for document in ["{ serverPackages { totalCount } }", "{ __typename }", "mutation { logout { loggedOut } }"] {
            let reply = actor.run(document).await;
            assert_eq!(
                (reply.status.as_u16(), reply.codes()),
                (401, vec!["UNAUTHENTICATED"]),
                "{token}: {}",
                reply.body
            );
            assert_eq!(reply.body.get("data"), None, "{token}");
            assert_eq!(reply.headers["www-authenticate"], "Bearer", "{token}");
            assert_eq!(reply.body["errors"][0].get("path"), None, "{token}");
            assert!(!reply.body.to_string().contains(&token), "{token} is repeated");
        }
    }
    assert_eq!(rows(&app, "SELECT id FROM sessions").await.len(), 1, "no logout got through");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_database_the_service_says_so_and_comes_back() {
    let app = App::demo().await;
    let ada = app.user("ada").await;
    let name = text(&app, "SELECT current_database() AS value").await;
    let mut superuser = migrate::connect(&cluster::url("skypanel_super", "postgres").await).await.unwrap();
    superuser.batch_execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false")).await.unwrap();
    let end = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
    superuser.batch_execute(&end).await.unwrap();

    let login = r#"mutation { login(input: { login: "ada", password: "skypanel-demo-1" }) { token } }"#;
    for (actor, document) in [
        (&ada, "{ viewer { id } }"),
        (&app.anonymous(), "{ serverPackages { totalCount } }"),
        (&app.anonymous(), login),
    ] {
        let reply = actor.run(document).await;
        assert_eq!((reply.status.as_u16(), reply.codes()), (503, vec!["DB_UNAVAILABLE"]), "{document}: {}", reply.body);
        assert_eq!(reply.body.get("data"), None, "{document}");
        assert_eq!(reply.headers["retry-after"], "1");
        let message = reply.body["errors"][0]["message"].as_str().unwrap();
        assert_eq!(message, "The database does not answer. Try again in a moment.");
    }
    // What needs no database is answered, and nothing is left behind when it is back.
    assert_eq!(
        app.anonymous().run("{ __typename paymentGateways { name } }").await.ok(),
        &json!({ "__typename": "Query", "paymentGateways": [] })
    );
    superuser.batch_execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true")).await.unwrap();
    ada.run("{ viewer { id } }").await.ok();
}
