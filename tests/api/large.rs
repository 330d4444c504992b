//! Answers are bounded in bytes, each and all together.

use std::time::Duration;

use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use skypanel::error::Code;
use skypanel::graphql::Answer;
use skypanel::memory::Bounds;
use tower::ServiceExt as _;

use crate::harness::{Actor, App, Options};

const KIB: usize = 1024;

/// The demo, in which every message has 8 KiB, and each of Ada's tickets this many more.
async fn app(messages: usize, memory: Bounds, writes_rows: bool) -> App {
    let app = App::with(Options { writes_rows, memory, ..Options::default() }).await;
    app.maintain(&format!(
        "UPDATE ticket_messages SET content = repeat('x', 8192); \
         INSERT INTO ticket_messages (id, ticket_id, user_id, content, is_internal) \
         SELECT gen_random_uuid(), tickets.id, tickets.user_id, repeat('x', 8192), false \
         FROM tickets, generate_series(1, {messages}) WHERE user_id = (SELECT id FROM users WHERE username = 'ada')"
    ))
    .await;
    app
}

/// A page of ten messages, some 80 KiB.
const PAGE: &str = "{ tickets(first: 1) { nodes { messages(first: 10) { nodes { content } } } } }";

fn bounds(answer: usize, all: usize) -> Bounds {
    Bounds { answer, all, wait: Duration::from_millis(100) }
}

fn too_large() -> Value {
    let message = "The answer would be too large. Ask for smaller pages, or for fewer fields.";
    json!({ "errors": [{ "message": message, "extensions": { "code": "RESPONSE_TOO_LARGE" } }] })
}

#[tokio::test(flavor = "multi_thread")]
async fn one_text_under_thirty_names_is_refused_whole() {
    for writes_rows in [true, false] {
        let app = app(1, bounds(128 * KIB, 96 * KIB * KIB), writes_rows).await;
        let ada = app.user("ada").await;
        let names: Vec<String> = (0..30).map(|number| format!("a{number}: content")).collect();
        let document = format!(
            "{{ tickets(first: 1) {{ nodes {{ messages(last: 1) {{ nodes {{ {} }} }} }} }} }}",
            names.join(" ")
        );
        let reply = ada.run(&document).await;
        assert_eq!((reply.status.as_u16(), &reply.body), (400, &too_large()), "rows written: {writes_rows}");
        // And the next one is answered.
        assert!(ada.run("{ viewer { username } }").await.ok()["viewer"]["username"].is_string());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_counted_while_they_arrive() {
    for writes_rows in [true, false] {
        let app = app(20, bounds(128 * KIB, 96 * KIB * KIB), writes_rows).await;
        let ada = app.user("ada").await;
        ada.run(PAGE).await.ok();
        let reply = ada.run(&PAGE.replace("first: 10", "first: 100")).await;
        assert_eq!((reply.status.as_u16(), &reply.body), (400, &too_large()), "rows written: {writes_rows}");
        ada.run(PAGE).await.ok();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_fields_are_one_answer() {
    for writes_rows in [true, false] {
        let app = app(20, bounds(128 * KIB, 96 * KIB * KIB), writes_rows).await;
        let ada = app.user("ada").await;
        let page = PAGE.trim_matches(['{', '}']);
        let document = format!("{{ viewer {{ username }} {page} again: {page} third: {page} }}");
        let reply = ada.run(&document).await;
        assert_eq!((reply.status.as_u16(), &reply.body), (400, &too_large()), "rows written: {writes_rows}");
    }
}

/// Answers that are not taken yet: what a slow reader leaves behind.
async fn answers(actor: &Actor<'_>, count: usize) -> Vec<Answer> {
    let mut answers = Vec::new();
    for _ in 0..count {
        answers.push(actor.measure(PAGE).await.0);
    }
    answers
}

fn refused(answers: &[Answer]) -> Vec<Option<Code>> {
    answers.iter().map(|answer| answer.refused).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_taken_counts_and_one_neighbour_has_a_quarter_of_it() {
    let app = app(20, bounds(8 * KIB * KIB, 4 * KIB * KIB), true).await;
    let (ada, admin) = (app.user("ada").await, app.user("admin").await);
    for person in [&ada, &admin] {
        person.run("{ viewer { username } }").await.ok();
    }
    let held = answers(&ada, 20).await;
    let codes = refused(&held);
    assert_eq!((codes[0], codes[19]), (None, Some(Code::Overloaded)), "{codes:?}");
    assert_eq!(refused(&answers(&admin, 1).await), [None], "the rest is for others");
    drop(held);
    assert_eq!(refused(&answers(&ada, 1).await), [None]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_held_until_its_last_byte_is_on_its_way() {
    // Twice what a page takes while it is made.
    let app = app(20, bounds(8 * KIB * KIB, 4 * 400 * KIB), true).await;
    let ada = app.user("ada").await;
    ada.run("{ viewer { username } }").await.ok();
    let mut open = Vec::new();
    for _ in 0..20 {
        let response = app.router.clone().oneshot(ada.request(PAGE, &json!({}))).await.unwrap();
        if response.status() == 503 {
            break;
        }
        let mut body = response.into_body();
        let size = body.frame().await.unwrap().unwrap().into_data().unwrap().len();
        assert!(size <= 16 * KIB, "handed on in pieces");
        open.push(body);
    }
    assert!((1..20).contains(&open.len()), "{} were open", open.len());
    for body in open {
        drop(body.collect().await.unwrap());
    }
    ada.run(PAGE).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_piece_of_an_answer_holds_all_of_it() {
    // Twice what a page takes while it is made.
    let app = app(20, bounds(8 * KIB * KIB, 4 * 400 * KIB), true).await;
    let ada = app.user("ada").await;
    ada.run("{ viewer { username } }").await.ok();
    let mut pieces = Vec::new();
    for _ in 0..20 {
        let response = app.router.clone().oneshot(ada.request(PAGE, &json!({}))).await.unwrap();
        if response.status() == 503 {
            break;
        }
        // What the buffers of a connection keep when the rest is on its way: a slice of the whole text.
        let mut body = response.into_body();
        let mut last = None;
        while let Some(frame) = body.frame().await {
            last = frame.unwrap().into_data().ok();
        }
        pieces.push(last.unwrap());
    }
    assert!((1..20).contains(&pieces.len()), "{} were held", pieces.len());
    drop(pieces);
    ada.run(PAGE).await.ok();
}
