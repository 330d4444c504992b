//! The way in which everything is changed: said once, kept once, done once, and undone without a trace.

use std::collections::{BTreeMap, BTreeSet};

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{FieldDefinition, TypeKind, TypeSystemDefinition};
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::harness::App;
use crate::rows::{fill, rows, text, values};

/// The mutations of the schema.
pub fn mutations() -> Vec<FieldDefinition> {
    let schema = parse_schema(skypanel::graphql::sdl()).unwrap();
    let root = schema.definitions.into_iter().find_map(|definition| match definition {
        TypeSystemDefinition::Type(ty) if ty.node.name.node == "Mutation" => match ty.node.kind {
            TypeKind::Object(object) => Some(object),
            _ => None,
        },
        _ => None,
    });
    root.unwrap().fields.into_iter().map(|field| field.node).collect()
}

/// What a mutation says of its effect: kind, and what undoes it.
fn effect(field: &FieldDefinition) -> (String, Option<String>) {
    let effect = field.directives.iter().find(|directive| directive.node.name.node == "effect");
    let effect = effect.unwrap_or_else(|| panic!("{} does not say what it does", field.name.node));
    let argument = |name| effect.node.get_argument(name).map(|value| value.node.to_string());
    (argument("kind").unwrap(), argument("undo").map(|undo| undo.trim_matches('"').to_owned()))
}

#[test]
fn a_mutation_is_a_command_of_its_own_name_and_says_what_it_does() {
    let commands: BTreeMap<&str, &str> =
        skypanel::graphql::commands().map(|(field, command)| (field, command.name)).collect();
    let fields = mutations();
    let names: BTreeSet<&str> = fields.iter().map(|field| field.name.node.as_str()).collect();
    assert_eq!(commands.keys().copied().collect::<BTreeSet<_>>(), names);
    for (field, name) in commands {
        assert_eq!(field, name);
    }
    for field in &fields {
        let (kind, undo) = effect(field);
        let rehearses = field.arguments.iter().any(|argument| argument.node.name.node == "dryRun");
        assert_eq!(rehearses, kind != "SESSION", "{}", field.name.node);
        if let Some(undo) = undo {
            assert!(names.contains(undo.as_str()), "{} is undone by {undo}, which is not there", field.name.node);
        } else {
            assert!(!["REVERSIBLE", "DELAYED"].contains(&kind.as_str()), "nothing undoes {}", field.name.node);
        }
    }
}

/// The input of each mutation that can be rehearsed, for [`fill`], what is selected of its payload, and what the ticket
/// has to be for it.
const REHEARSED: &[(&str, &str, &str, &str)] = &[
    ("replyToTicket", r#"id: "{tkt}", content: "Good news.""#, WRITTEN, "open"),
    ("addTicketNote", r#"id: "{tkt}", content: "Not for her.""#, WRITTEN, "open"),
    ("assignTicket", r#"id: "{tkt}", userId: "{sam}""#, TICKET, "open"),
    ("unassignTicket", r#"id: "{tkt}""#, TICKET, "in_progress"),
    ("startTicketWork", r#"id: "{tkt}""#, TICKET, "open"),
    ("holdTicket", r#"id: "{tkt}", reason: "Waits.""#, TICKET, "open"),
    ("resumeTicket", r#"id: "{tkt}""#, TICKET, "on_hold"),
    ("resolveTicket", r#"id: "{tkt}""#, TICKET, "open"),
    ("closeTicket", r#"id: "{tkt}""#, TICKET, "open"),
    ("reopenTicket", r#"id: "{tkt}""#, TICKET, "closed"),
    (
        "createTicket",
        r#"subject: "Mail", content: "It bounces.", departmentId: "{dep}", serverId: "{srv}", userId: "{usr}""#,
        OPENED,
        "open",
    ),
    ("updateTicket", r#"id: "{tkt}", subject: "Reverse DNS", priority: URGENT"#, OPENED, "open"),
    ("mergeTickets", r#"id: "{tkt}", intoId: "{mtk}""#, MERGED, "on_hold"),
    ("unmergeTickets", r#"id: "{tkt}""#, TICKET, "merged"),
    ("createDepartment", r#"slug: "mail", name: "Mail""#, DEPARTMENT, "open"),
    ("updateDepartment", r#"id: "{dep}", name: "Machines", isPublic: false"#, DEPARTMENT, "open"),
    ("createCannedReply", r#"name: "A", content: "B", departmentId: "{dep}""#, CANNED, "open"),
    ("updateCannedReply", r#"id: "{can}", name: "C", departmentId: null"#, CANNED, "open"),
    ("deleteCannedReply", r#"id: "{can}""#, "cannedReplyId", "open"),
];

const TICKET: &str = "ticket { id revision status updatedAt closedAt responseDueAt holdReason assignedTo { displayName } \
    messages(first: 50) { totalCount nodes { id content } } allowedActions { action allowed code } }";
const WRITTEN: &str = "message { id content isInternal author { displayName } } \
    ticket { id revision status updatedAt responseDueAt messages(first: 50) { totalCount nodes { id content } } }";
const OPENED: &str = "ticket { id number subject priority status lastMessageAt responseDueAt resolutionDueAt department { slug } \
    server { name } user { email } messages(first: 50) { totalCount nodes { id content author { displayName } } } }";
const MERGED: &str = "ticket { id status messages(first: 50) { totalCount } mergedInto { number } } \
    into { id status lastMessageAt messages(first: 50) { totalCount nodes { id content ticket { id } } } }";
const CANNED: &str = "cannedReply { id revision name content department { slug } }";
const DEPARTMENT: &str =
    "department { id revision slug name isPublic targets { priority responseMinutes resolutionMinutes } }";

/// Those that are not about a ticket, and are rehearsed with what they are about.
const ELSEWHERE: [&str; 1] = ["retryMail"];

/// All rows of all tables, and what a rehearsal must not touch beside them.
pub async fn everything(app: &App) -> Vec<Value> {
    let tables = "SELECT table_name::text AS value FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name !~ '^__' ORDER BY 1";
    let mut all = Vec::new();
    for table in values(app, tables).await {
        let table = table.as_str().unwrap();
        // The use of a session is noted beside whatever is asked with it.
        let rest = if table == "sessions" { "id, user_id, token, expires_at" } else { "*" };
        let digest = format!(
            "SELECT '{table}' AS name, count(*) AS rows, md5(string_agg(t::text, E'\\n' ORDER BY t::text)) AS digest FROM (SELECT {rest} FROM {table}) AS t"
        );
        all.extend(rows(app, &digest).await);
    }
    all
}

/// An answer without what differs from one time to the next: ids of what is new, and times.
pub fn timeless(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| match name.as_str() {
                "updatedAt" | "createdAt" | "closedAt" | "lastMessageAt" | "responseDueAt" | "resolutionDueAt" => {
                    (name.clone(), json!(!value.is_null()))
                }
                _ => (name.clone(), timeless(value)),
            })
            .collect(),
        Value::Array(values) => values.iter().map(timeless).collect(),
        Value::String(text)
            if ["msg_", "dep_", "tkt_", "can_", "T-", "usr_", "rol_"].iter().any(|prefix| text.starts_with(prefix)) =>
        {
            json!(text[..2])
        }
        value => value.clone(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_answers_like_the_change_and_leaves_nothing() {
    let app = App::demo().await;
    let admin = app.user("admin").await;
    let sam =
        text(&app, "SELECT 'usr_' || replace(id::text, '-', '') AS value FROM users WHERE username = 'support'").await;
    let people = crate::people::REHEARSED.iter().map(|(name, ..)| *name);
    let named: Vec<&str> = REHEARSED.iter().map(|(name, ..)| *name).chain(people).collect();
    let fields = mutations();
    let rehearsing =
        fields.iter().filter(|field| field.arguments.iter().any(|argument| argument.node.name.node == "dryRun"));
    for field in rehearsing {
        let name = field.name.node.as_str();
        assert!(named.contains(&name) || ELSEWHERE.contains(&name), "{name} is new: rehearse it");
    }
    for (name, input, selection, state) in REHEARSED {
        // What was merged stays so: the row before merged it.
        if *state != "merged" {
            let closed = if *state == "closed" { "now()" } else { "NULL" };
            let due = if *state == "closed" { "NULL" } else { "now() + interval '1 hour'" };
            app.maintain(&format!(
                "UPDATE tickets SET status = '{state}', closed_at = {closed}, hold_reason = NULL, response_due_at = {due}, \
                 resolution_due_at = NULL, resolution_seconds_left = NULL, merged_into = NULL, before_merge = NULL, \
                 subject = 'Reverse DNS for the web server' WHERE number = (SELECT number FROM tickets WHERE subject LIKE 'Reverse DNS%')"
            ))
            .await;
        }
        let input = fill(&app, &input.replace("{sam}", &sam)).await;
        let document = |dry: bool| {
            format!(
                "mutation {{ {name}(input: {{ {input} }}, dryRun: {dry}) {{ {selection} \
                 consequences {{ kind summary subject {{ __typename id }} }} userErrors {{ code }} }} }}"
            )
        };
        let before = everything(&app).await;
        let rehearsed = admin.run(&document(true)).await;
        assert_eq!(rehearsed.ok()[*name]["userErrors"], json!([]), "{name}");
        assert_eq!(everything(&app).await, before, "{name} was rehearsed, and something stayed");
        let done = admin.run(&document(false)).await;
        assert_eq!(timeless(rehearsed.ok()), timeless(done.ok()), "{name}");
        assert_ne!(everything(&app).await, before, "{name} was done, and nothing came of it");
    }
}

#[tokio::test]
async fn a_request_rehearses_once_and_what_comes_after_is_real() {
    let app = App::demo().await;
    let support = app.user("support").await;
    let ticket = fill(&app, "\"{tkt}\"").await;
    let hold = |dry: bool| {
        format!(
            "holdTicket(input: {{ id: {ticket}, reason: \"a\" }}, dryRun: {dry}) {{ ticket {{ status }} userErrors {{ code }} }}"
        )
    };
    let close = |dry: bool| format!("closeTicket(input: {{ id: {ticket} }}, dryRun: {dry}) {{ ticket {{ status }} }}");
    let reply = support.run(&format!("mutation {{ {} {} }}", close(true), hold(true))).await;
    assert_eq!(reply.data("/closeTicket/ticket/status"), "CLOSED");
    assert_eq!(reply.codes(), ["BAD_USER_INPUT"]);
    let state = || text(&app, "SELECT status AS value FROM tickets WHERE subject = 'Reverse DNS for the web server'");
    assert_eq!(state().await, "on_hold");
    let reply = support.run(&format!("mutation {{ {} real: {} }}", close(true), close(false))).await;
    assert_eq!(reply.ok()["real"]["ticket"]["status"], "CLOSED");
    assert_eq!(state().await, "closed");
}

/// What happened is kept: who, what, to what, before and after; and what has to leave, with it.
#[tokio::test]
async fn a_change_is_kept_with_what_it_sets_off() {
    let app = App::demo().await;
    let support = app.user("support").await;
    let ticket = fill(&app, "\"{tkt}\"").await;
    let document = format!(
        "mutation {{ replyToTicket(input: {{ id: {ticket}, content: \"Secret words.\" }}) {{ message {{ id }} consequences {{ kind summary subject {{ __typename ... on TicketMessage {{ content }} }} }} }} }}"
    );
    let reply = support.run(&document).await;
    let told = &reply.ok()["replyToTicket"]["consequences"];
    let subject = json!({ "__typename": "TicketMessage", "content": "Secret words." });
    assert_eq!(told, &json!([{ "kind": "MAIL", "summary": "The customer is told by mail.", "subject": subject }]));

    let events = rows(
        &app,
        "SELECT u.username, action, subject_kind, fields, changes, request_id <> '' AS named, \
                digest = encode(sha256(convert_to(salt::text || changes::text, 'UTF8')), 'hex') AS holds \
         FROM audit_events e JOIN audit_details d ON d.event_id = e.id LEFT JOIN users u ON u.id = actor_id ORDER BY e.id",
    )
    .await;
    let [changed, written] = &events[..] else { panic!("{events:?}") };
    for (event, kind) in [(changed, "tkt"), (written, "msg")] {
        assert_eq!(
            (&event["username"], &event["action"], &event["subject_kind"]),
            (&json!("support"), &json!("replyToTicket"), &json!(kind))
        );
        assert_eq!((&event["named"], &event["holds"]), (&json!(true), &json!(true)));
    }
    assert_eq!(changed["fields"], json!(["status", "holdReason"]));
    assert_eq!(changed["changes"][0], json!({ "field": "status", "before": "ON_HOLD", "after": "WAITING_CUSTOMER" }));

    let outbox = rows(&app, "SELECT kind, topic, payload, summary, subject_kind FROM outbox").await;
    let letter = json!({ "kind": "mail", "topic": "mail", "payload": { "template": "ticket_reply", "to": "customer" }, "summary": "The customer is told by mail.", "subject_kind": "msg" });
    assert_eq!(outbox, [letter]);
}

#[tokio::test]
async fn what_happened_is_only_ever_added_to() {
    let app = App::demo().await;
    let support = app.user("support").await;
    let document = fill(&app, r#"mutation { closeTicket(input: { id: "{tkt}" }) { ticket { id } } }"#).await;
    support.run(&document).await.ok();
    let owner = crate::harness::Plain::connect(&app.database.owner_url).await;
    for change in
        ["UPDATE audit_events SET action = 'nothing'", "DELETE FROM audit_events", "TRUNCATE audit_events CASCADE"]
    {
        for role in ["", "SET LOCAL ROLE app_maintenance;"] {
            assert_eq!(owner.run(&format!("BEGIN; {role} {change}")).await, Err("42501".to_owned()), "{role} {change}");
            owner.run("ROLLBACK").await.unwrap();
        }
    }
}

const KEYED: &str = "mutation ($id: ID!, $content: String!, $key: String) { replyToTicket(input: { id: $id, content: $content, idempotencyKey: $key }) { message { id content } consequences { summary } userErrors { code } } }";

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_times_the_same_key_is_once() {
    let app = App::demo().await;
    let ada = app.user("ada").await;
    let id: Value = serde_json::from_str(&fill(&app, "\"{tkt}\"").await).unwrap();
    let variables = json!({ "id": id, "content": "Once.", "key": "k-1" });
    let replies = join_all((0..200).map(|_| ada.run_with(KEYED, variables.clone()))).await;
    let mut answers = BTreeSet::new();
    for reply in &replies {
        match reply.codes()[..] {
            [] => drop(answers.insert(reply.ok()["replyToTicket"].to_string())),
            ["IDEMPOTENCY_IN_PROGRESS" | "OVERLOADED"] => {}
            _ => panic!("{}", reply.body),
        }
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
    let written = "SELECT count(*)::int AS value FROM ticket_messages WHERE content = 'Once.'";
    assert_eq!(values(&app, written).await, [json!(1)]);

    // The same again is the stored answer, another input is refused, another person has keys of his own.
    let again = ada.run_with(KEYED, variables).await;
    assert_eq!(answers.iter().next().unwrap(), &again.ok()["replyToTicket"].to_string());
    let other = ada.run_with(KEYED, json!({ "id": id, "content": "Twice.", "key": "k-1" })).await;
    assert_eq!(other.codes(), ["IDEMPOTENCY_KEY_REUSED"]);
    let support = app.user("support").await;
    let reply = support.run_with(KEYED, json!({ "id": id, "content": "Once.", "key": "k-1" })).await;
    assert_eq!(reply.ok()["replyToTicket"]["userErrors"], json!([]));
    for key in ["", "ä", &"k".repeat(256), "a\nb"] {
        let reply = ada.run_with(KEYED, json!({ "id": id, "content": "x", "key": key })).await;
        assert_eq!(reply.codes(), ["BAD_USER_INPUT"], "{key:?}");
    }
}

/// What failed left nothing, not even the key; a refused one may be tried again with it.
#[tokio::test]
async fn a_key_of_a_change_that_failed_is_free() {
    let app = App::demo().await;
    let ada = app.user("ada").await;
    let id: Value = serde_json::from_str(&fill(&app, "\"{tkt}\"").await).unwrap();
    let variables = json!({ "id": id, "content": "Once.", "key": "k-2" });
    app.maintain(
        "UPDATE tickets SET status = 'closed', closed_at = now() WHERE subject = 'Reverse DNS for the web server'",
    )
    .await;
    let refused = ada.run_with(KEYED, variables.clone()).await;
    assert_eq!(refused.ok()["replyToTicket"]["userErrors"][0]["code"], "INVALID_TRANSITION");
    app.maintain(
        "UPDATE tickets SET status = 'open', closed_at = NULL WHERE subject = 'Reverse DNS for the web server'",
    )
    .await;
    let reply = ada.run_with(KEYED, variables).await;
    assert_eq!(reply.ok()["replyToTicket"]["message"]["content"], "Once.");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_times_the_same_transition_happens_once() {
    let app = App::demo().await;
    let support = app.user("support").await;
    let document =
        fill(&app, r#"mutation { closeTicket(input: { id: "{tkt}" }) { ticket { status } userErrors { code } } }"#)
            .await;
    let replies = join_all((0..200).map(|_| support.run(&document))).await;
    for reply in replies.iter().filter(|reply| reply.codes() != ["OVERLOADED"]) {
        assert_eq!(reply.ok()["closeTicket"], json!({ "ticket": { "status": "CLOSED" }, "userErrors": [] }));
    }
    let kept = "SELECT count(*)::int AS value FROM audit_events WHERE action = 'closeTicket'";
    assert_eq!(values(&app, kept).await, [json!(1)]);
}

/// One transaction before the payload, which reads in a constant number of statements.
#[tokio::test]
async fn a_change_costs_one_transaction() {
    let app = App::demo().await;
    let support = app.user("support").await;
    let change = |selection: &str| {
        format!("mutation {{ replyToTicket(input: {{ id: \"{{tkt}}\", content: \"a\" }}) {{ {selection} }} }}")
    };
    let bare = fill(&app, &change("userErrors { code }")).await;
    support.run(&bare).await.ok();
    // BEGIN and authentication, the ticket, the time, its change, the message, the event, the letter, the end.
    let (_, statements) = support.measure(&bare).await;
    assert_eq!(statements, 9);
    let whole = fill(
        &app,
        &change(
            "userErrors { code } message { author { displayName } } ticket { openedBy { displayName } user { email } }",
        ),
    )
    .await;
    support.run(&whole).await.ok();
    let (_, statements) = support.measure(&whole).await;
    assert_eq!(statements, 9 + 2 + 4 + 1);
}
