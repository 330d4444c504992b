//! The states of an account, walked: every state, every event, everybody. What is expected is written down here once
//! more, as the design says it; the mutation, the row and `allowedActions` have to agree with it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::harness::{Actor, App};
use crate::rows::{fill, rows, text};
use crate::ticket_life::ahead;

const STATES: [&str; 4] = ["pending", "active", "suspended", "closed"];

/// An event, its input, the permission that it needs, and where it leads from each of [`STATES`]: for staff. `=` stays
/// and does something, `.` is satisfied, `-` is refused.
type Event = (&'static str, &'static str, &'static str, [&'static str; 4]);

const EVENTS: [Event; 8] = [
    ("updateUser", r#"id: "{bob}", lastName: "Adeyemi""#, "user:update", ["=", "=", "=", "-"]),
    ("suspendUser", r#"id: "{bob}", reason: "Spam.""#, "user:suspend", ["suspended", "suspended", ".", "-"]),
    ("reinstateUser", r#"id: "{bob}""#, "user:suspend", [".", ".", "pending", "-"]),
    ("activateUser", r#"id: "{bob}""#, "user:update", ["active", ".", "-", "-"]),
    ("closeUser", r#"id: "{bob}""#, "user:close", ["closed", "closed", "closed", "."]),
    ("reopenUser", r#"id: "{bob}""#, "user:close", [".", ".", ".", "suspended"]),
    ("assignRole", r#"userId: "{bob}", roleId: "{new}""#, "role:assign", ["=", "=", "=", "-"]),
    ("unassignRole", r#"userId: "{bob}", roleId: "{new}""#, "role:assign", ["=", "=", "=", "="]),
];

const SELECTION: &str = "{ user { id status } userErrors { code field transition { from event allowed } } }";

/// Puts the account into a state as if it had come there: it was pending, then suspended, then closed.
async fn place(app: &App, id: &str, state: &str) {
    let suspended = if ["suspended", "closed"].contains(&state) { "'pending'" } else { "NULL" };
    let closed = if state == "closed" { "('suspended', now())" } else { "(NULL, NULL)" };
    app.maintain(&format!(
        "UPDATE users SET status = '{state}', email_verified = {}, last_name = 'Okafor', suspended_from = {suspended}, \
         (closed_from, closed_at) = {closed}, suspension_reason = 'Spam.' WHERE id = '{id}'",
        state == "active"
    ))
    .await;
}

async fn row(app: &App, id: &str) -> Value {
    let held = "ARRAY(SELECT role_id FROM user_roles WHERE user_id = u.id ORDER BY 1)";
    rows(app, &format!("SELECT *, {held} AS held FROM users u WHERE id = '{id}'")).await.remove(0)
}

async fn actions(actor: &Actor<'_>, user: &str) -> BTreeMap<String, Value> {
    let asked = format!("{{ user(id: \"{user}\") {{ allowedActions {{ action allowed code requiredPermission }} }} }}");
    let reply = actor.run(&asked).await;
    let list = reply.ok()["user"]["allowedActions"].as_array().unwrap().clone();
    list.into_iter().map(|action| (action["action"].as_str().unwrap().to_owned(), action)).collect()
}

/// Bob, whom nothing keeps from being closed; his id, and that of the API.
async fn bob(app: &App) -> (String, String) {
    app.maintain(
        "UPDATE servers SET status = 'terminated', deleted_at = now() WHERE user_id = (SELECT id FROM users WHERE username = 'bob'); \
         UPDATE invoices SET status = 'cancelled' WHERE status IN ('pending', 'overdue') AND user_id = (SELECT id FROM users WHERE username = 'bob'); \
         UPDATE transactions SET status = 'failed' WHERE kind IN ('credit', 'adjustment', 'usage') OR gateway = 'credit'",
    )
    .await;
    let id = text(app, "SELECT id::text AS value FROM users WHERE username = 'bob'").await;
    let user = format!("usr_{}", id.replace('-', ""));
    (id, user)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_state_and_event_by_everybody() {
    let app = App::demo().await;
    let (id, user) = bob(&app).await;
    app.maintain(
        "INSERT INTO roles (id, name, permissions) VALUES ('00000000-0000-7000-8000-0000000000aa', 'new', '[]')",
    )
    .await;
    let new = "rol_000000000000700080000000000000aa";
    let everything = ["user:read", "user:update", "user:suspend", "user:close", "role:assign"];
    let mut walkers = vec![(app.user("admin").await, vec!["*"])];
    // Staff who lack one permission each.
    for lacks in &everything[1..] {
        let held: Vec<&str> = everything.iter().filter(|name| *name != lacks).copied().collect();
        walkers.push((app.staff(&held).await, held));
    }
    for (actor, held) in &walkers {
        for (event, input, permission, outcomes) in EVENTS {
            for (state, outcome) in STATES.iter().zip(outcomes) {
                let at = format!("{event} of {state} with {held:?}");
                place(&app, &id, state).await;
                let holds = if event == "unassignRole" {
                    "INSERT INTO user_roles (user_id, role_id) SELECT"
                } else {
                    "DELETE FROM user_roles WHERE (user_id, role_id) = (SELECT"
                };
                let end = if event == "unassignRole" { "ON CONFLICT DO NOTHING" } else { ")" };
                app.maintain(&format!("{holds} '{id}'::uuid, '00000000-0000-7000-8000-0000000000aa'::uuid {end}"))
                    .await;
                let before = row(&app, &id).await;
                let told = actions(actor, &user).await[event].clone();
                assert_eq!(told["requiredPermission"], permission, "{at}");
                let input = input.replace("{bob}", &user).replace("{new}", new);
                let reply = actor.run(&format!("mutation {{ it: {event}(input: {{ {input} }}) {SELECTION} }}")).await;
                let after = row(&app, &id).await;
                let nothing = |code: &str| {
                    assert_eq!((&told["allowed"], &told["code"]), (&json!(false), &json!(code)), "{at}");
                    assert_eq!(after, before, "{at}");
                };
                if !held.contains(&permission) && !held.contains(&"*") {
                    assert_eq!(reply.codes(), ["FORBIDDEN"], "{at}: {}", reply.body);
                    nothing("PERMISSION_REQUIRED");
                    continue;
                }
                let payload = &reply.ok()["it"];
                match outcome {
                    "-" => {
                        let error = &payload["userErrors"][0];
                        assert_eq!(error["code"], "INVALID_TRANSITION", "{at}: {}", reply.body);
                        assert_eq!(error["transition"]["from"], state.to_uppercase(), "{at}");
                        assert!(!error["transition"]["allowed"].as_array().unwrap().contains(&json!(event)), "{at}");
                        nothing("INVALID_TRANSITION");
                    }
                    "." => {
                        assert_eq!(payload["userErrors"], json!([]), "{at}");
                        nothing("INVALID_TRANSITION");
                    }
                    outcome => {
                        let target = if outcome == "=" { state } else { outcome };
                        assert_eq!(payload["userErrors"], json!([]), "{at}: {}", reply.body);
                        assert_eq!((&told["allowed"], &told["code"]), (&json!(true), &Value::Null), "{at}");
                        assert_eq!(after["status"], target, "{at}");
                        assert_eq!(payload["user"]["status"], target.to_uppercase(), "{at}");
                        assert_ne!(after, before, "{at}");
                    }
                }
            }
        }
    }
}

/// The table of the program has these events and no others.
#[tokio::test]
async fn an_account_tells_of_every_event() {
    let app = App::demo().await;
    let admin = app.user("admin").await;
    let ask = "{ viewer { allowedActions { action } } users(first: 1) { nodes { allowedActions { action } } } }";
    let reply = admin.run(ask).await;
    let told = |pointer: &str| -> Vec<String> {
        let list = reply.data(pointer).as_array().unwrap().iter();
        list.map(|action| action["action"].as_str().unwrap().to_owned()).collect()
    };
    let events: Vec<&str> = EVENTS.iter().map(|(event, ..)| *event).collect();
    assert_eq!(told("/users/nodes/0/allowedActions"), events);
    let own: Vec<&str> = events.into_iter().chain(["revokeOtherSessions"]).collect();
    assert_eq!(told("/viewer/allowedActions"), own);
}

/// Pending, suspended, closed: and back the same way.
#[tokio::test]
async fn an_account_returns_to_where_it_was() {
    let app = App::demo().await;
    let (id, user) = bob(&app).await;
    let admin = app.user("admin").await;
    place(&app, &id, "pending").await;
    let act = async |event: &str, more: &str| {
        let reply = admin.run(&format!("mutation {{ it: {event}(input: {{ id: \"{user}\"{more} }}) {{ user {{ status accountSuspensionReason }} userErrors {{ code }} }} }}")).await;
        reply.ok()["it"]["user"].clone()
    };
    let is = |status: &str, reason: Value| json!({ "status": status, "accountSuspensionReason": reason });
    assert_eq!(act("suspendUser", ", reason: \"Spam.\"").await, is("SUSPENDED", json!("Spam.")));
    assert_eq!(act("closeUser", "").await, is("CLOSED", json!("Spam.")));
    assert_eq!(act("reopenUser", "").await, is("SUSPENDED", json!("Spam.")));
    assert_eq!(act("reinstateUser", "").await, is("PENDING", Value::Null));
    assert_eq!(act("activateUser", "").await, is("ACTIVE", Value::Null));
    assert_eq!(row(&app, &id).await["email_verified"], true);
    act("closeUser", "").await;
    ahead(&app, "29 days 23 hours").await;
    assert_eq!(actions(&admin, &user).await["reopenUser"]["allowed"], true);
    ahead(&app, "30 days 1 hour").await;
    assert_eq!(actions(&admin, &user).await["reopenUser"]["code"], "EXPIRED");
    assert_eq!(act("reopenUser", "").await, Value::Null);
}

/// What stands in the way of the end of an account, one after another.
#[tokio::test]
async fn an_account_is_closed_when_nothing_is_left_of_it() {
    let app = App::demo().await;
    let ada = app.user("ada").await;
    let other = app.user("ada").await;
    let me = fill(&app, "\"{usr}\"").await;
    let close = async |more: &str| {
        let reply = ada.run(&format!("mutation {{ it: closeUser(input: {{ id: {me}{more} }}) {{ user {{ id }} consequences {{ kind summary }} userErrors {{ code field }} }} }}")).await;
        reply.ok()["it"].clone()
    };
    let refused = |code: &str, field: Option<&str>| json!([{ "code": code, "field": field.map(|field| vec![field]) }]);
    assert_eq!(close("").await["userErrors"], refused("WRONG_CREDENTIALS", Some("password")));
    assert_eq!(close(", password: \"wrong\"").await["userErrors"], refused("WRONG_CREDENTIALS", Some("password")));
    let right = ", password: \"skypanel-demo-1\"";
    assert_eq!(close(right).await["userErrors"], refused("IN_USE", None));
    app.maintain("UPDATE servers SET status = 'terminated', deleted_at = now()").await;
    assert_eq!(close(right).await["userErrors"], refused("OUTSTANDING", None));
    app.maintain("UPDATE invoices SET status = 'cancelled' WHERE status IN ('pending', 'overdue')").await;
    assert_eq!(close(right).await["userErrors"], refused("OUTSTANDING", Some("forfeitCredit")));
    let closed = close(&format!("{right}, forfeitCredit: true")).await;
    assert_eq!(closed["userErrors"], json!([]));
    assert_eq!(closed["consequences"], json!([{ "kind": "SESSION_ENDED", "summary": "2 devices are signed out." }]));
    assert_eq!(other.run("{ __typename }").await.status, 401);
    assert_eq!(ada.run("{ __typename }").await.status, 401);
}

#[tokio::test]
async fn who_cannot_answer_any_more_has_no_tickets() {
    for end in [
        r#"suspendUser(input: { id: "{sam}", reason: "Gone." })"#,
        r#"closeUser(input: { id: "{sam}" })"#,
        r#"unassignRole(input: { userId: "{sam}", roleId: "{role}" })"#,
        r#"updateRole(input: { id: "{role}", permissions: ["ticket:read"] })"#,
    ] {
        let app = App::demo().await;
        let boss = app.staff(&["*"]).await;
        let sam = app.user("support").await;
        app.maintain(
            "UPDATE tickets SET assigned_to = NULL; \
             UPDATE tickets t SET assigned_to = (SELECT id FROM users WHERE username = 'support'), closed_at = NULL, merged_into = NULL, \
                 status = (ARRAY['open', 'in_progress', 'waiting_customer', 'on_hold', 'resolved'])[n], response_due_at = NULL, \
                 resolution_due_at = NULL, resolution_seconds_left = NULL \
             FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM tickets) AS numbered WHERE numbered.id = t.id AND n <= 5",
        )
        .await;
        let id = |table: &str| format!("SELECT replace(id::text, '-', '') AS value FROM {table}");
        let user = format!("usr_{}", text(&app, &id("users WHERE username = 'support'")).await);
        let role = format!("rol_{}", text(&app, &id("roles WHERE name = 'support'")).await);
        let end = end.replace("{sam}", &user).replace("{role}", &role);
        let reply = boss
            .run(&format!(
                "mutation {{ it: {end} {{ consequences {{ kind subject {{ __typename }} }} userErrors {{ code }} }} }}"
            ))
            .await;
        assert_eq!(reply.ok()["it"]["userErrors"], json!([]), "{end}");
        let told = reply.data("/it/consequences").as_array().unwrap();
        let ticket = json!({ "kind": "TICKET", "subject": { "__typename": "Ticket" } });
        assert_eq!(told.iter().filter(|one| **one == ticket).count(), 5, "{end}: {told:?}");
        let left = "SELECT status FROM tickets WHERE id IN (SELECT subject_id FROM audit_events WHERE subject_kind = 'tkt') AND assigned_to IS NULL ORDER BY status";
        let statuses: Vec<Value> = rows(&app, left).await.iter_mut().map(|row| row["status"].take()).collect();
        assert_eq!(json!(statuses), json!(["on_hold", "open", "open", "resolved", "waiting_customer"]), "{end}");
        let assigned = "SELECT 1 AS one FROM tickets WHERE assigned_to IS NOT NULL";
        assert_eq!(rows(&app, assigned).await, [] as [Value; 0], "{end}");
        // Of an account that ends, every device is signed out at once.
        let ended = end.starts_with("suspend") || end.starts_with("close");
        assert_eq!(sam.run("{ __typename }").await.status == 401, ended, "{end}");
    }
}

#[tokio::test]
async fn nobody_suspends_or_activates_himself() {
    let app = App::demo().await;
    let staff = app.staff(&["user:read", "user:suspend", "user:update"]).await;
    let me = staff.run("{ viewer { id } }").await.data("/viewer/id").clone();
    let suspend =
        format!("mutation {{ it: suspendUser(input: {{ id: {me}, reason: \"a\" }}) {{ userErrors {{ code }} }} }}");
    assert_eq!(staff.run(&suspend).await.ok()["it"]["userErrors"], json!([{ "code": "NOT_ALLOWED_ON_SELF" }]));
    app.maintain(&format!(
        "UPDATE users SET status = 'pending' WHERE id::text = replace(substr({}, 5), '-', '')::uuid::text",
        me.to_string().replace('"', "'")
    ))
    .await;
    let activate = format!("mutation {{ it: activateUser(input: {{ id: {me} }}) {{ userErrors {{ code }} }} }}");
    assert_eq!(staff.run(&activate).await.ok()["it"]["userErrors"], json!([{ "code": "NOT_ALLOWED_ON_SELF" }]));
    assert_eq!(actions(&staff, me.as_str().unwrap()).await["activateUser"]["code"], "NOT_ALLOWED_ON_SELF");
}
