//! What a request that is refused as a whole gets, to the byte: status, headers and body, held by a snapshot.

use std::fmt::Write as _;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::request::Builder;
use axum::http::{Method, Request};
use futures_util::stream;
use http_body_util::BodyExt as _;
use serde_json::json;
use skypanel::config::Limits;
use skypanel::http;
use tower::ServiceExt as _;

use crate::harness::{App, Options};

const QUERY: &str = r#"{"query":"{ __typename }"}"#;
const BY_GET: &str = "/graphql?query=%7B__typename%7D";

/// A POST of JSON by a client that knows the media type of GraphQL.
fn post() -> Builder {
    Request::post("/graphql")
        .header("content-type", "application/json")
        .header("accept", "application/graphql-response+json")
}

fn query(text: &str) -> String {
    json!({ "query": text }).to_string()
}

/// The answer as it goes over the wire, with its headers in order.
async fn transcript(router: &Router, what: &str, request: Request<Body>) -> String {
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let mut headers: Vec<_> = parts.headers.iter().filter(|(name, _)| *name != "x-request-id").collect();
    headers.sort_by_key(|(name, _)| name.as_str());
    let mut text = format!("# {what}\n{}\n", parts.status);
    for (name, value) in headers {
        writeln!(text, "{name}: {}", value.to_str().unwrap()).unwrap();
    }
    let body = String::from_utf8(body.to_vec()).unwrap();
    let id = parts.headers["x-request-id"].to_str().unwrap();
    text + &body.replace(id, "(the request's id)") + "\n\n"
}

/// Requests that are refused before or behind the service, one for each message.
fn refused() -> Vec<(&'static str, Request<Body>)> {
    let with = |builder: Builder, body: &str| builder.body(Body::from(body.to_owned())).unwrap();
    let get = |uri: &str| Request::get(uri).header("accept", "application/graphql-response+json");
    let large = "x".repeat(300_000);
    let variables = json!({ "query": "{ __typename }", "variables": { "a": "x".repeat(70_000) } }).to_string();
    let dear = query("{ tickets(first: 100) { nodes { messages(first: 100) { nodes { id } } } } }");
    let deep = query(&format!("{}{}", "{viewer".repeat(13), "}".repeat(13)));
    let session = "__Host-skypanel=x";
    vec![
        ("no path", with(Request::get("/nowhere"), "")),
        ("a method of another route", with(Request::post("/livez"), "")),
        ("a method", with(Request::builder().method(Method::PUT).uri("/graphql"), "")),
        ("no acceptable media", with(Request::post("/graphql").header("accept", "image/png"), QUERY)),
        ("no JSON", with(Request::post("/graphql").header("content-type", "text/plain"), QUERY)),
        ("no preflight", with(get(BY_GET), "")),
        ("a foreign origin", with(post().header("cookie", session).header("origin", "https://evil.example"), QUERY)),
        ("cookie and token", with(post().header("cookie", session).header("authorization", "Bearer x"), QUERY)),
        ("no bearer", with(post().header("authorization", "Basic x"), QUERY)),
        ("two tokens", with(post().header("authorization", "Bearer x").header("authorization", "Bearer y"), QUERY)),
        ("a dead token", with(post().header("authorization", "Bearer x"), QUERY)),
        ("a large body", with(post(), &large)),
        ("large variables", with(post(), &variables)),
        ("broken JSON", with(post(), "{\n  \"query\": x")),
        ("a batch", with(post(), "[]")),
        ("no object", with(post(), "5")),
        ("doubled", with(post(), r#"{"query":"{a}","query":"{b}"}"#)),
        ("no query", with(post(), "{}")),
        ("operationName", with(post(), r#"{"query":"{a}","operationName":1}"#)),
        ("variables", with(post(), r#"{"query":"{a}","variables":1}"#)),
        ("extensions", with(post(), r#"{"query":"{a}","extensions":1}"#)),
        ("onError", with(post(), r#"{"query":"{a}","onError":"NULL"}"#)),
        (
            "a query string",
            with(get("/graphql?query=%7Ba%7D&query=%7Bb%7D").header("graphql-require-preflight", "1"), ""),
        ),
        (
            "a mutation by GET",
            with(
                get("/graphql?query=mutation%7Blogout%7BloggedOut%7D%7D").header("graphql-require-preflight", "1"),
                "",
            ),
        ),
        ("a syntax error", with(post(), &query("{\n  viewer {"))),
        ("an open string", with(post(), &query("{ a(b: \"x) }"))),
        ("validation, twice", with(post(), &query("{ nonsense\n  other }"))),
        ("no such operation", with(post(), r#"{"query":"query A { a }","operationName":"B"}"#)),
        ("too dear", with(post(), &dear)),
        ("too deep", with(post(), &deep)),
        ("too long", with(post(), &query(&" ".repeat(20_000)))),
        ("keys", with(post(), &query("mutation { logout { loggedOut } logout { loggedOut } }"))),
        ("a missing variable", with(post(), &query("query ($id: ID!) { server(id: $id) { id } }"))),
        ("in the older type", with(Request::post("/graphql").header("content-type", "application/json"), &query("{"))),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_the_same_to_the_byte() {
    let app = App::demo().await;
    let mut text = String::new();
    for (what, request) in refused() {
        text += &transcript(&app.router, what, request).await;
    }

    let narrow = |limits: Limits| http::router(app.service.clone(), http::Settings { limits, ..Default::default() });
    let full = narrow(Limits { in_flight: 0, queued: 0, ..Limits::default() });
    text += &transcript(&full, "no place", post().body(Body::from(QUERY)).unwrap()).await;
    let hasty = narrow(Limits { body_timeout: Duration::from_millis(1), ..Limits::default() });
    let endless = Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
    text += &transcript(&hasty, "a slow body", post().body(endless).unwrap()).await;
    let broken = stream::iter([Err::<Bytes, _>(std::io::Error::other("gone"))]);
    text += &transcript(&app.router, "a body that broke off", post().body(Body::from_stream(broken)).unwrap()).await;

    let nowhere = App::over(app.database, "postgres://nobody@127.0.0.1:1/nothing", Options::default());
    text += &transcript(
        &nowhere.router,
        "no database",
        post().body(Body::from(query("{ serverPackages { totalCount } }"))).unwrap(),
    )
    .await;
    insta::assert_snapshot!(text);
}
