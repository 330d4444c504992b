//! When a session is alive: one definition, wherever somebody asks.

use serde_json::{Value, json};
use skypanel::db::unit::TokenDigest;
use skypanel::seed::PASSWORD;

use crate::cancellation::polled;
use crate::harness::{Actor, App, Options};
use crate::rows::{rows, text};

/// The id of an actor's own session.
async fn own_session(actor: &Actor<'_>) -> String {
    let reply = actor.run("{ viewer { sessions(first: 100) { nodes { id isCurrent } } } }").await;
    let nodes = reply.data("/viewer/sessions/nodes").as_array().unwrap();
    let own = nodes.iter().find(|node| node["isCurrent"] == true).unwrap();
    own["id"].as_str().unwrap().to_owned()
}

/// Changes one session behind the program's back.
async fn change(app: &App, actor: &Actor<'_>, change: &str) {
    app.activity.flush_all(&app.pool).await.unwrap();
    app.maintain(&format!("UPDATE sessions SET {change} WHERE token = '{}'", actor.digest())).await;
}

async fn listed(actor: &Actor<'_>, user: &str) -> Vec<String> {
    let document = "query ($search: String!) { users(first: 1, filter: { search: $search }) { nodes { sessions(first: 100) { totalCount nodes { id } } } } }";
    let reply = actor.run_with(document, json!({ "search": user })).await;
    let sessions = reply.data("/users/nodes/0/sessions");
    let ids: Vec<String> =
        sessions["nodes"].as_array().unwrap().iter().map(|node| node["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(sessions["totalCount"], ids.len(), "{user}");
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_session_is_in_no_list_no_count_and_under_no_id() {
    let app = App::demo().await;
    let admin = app.user("admin").await;
    for (name, dead) in [
        ("ada", "last_activity = now() - interval '25 hours'"),
        ("ada", "expires_at = now() - interval '1 second'"),
        ("support", "last_activity = now() - interval '31 minutes'"),
        ("support", "created_at = now() - interval '13 hours'"),
    ] {
        let (one, other) = (app.user(name).await, app.user(name).await);
        let (kept, ended) = (own_session(&one).await, own_session(&other).await);
        change(&app, &other, dead).await;
        assert_eq!(other.run("{ viewer { id } }").await.status, 401, "{name}: {dead}");
        let own = one.run("{ viewer { sessions { totalCount nodes { id } } } }").await;
        assert_eq!(
            own.ok()["viewer"]["sessions"],
            json!({ "totalCount": 1, "nodes": [{ "id": kept }] }),
            "{name}: {dead}"
        );
        assert_eq!(listed(&admin, name).await, [kept.as_str()], "{name}: {dead}");
        for asker in [&one, &admin] {
            let node = asker.run_with("query ($id: ID!) { node(id: $id) { id } }", json!({ "id": ended })).await;
            assert_eq!(node.ok()["node"], Value::Null, "{name}: {dead}");
        }
        let revoke = "mutation ($id: ID!) { revokeSession(input: { id: $id }) { sessionId } }";
        assert_eq!(admin.run_with(revoke, json!({ "id": ended })).await.codes(), ["NOT_FOUND"], "{name}: {dead}");
        let others = one.run("mutation { revokeOtherSessions { revokedCount } }").await;
        assert_eq!(others.ok()["revokeOtherSessions"]["revokedCount"], 0, "{name}: {dead}");
        app.maintain(&format!("DELETE FROM sessions WHERE user_id = (SELECT id FROM users WHERE username = '{name}')"))
            .await;
    }
    // Whoever may not sign in has no session.
    app.user("bob").await;
    assert_eq!(listed(&admin, "bob").await.len(), 1);
    app.maintain("UPDATE users SET status = 'suspended' WHERE username = 'bob'").await;
    assert_eq!(listed(&admin, "bob").await, [""; 0]);
}

/// What was used within the last minute is not written yet, and counts.
#[tokio::test(flavor = "multi_thread")]
async fn the_use_of_a_session_counts_when_it_happens() {
    let app = App::demo().await;
    for (name, too_idle) in [("support", "30 minutes"), ("ada", "24 hours")] {
        let actor = app.user(name).await;
        actor.run("{ viewer { id } }").await.ok();
        // As if all that the database knows of were the sign-in.
        app.maintain(&format!(
            "UPDATE sessions SET last_activity = now() - interval '{too_idle}' WHERE token = '{}'",
            actor.digest()
        ))
        .await;
        actor.run("{ viewer { id } }").await.ok();
        assert_eq!(
            app.activity.flush(&app.pool).await.unwrap(),
            1,
            "{name}: a use older than a minute is written at once"
        );
        let other = App::over(
            crate::harness::cluster::Database { owner_url: String::new(), pool_url: app.database.pool_url.clone() },
            &app.database.pool_url,
            Options::default(),
        );
        let elsewhere = Actor { app: &other, token: actor.token.clone() };
        elsewhere.run("{ viewer { id } }").await.ok();
        // Nobody's use is kept from being forgotten: idle is idle.
        change(&app, &actor, &format!("last_activity = now() - interval '{too_idle}'")).await;
        assert_eq!(actor.run("{ viewer { id } }").await.status, 401, "{name}");
    }
}

/// The job that writes uses is dropped with the program, wherever it is just then.
#[tokio::test(flavor = "multi_thread")]
async fn a_flush_that_is_dropped_forgets_no_use() {
    let app = App::with(Options { pool_size: 1, ..Options::default() }).await;
    let ada = app.user("ada").await;
    let digest = TokenDigest(ada.digest());
    let stored = format!("SELECT last_activity::text AS value FROM sessions WHERE token = '{}'", digest.0);
    let (mut dropped, mut is_through) = (0, false);
    while !is_through {
        ada.run("{ viewer { id } }").await.ok();
        let latest = app.activity.latest(&digest).unwrap();
        is_through = polled(app.activity.flush_all(&app.pool), dropped).await.is_some();
        dropped += 1;
        // As the program does at its end.
        app.activity.flush_all(&app.pool).await.unwrap();
        let same =
            format!("SELECT (last_activity = '{latest}')::text AS value FROM sessions WHERE token = '{}'", digest.0);
        assert_eq!(text(&app, &same).await, "true", "{latest}, not {} ({dropped})", text(&app, &stored).await);
        assert_eq!(app.activity.latest(&digest), None, "what is written is forgotten");
    }
    assert!(dropped > 3, "{dropped} points");
}

#[tokio::test(flavor = "multi_thread")]
async fn ended_sessions_are_deleted_and_live_ones_are_not() {
    let app = App::demo().await;
    let (idle, expired, live, staff) =
        (app.user("ada").await, app.user("ada").await, app.user("ada").await, app.user("support").await);
    app.user("bob").await;
    app.maintain("UPDATE users SET status = 'closed' WHERE username = 'bob'").await;
    change(&app, &idle, "last_activity = now() - interval '25 hours'").await;
    change(&app, &expired, "expires_at = now()").await;
    // Just beyond the limit: a use may still be on its way to the database.
    change(&app, &staff, "last_activity = now() - interval '31 minutes'").await;
    assert_eq!(crate::jobs::run(&app, "end_sessions", None).await.done, 3);
    assert_eq!(rows(&app, "SELECT id FROM sessions").await.len(), 2);
    live.run("{ viewer { id } }").await.ok();
    change(&app, &staff, "last_activity = now() - interval '36 minutes'").await;
    assert_eq!(crate::jobs::run(&app, "end_sessions", None).await.done, 1);
    assert_eq!(crate::jobs::run(&app, "end_sessions", None).await.done, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_ends_the_session_that_it_came_with() {
    let app = App::demo().await;
    let login = "mutation ($login: String!, $password: String!) { login(input: { login: $login, password: $password }) \
        { token session { isCurrent } user { sessions { totalCount } } } }";
    let first = app.user("ada").await;
    let wrong = first.run_with(login, json!({ "login": "ada", "password": "not the password" })).await;
    assert_eq!(wrong.ok()["login"]["token"], Value::Null);
    first.run("{ viewer { id } }").await.ok();
    for login_as in ["ada", "bob"] {
        let old = app.user("ada").await;
        let reply = old.run_with(login, json!({ "login": login_as, "password": PASSWORD })).await;
        let payload = &reply.ok()["login"];
        assert_eq!(payload["session"]["isCurrent"], true);
        let token = Some(payload["token"].as_str().unwrap().to_owned());
        assert_eq!(old.run("{ viewer { id } }").await.status, 401, "{login_as}");
        Actor { app: &app, token }.run("{ viewer { id } }").await.ok();
    }
    first.run("{ viewer { id } }").await.ok();
}
