//! Signing in and out, and the life of a session.

use std::collections::HashSet;

use axum::body::Body;
use axum::http::{Request, header};
use serde_json::{Value, json};
use skypanel::identity::{Passwords, Pepper, Token};
use skypanel::seed::PASSWORD;

use crate::harness::{Actor, App, PEPPERS, Reply};
use crate::rows::{rows, text, texts};

const LOGIN: &str = "mutation ($input: LoginInput!) { login(input: $input) { token secondFactorToken \
    session { id isCurrent user { username } } user { username lastLogin servers { totalCount } sessions { totalCount } } \
    userErrors { code message field } } }";

async fn sign_in(actor: &Actor<'_>, login: &str, password: &str) -> Reply {
    actor.run_with(LOGIN, json!({ "input": { "login": login, "password": password } })).await
}

/// Whether a session still opens the door.
async fn is_alive(actor: &Actor<'_>) -> bool {
    let reply = actor.run("{ viewer { id } }").await;
    if reply.status == 200 {
        assert!(reply.ok()["viewer"]["id"].is_string());
        return true;
    }
    assert_eq!((reply.status.as_u16(), reply.codes()), (401, vec!["UNAUTHENTICATED"]), "{}", reply.body);
    assert_eq!(reply.body.get("data"), None);
    false
}

/// Changes the sessions of a person, and has the program forget when it saw them.
async fn move_sessions(app: &App, username: &str, change: &str) {
    app.activity.flush_all(&app.pool).await.unwrap();
    let user = format!("(SELECT id FROM users WHERE username = '{username}')");
    app.maintain(&format!("UPDATE sessions SET {change} WHERE user_id = {user}")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_answers_as_the_new_session() {
    let app = App::demo().await;
    app.maintain("UPDATE users SET last_login = NULL").await;
    let mut tokens = HashSet::new();
    // Whoever asks, the payload is the new session's.
    for (at, login) in ["ada@example.com", "ada", " ADA@Example.com ", "Ada"].into_iter().enumerate() {
        let caller = if at % 2 == 0 { app.user("bob").await } else { app.anonymous() };
        let reply = sign_in(&caller, login, PASSWORD).await;
        let payload = &reply.ok()["login"];
        let token = payload["token"].as_str().unwrap();
        assert_eq!(payload["session"]["isCurrent"], true);
        assert_eq!(payload["session"]["user"]["username"], "ada");
        assert_eq!(payload["user"]["username"], "ada");
        assert_eq!(payload["user"]["servers"]["totalCount"], 5);
        // What the mutation wrote is read: the new session, and the time of this very sign-in.
        assert_eq!(payload["user"]["sessions"]["totalCount"], at + 1);
        assert!(payload["user"]["lastLogin"].is_string());
        assert_eq!(payload["secondFactorToken"], Value::Null);
        assert_eq!(payload["userErrors"], json!([]));
        tokens.insert(token.to_owned());
    }
    for token in &tokens {
        let (body, checksum) = token.rsplit_once('_').unwrap();
        let secret = body.strip_prefix("sps_").unwrap();
        assert!(
            secret.len() == 43 && checksum.len() == 6 && secret.bytes().all(|b| b.is_ascii_alphanumeric()),
            "{token}"
        );
        assert!(Token::read(token).is_some(), "the checksum of {token}");
        let stored = text(&app, "SELECT string_agg(token, ' ') AS value FROM sessions").await;
        assert!(!stored.contains(token) && !stored.contains(secret), "the token itself is stored");
    }
    assert_eq!(tokens.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_sign_in_tells_nothing_about_the_account() {
    let app = App::demo().await;
    app.maintain(
        "UPDATE users SET status = 'suspended' WHERE username = 'bob'; \
         UPDATE users SET status = 'closed' WHERE username = 'billing'",
    )
    .await;
    let guest = app.anonymous();
    let wrong = sign_in(&guest, "ada", "not the password").await;
    assert_eq!(wrong.status, 200);
    let payload = &wrong.ok()["login"];
    assert_eq!(payload["userErrors"][0]["code"], "WRONG_CREDENTIALS");
    assert_eq!(payload["userErrors"].as_array().unwrap().len(), 1);
    assert_eq!((&payload["token"], &payload["session"], &payload["user"]), (&Value::Null, &Value::Null, &Value::Null));
    let long = "x".repeat(20_000);
    for (login, password) in [
        ("nobody@example.com", PASSWORD),
        ("bob", PASSWORD),
        ("bob", "not the password"),
        ("billing@example.com", PASSWORD),
        ("ada", ""),
        ("ada", &long),
        ("ada\0", PASSWORD),
        (&long, PASSWORD),
        ("", ""),
    ] {
        let reply = sign_in(&guest, login, password).await;
        assert_eq!((reply.status, &reply.body), (wrong.status, &wrong.body), "{} {}", login.len(), password.len());
    }
    assert_eq!(rows(&app, "SELECT id FROM sessions").await, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_pending_may_sign_in_and_the_suspended_are_out_at_once() {
    let app = App::demo().await;
    app.maintain("UPDATE users SET status = 'pending', email_verified = false WHERE username = 'bob'").await;
    let bob = app.user("bob").await;
    assert!(is_alive(&bob).await);
    for status in ["suspended", "closed"] {
        app.maintain(&format!("UPDATE users SET status = '{status}' WHERE username = 'bob'")).await;
        assert!(!is_alive(&bob).await, "{status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ended_session_is_dead() {
    let app = App::demo().await;
    let ada = app.user("ada").await;
    assert_eq!(
        ada.run("mutation { logout { loggedOut userErrors { code } } }").await.ok(),
        &json!({ "logout": { "loggedOut": true, "userErrors": [] } })
    );
    assert!(!is_alive(&ada).await);

    let ada = app.user("ada").await;
    move_sessions(&app, "ada", "expires_at = now() + interval '1 hour'").await;
    assert!(is_alive(&ada).await);
    move_sessions(&app, "ada", "expires_at = now()").await;
    assert!(!is_alive(&ada).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn customers_and_staff_have_lives_of_different_length() {
    let app = App::demo().await;
    for (name, life, idle, too_idle) in
        [("ada", "14 days", "23 hours 59 minutes", "24 hours"), ("support", "12:00:00", "29 minutes", "30 minutes")]
    {
        let actor = app.user(name).await;
        let lives = texts(&app, "SELECT DISTINCT (expires_at - created_at)::text AS value FROM sessions").await;
        assert_eq!(lives, [life], "{name}");
        move_sessions(&app, name, &format!("last_activity = now() - interval '{idle}'")).await;
        assert!(is_alive(&actor).await, "{name}, idle for {idle}");
        move_sessions(&app, name, &format!("last_activity = now() - interval '{too_idle}'")).await;
        assert!(!is_alive(&actor).await, "{name}, idle for {too_idle}");
        app.maintain("DELETE FROM sessions").await;
    }
    // Who becomes staff has the life of staff from then on, also in a session that began before.
    let ada = app.user("ada").await;
    move_sessions(&app, "ada", "created_at = now() - interval '12 hours'").await;
    assert!(is_alive(&ada).await);
    app.maintain("UPDATE user_roles SET role_id = (SELECT id FROM roles WHERE name = 'support') WHERE role_id = (SELECT id FROM roles WHERE name = 'user')").await;
    assert!(!is_alive(&ada).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_twenty_first_session_ends_the_oldest() {
    let app = App::demo().await;
    let bob = app.user("bob").await;
    let first = app.user("ada").await;
    let second = app.user("ada").await;
    for _ in 3..=20 {
        app.user("ada").await;
    }
    assert!(is_alive(&first).await);
    let newest = app.user("ada").await;
    assert!(!is_alive(&first).await);
    assert!(is_alive(&second).await && is_alive(&newest).await && is_alive(&bob).await);
    assert_eq!(newest.run("{ viewer { sessions { totalCount } } }").await.data("/viewer/sessions/totalCount"), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_requests_write_the_activity_once() {
    let app = App::demo().await;
    let ada = app.user("ada").await;
    let activity = "SELECT last_activity::text AS value FROM sessions";
    let at_login = text(&app, activity).await;
    ada.run("{ viewer { id } }").await.ok();
    assert_eq!(app.activity.flush(&app.pool).await.unwrap(), 0, "used within the last minute");
    assert_eq!(text(&app, activity).await, at_login);

    move_sessions(&app, "ada", "last_activity = now() - interval '61 seconds'").await;
    let mut written = 0;
    for _ in 0..50 {
        ada.run("{ viewer { id } }").await.ok();
        written += app.activity.flush(&app.pool).await.unwrap();
    }
    assert_eq!(written, 1);
    assert!(text(&app, activity).await > at_login);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_ended_by_its_owner_and_by_support() {
    let app = App::demo().await;
    let (ada, bob, support) = (app.user("ada").await, app.user("bob").await, app.user("support").await);
    let own = ada.run("{ viewer { sessions { nodes { id isCurrent } } } }").await;
    let id = own.data("/viewer/sessions/nodes/0/id").as_str().unwrap().to_owned();
    let revoke = async |actor: &Actor<'_>, id: &str| {
        let document = "mutation ($id: ID!) { revokeSession(input: { id: $id }) { sessionId userErrors { code } } }";
        actor.run_with(document, json!({ "id": id })).await
    };
    let foreign = revoke(&bob, &id).await;
    let unknown = revoke(&bob, "ses_00000000000070008000000000000000").await;
    assert_eq!(foreign.codes(), ["NOT_FOUND"]);
    assert_eq!((foreign.status, &foreign.body), (unknown.status, &unknown.body));
    assert!(is_alive(&ada).await);
    assert_eq!(revoke(&support, &id).await.ok()["revokeSession"], json!({ "sessionId": id, "userErrors": [] }));
    assert!(!is_alive(&ada).await);
    assert_eq!(revoke(&support, &id).await.codes(), ["NOT_FOUND"]);

    let (first, second, third) = (app.user("ada").await, app.user("ada").await, app.user("ada").await);
    let others = "mutation { revokeOtherSessions { revokedCount userErrors { code } } }";
    assert_eq!(second.run(others).await.ok()["revokeOtherSessions"], json!({ "revokedCount": 2, "userErrors": [] }));
    assert!(!is_alive(&first).await && is_alive(&second).await && !is_alive(&third).await && is_alive(&bob).await);
    assert_eq!(second.run(others).await.data("/revokeOtherSessions/revokedCount"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_sessions_is_ones_own() {
    let app = App::demo().await;
    let (_bob, older, newer) = (app.user("bob").await, app.user("ada").await, app.user("ada").await);
    for (actor, current) in [(&newer, [true, false]), (&older, [false, true])] {
        let reply = actor.run("{ viewer { sessions { totalCount nodes { isCurrent user { username } } } } }").await;
        let nodes = current.map(|is| json!({ "isCurrent": is, "user": { "username": "ada" } }));
        assert_eq!(reply.ok()["viewer"]["sessions"], json!({ "totalCount": 2, "nodes": nodes }));
    }
    let shown = newer.run(r#"{ __type(name: "Session") { fields { name } } }"#).await;
    assert!(!shown.ok().to_string().contains("oken"), "{}", shown.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permission_taken_away_is_gone_at_the_next_request() {
    let app = App::demo().await;
    let support = app.user("support").await;
    let users = "{ users { totalCount } }";
    assert_eq!(support.run(users).await.data("/users/totalCount"), 5);
    app.maintain("UPDATE roles SET permissions = permissions - 'user:read' WHERE name = 'support'").await;
    assert_eq!(support.run(users).await.codes(), ["FORBIDDEN"]);
    app.maintain("DELETE FROM user_roles WHERE role_id = (SELECT id FROM roles WHERE name = 'support')").await;
    assert_eq!(support.run("{ tickets { totalCount } }").await.codes(), ["FORBIDDEN"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_hash_is_replaced_at_sign_in_and_a_current_one_is_kept() {
    let app = App::demo().await;
    let hash = "SELECT password_hash AS value FROM users WHERE username = 'ada'";
    let current = text(&app, hash).await;
    app.user("ada").await;
    assert_eq!(text(&app, hash).await, current);

    let former = Pepper::read_all(PEPPERS.split_once(',').unwrap().1).unwrap();
    let old = Passwords::new(former, 4).unwrap().hash(PASSWORD).unwrap();
    assert!(old.starts_with("$sp$former$2b$04$"), "{old}");
    app.maintain(&format!("UPDATE users SET password_hash = '{old}' WHERE username = 'ada'")).await;
    sign_in(&app.anonymous(), "ada", "not the password").await;
    assert_eq!(text(&app, hash).await, old, "a wrong password replaces nothing");
    app.user("ada").await;
    let replaced = text(&app, hash).await;
    assert!(replaced.starts_with("$sp$test$2b$04$") && replaced != current, "{replaced}");
    app.user("ada").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_sign_ins_in_one_document_are_refused_before_any_of_them() {
    let app = App::demo().await;
    for count in [2, 30] {
        let login = r#"login(input: { login: "ada", password: "skypanel-demo-1" }) { token }"#;
        let fields: Vec<String> = (0..count).map(|at| format!("a{at}: {login}")).collect();
        let reply = app.anonymous().run(&format!("mutation {{ {} }}", fields.join(" "))).await;
        let code = if count == 2 { "GRAPHQL_VALIDATION_FAILED" } else { "QUERY_TOO_COMPLEX" };
        assert_eq!((reply.status.as_u16(), reply.codes()), (400, vec![code]), "{}", reply.body);
        assert_eq!(reply.body.get("data"), None);
    }
    assert!(rows(&app, "SELECT id FROM sessions").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_counts_in_the_authorization_header_alone() {
    let app = App::demo().await;
    let ada = app.user("ada").await;
    let token = ada.token.clone().unwrap();
    let url = format!(
        "/graphql?query=%7Bviewer%7Bid%7D%7D&token={token}&access_token={token}&authorization=Bearer%20{token}"
    );
    let get = Request::get(url).header("graphql-require-preflight", "1").body(Body::empty()).unwrap();
    let reply = app.send(get).await;
    assert_eq!((reply.status.as_u16(), &reply.body), (200, &json!({ "data": { "viewer": null } })));

    let mut both = ada.request("{ __typename }", &json!({}));
    both.headers_mut().insert(header::COOKIE, format!("__Host-skypanel={token}").parse().unwrap());
    let reply = app.send(both).await;
    assert_eq!((reply.status.as_u16(), reply.codes()), (400, vec!["BAD_USER_INPUT"]));
}
