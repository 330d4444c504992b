//! Whoever was signed out can sign in: a document that asks for nothing but a way in is answered as if its dead token
//! had not come. Everything else stays 401.

use axum::body::Body;
use axum::http::{HeaderValue, Request, header};
use serde_json::{Value, json};
use skypanel::seed::PASSWORD;

use crate::harness::{App, Reply};
use crate::rows::texts;

const LOGIN: &str = "login(input: $input) { token userErrors { code } user { username } session { isCurrent } }";

/// What a client sends that was signed out, or never quite signed in.
async fn dead_headers(app: &App) -> Vec<Vec<String>> {
    let ended = app.user("bob").await;
    ended.run("mutation { logout { loggedOut } }").await.ok();
    let bearer = |token: &str| format!("Bearer {token}");
    let ended = bearer(&ended.token.unwrap());
    let mut misread = ended.clone();
    misread.pop();
    let headers =
        [&ended, &misread, &bearer("x"), &bearer("a b"), &bearer(""), &"Basic Ym9iOmJvYg==".to_owned(), &String::new()];
    headers.into_iter().map(|one| vec![one.clone()]).chain([vec![ended.clone(), ended.clone()]]).collect()
}

/// Posts a body with these Authorization headers.
async fn post(app: &App, authorization: &[String], body: &Value) -> Reply {
    let mut request = Request::post("/graphql")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, "application/graphql-response+json");
    for value in authorization {
        request = request.header(header::AUTHORIZATION, HeaderValue::from_str(value).unwrap());
    }
    app.send(request.body(Body::from(body.to_string())).unwrap()).await
}

fn body(document: &str, operation: Option<&str>) -> Value {
    let document = document.replace("LOGIN", LOGIN);
    let input = json!({ "login": "ada", "password": PASSWORD });
    json!({ "query": document, "operationName": operation, "variables": { "input": input, "yes": true } })
}

const HEAD: &str = "mutation ($input: LoginInput!)";

/// Documents that are nothing but a way in, and where their outcome stands.
fn ways_in() -> Vec<(String, Option<&'static str>, &'static str)> {
    let yes = "mutation ($input: LoginInput!, $yes: Boolean!)";
    vec![
        (format!("{HEAD} {{ LOGIN }}"), None, "login"),
        (format!("{HEAD} {{ logout: LOGIN }}"), None, "logout"),
        (format!("{HEAD} {{ __typename LOGIN }}"), None, "login"),
        (format!("{HEAD} {{ ... on Mutation {{ ... {{ LOGIN }} }} }}"), None, "login"),
        (format!("{HEAD} {{ ...F }} fragment F on Mutation {{ LOGIN }}"), None, "login"),
        (
            format!("{yes} {{ LOGIN @include(if: $yes) }}")
                .replace("LOGIN @include(if: $yes)", &LOGIN.replace(") {", ") @include(if: $yes) {")),
            None,
            "login",
        ),
        ("query Other { viewer { id } } mutation In($input: LoginInput!) { LOGIN }".to_owned(), Some("In"), "login"),
    ]
}

/// Documents that ask for more, or for no way in.
fn others() -> Vec<(String, Option<&'static str>)> {
    let yes = "mutation ($input: LoginInput!, $yes: Boolean!)";
    vec![
        ("{ viewer { id } }".to_owned(), None),
        ("{ __typename }".to_owned(), None),
        ("mutation { __typename }".to_owned(), None),
        ("mutation { login: logout { loggedOut } }".to_owned(), None),
        (format!("{HEAD} {{ LOGIN logout {{ loggedOut }} }}"), None),
        (format!("{HEAD} {{ LOGIN ...F }} fragment F on Mutation {{ logout {{ loggedOut }} }}"), None),
        // What is left out counts: who asks does not hang on a variable.
        (format!("{yes} {{ LOGIN logout @skip(if: $yes) {{ loggedOut }} }}"), None),
        (format!("{yes} {{ LOGIN ... @skip(if: $yes) {{ logout {{ loggedOut }} }} }}"), None),
        ("query Other { viewer { id } } mutation In($input: LoginInput!) { LOGIN }".to_owned(), Some("Other")),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_token_does_not_bar_the_way_in() {
    let app = App::demo().await;
    for authorization in dead_headers(&app).await {
        for (document, operation, key) in ways_in() {
            let reply = post(&app, &authorization, &body(&document, operation)).await;
            let payload = &reply.ok()[key];
            assert!(payload["token"].is_string(), "{authorization:?} {document}: {}", reply.body);
            assert_eq!((&payload["user"]["username"], &payload["session"]["isCurrent"]), (&json!("ada"), &json!(true)));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_token_bars_everything_else() {
    let app = App::demo().await;
    for authorization in dead_headers(&app).await {
        for (document, operation) in others() {
            let reply = post(&app, &authorization, &body(&document, operation)).await;
            let told = (reply.status.as_u16(), reply.codes(), reply.body.get("data"));
            assert_eq!(told, (401, vec!["UNAUTHENTICATED"], None), "{authorization:?} {document}");
        }
        let batch = json!([body(&format!("{HEAD} {{ LOGIN }}"), None), body("{ viewer { id } }", None)]);
        assert_eq!(post(&app, &authorization, &batch).await.codes(), ["BATCHING_DISABLED"], "{authorization:?}");
    }
    assert!(texts(&app, "SELECT user_id::text AS value FROM sessions").await.is_empty(), "somebody got in");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_way_in_with_a_dead_token_is_a_guest_s() {
    let app = App::demo().await;
    for authorization in dead_headers(&app).await {
        let mut wrong = body(&format!("{HEAD} {{ LOGIN }}"), None);
        wrong["variables"]["input"]["password"] = json!("not the password");
        let reply = post(&app, &authorization, &wrong).await;
        let refused =
            json!({ "token": null, "userErrors": [{ "code": "WRONG_CREDENTIALS" }], "user": null, "session": null });
        assert_eq!(reply.ok()["login"], refused);
        // What is wrong with the document is told, and not that the token is dead.
        let reply =
            post(&app, &authorization, &body(&format!("{HEAD} {{ login(input: $input) {{ nonsense }} }}"), None)).await;
        assert_eq!(reply.codes(), ["GRAPHQL_VALIDATION_FAILED"]);
    }
}
