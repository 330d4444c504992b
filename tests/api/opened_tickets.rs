//! Opening tickets and changing what they are about: whose they are, what they owe, and what is told of them.

use serde_json::{Value, json};

use crate::harness::{Actor, App};
use crate::rows::{fill, rows, text};

const GENERAL: &str = "dep_00000000000070008000000000000001";
const TECHNICAL: &str = "dep_00000000000070008000000000000002";
const ABUSE: &str = "dep_00000000000070008000000000000005";

async fn open(actor: &Actor<'_>, more: Value) -> Value {
    let document = "mutation ($input: CreateTicketInput!) { it: createTicket(input: $input) { \
        ticket { number subject status priority department { slug } server { name } openedBy { displayName } \
            messages { nodes { content isInternal author { displayName } } } } \
        consequences { kind summary } userErrors { code field } } }";
    let mut input = json!({ "subject": "No mail", "content": "Since noon.", "departmentId": TECHNICAL });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    actor.run_with(document, json!({ "input": input })).await.body
}

async fn id(app: &App, prefix: &str, of: &str) -> String {
    text(app, &format!("SELECT '{prefix}_' || replace(id::text, '-', '') AS value FROM {of}")).await
}

#[tokio::test]
async fn a_customer_opens_a_ticket_with_its_first_message_and_its_times() {
    let app = App::demo().await;
    let ada = app.user("ada").await;
    let web = id(&app, "srv", "servers WHERE name = 'Web'").await;
    let more = json!({ "serverId": web, "priority": "URGENT", "idempotencyKey": "k" });
    let opened = open(&ada, more.clone()).await;
    let expected = json!({
        "number": "T-10011", "subject": "No mail", "status": "OPEN", "priority": "URGENT", "department": { "slug": "technical" },
        "server": { "name": "Web" }, "openedBy": { "displayName": "Ada Moreau" },
        "messages": { "nodes": [{ "content": "Since noon.", "isInternal": false, "author": { "displayName": "Ada Moreau" } }] },
    });
    assert_eq!(opened["data"]["it"], json!({ "ticket": expected, "consequences": [], "userErrors": [] }));
    assert_eq!(open(&ada, more).await, opened, "the same key opens nothing more");
    let owed = rows(
        &app,
        "SELECT (extract(epoch FROM response_due_at - created_at) / 60)::int AS response, \
                (extract(epoch FROM resolution_due_at - created_at) / 60)::int AS resolution, revision \
         FROM tickets WHERE subject = 'No mail'",
    );
    assert_eq!(owed.await, [json!({ "response": 15, "resolution": 120, "revision": 1 })]);
}

#[tokio::test]
async fn a_ticket_is_about_what_is_its_customer_s_and_for_whom_he_may_choose() {
    let app = App::demo().await;
    let (ada, support) = (app.user("ada").await, app.user("support").await);
    let vpn = id(&app, "srv", "servers WHERE name = 'VPN'").await;
    let nobodys = "srv_0190c6f07c4e7b1e9d586d1f5d0e2a11";
    let (bob, her) =
        (id(&app, "usr", "users WHERE username = 'bob'").await, id(&app, "usr", "users WHERE username = 'ada'").await);
    let refused = |field: &str| json!({ "data": { "it": { "ticket": null, "consequences": [], "userErrors": [{ "code": "NOT_FOUND", "field": [field] }] } } });
    assert_eq!(open(&ada, json!({ "serverId": vpn })).await, refused("serverId"));
    assert_eq!(open(&ada, json!({ "serverId": nobodys })).await, refused("serverId"));
    assert_eq!(open(&support, json!({ "serverId": vpn, "userId": her })).await, refused("serverId"));
    assert_eq!(open(&support, json!({ "serverId": vpn })).await, refused("serverId"), "support has no server");
    assert_eq!(open(&ada, json!({ "departmentId": ABUSE })).await, refused("departmentId"));
    let nobody = "usr_0190c6f07c4e7b1e9d586d1f5d0e2a11";
    assert_eq!(open(&support, json!({ "userId": nobody })).await, refused("userId"));
    // Bob sees that department on a ticket of his, and still cannot choose it.
    assert_eq!(open(&app.user("bob").await, json!({ "departmentId": ABUSE })).await, refused("departmentId"));
    let denied = open(&ada, json!({ "userId": bob })).await;
    assert_eq!(denied["errors"][0]["extensions"]["requiredPermission"], "ticket:create", "{denied}");
    assert_eq!(text(&app, "SELECT count(*)::text AS value FROM tickets").await, "10");

    let opened = open(&support, json!({ "serverId": vpn, "userId": bob, "departmentId": ABUSE })).await;
    let it = &opened["data"]["it"];
    assert_eq!(it["ticket"]["openedBy"]["displayName"], "Bob Okafor", "{opened}");
    assert_ne!(it["ticket"]["messages"]["nodes"][0]["author"]["displayName"], "Bob Okafor");
    assert_eq!(it["consequences"], json!([{ "kind": "MAIL", "summary": "The customer is told by mail." }]));
}

#[tokio::test]
async fn a_subject_is_one_line() {
    let app = App::demo().await;
    let ada = app.user("ada").await;
    let long = "a".repeat(201);
    for (subject, code) in [
        ("a\r\nBcc: everybody", "INVALID"),
        ("a\nb", "INVALID"),
        ("a\u{2028}b", "INVALID"),
        ("a\u{85}b", "INVALID"),
        ("\u{0}", "INVALID"),
        (" ", "INVALID"),
        (&long, "TOO_LONG"),
    ] {
        let refused = open(&ada, json!({ "subject": subject })).await;
        assert_eq!(refused["data"]["it"]["userErrors"], json!([{ "code": code, "field": ["subject"] }]), "{subject:?}");
    }
    let opened = open(&ada, json!({ "subject": "a".repeat(200) })).await;
    assert_eq!(opened["data"]["it"]["userErrors"], json!([]));
}

/// What is still owed moves by the difference of the targets, and back to where it was, whether its clock runs or stands.
#[tokio::test]
async fn a_move_takes_the_due_times_along_and_back() {
    let app = App::demo().await;
    let support = app.user("support").await;
    let ticket: Value = serde_json::from_str(&fill(&app, "\"{tkt}\"").await).unwrap();
    let row = "SELECT subject, status, priority, department, hold_reason, response_due_at, resolution_due_at, resolution_seconds_left, \
               assigned_to, closed_at FROM tickets WHERE id = (SELECT id FROM tickets WHERE priority_rank > 0 AND user_id = \
               (SELECT id FROM users WHERE username = 'ada') AND server_id = (SELECT id FROM servers WHERE name = 'Web'))";
    let update = async |input: Value| {
        let mut input = input;
        input["id"] = ticket.clone();
        let document = "mutation ($input: UpdateTicketInput!) { it: updateTicket(input: $input) { ticket { revision } userErrors { code field } } }";
        support.run_with(document, json!({ "input": input })).await.ok()["it"].clone()
    };
    for (state, due) in [
        (
            "status = 'open', hold_reason = NULL, response_due_at = '2026-03-01T12:00:00Z', resolution_due_at = '2026-03-03T12:00:00Z'",
            true,
        ),
        ("status = 'on_hold', response_due_at = NULL, resolution_due_at = NULL, resolution_seconds_left = 60", false),
        ("status = 'closed', closed_at = now(), resolution_seconds_left = NULL", false),
    ] {
        app.maintain(&format!("UPDATE tickets SET {state} WHERE subject = 'Reverse DNS for the web server'")).await;
        let before = rows(&app, row).await;
        // From half of 480 and 4320 minutes to 30 and 240.
        let moved = update(json!({ "subject": "Names", "priority": "URGENT", "departmentId": GENERAL })).await;
        assert_eq!(moved["userErrors"], json!([]));
        let after = rows(&app, row).await.remove(0);
        assert_eq!(
            (&after["subject"], &after["priority"], &after["department"]),
            (&json!("Names"), &json!("urgent"), &json!("general"))
        );
        if due {
            assert_eq!(after["response_due_at"], "2026-03-01T08:30:00+00:00");
            assert_eq!(after["resolution_due_at"], "2026-03-02T04:00:00+00:00");
        } else if state.contains("seconds_left = 60") {
            assert_eq!(after["resolution_seconds_left"], 60 - (2160 - 240) * 60);
        }
        let late = update(json!({ "subject": "Mine", "expectedRevision": 1 })).await;
        assert_eq!(late["userErrors"], json!([{ "code": "CONFLICT", "field": ["expectedRevision"] }]));
        let revision = &moved["ticket"]["revision"];
        let back = json!({ "subject": "Reverse DNS for the web server", "priority": "MEDIUM", "departmentId": TECHNICAL, "expectedRevision": revision });
        assert_eq!(update(back).await["userErrors"], json!([]));
        assert_eq!(rows(&app, row).await, before, "{state}");
    }
}

#[tokio::test]
async fn the_time_of_the_last_message_tells_of_no_note() {
    let app = App::demo().await;
    let (ada, support) = (app.user("ada").await, app.user("support").await);
    let asked = "{ tickets(first: 10) { nodes { subject createdAt lastMessageAt messages(first: 1) { nodes { isInternal createdAt } } } } }";
    let mut notes = 0;
    for actor in [&ada, &support] {
        for ticket in actor.run(asked).await.ok()["tickets"]["nodes"].as_array().unwrap() {
            let newest = &ticket["messages"]["nodes"][0];
            // Those of a ticket that was merged are shown where it goes on.
            let last = if newest.is_null() { &ticket["createdAt"] } else { &newest["createdAt"] };
            assert_eq!(&ticket["lastMessageAt"], last, "{ticket}");
            notes += usize::from(newest["isInternal"] == true);
        }
    }
    assert!(notes > 0, "no note is the newest: nothing was compared");
    let opened = open(&ada, json!({})).await;
    assert_eq!(opened["data"]["it"]["userErrors"], json!([]));
    app.maintain("DELETE FROM ticket_messages WHERE content = 'Since noon.'").await;
    let reply = ada.run("{ tickets(first: 1) { nodes { createdAt lastMessageAt } } }").await;
    let ticket = reply.data("/tickets/nodes/0");
    assert_eq!(ticket["lastMessageAt"], ticket["createdAt"], "without a message it is the beginning");
}

#[tokio::test]
async fn tickets_are_found_by_their_server_and_their_times() {
    let app = App::demo().await;
    let admin = app.user("admin").await;
    app.maintain(
        "UPDATE tickets SET created_at = '2026-03-01T12:00:00Z', updated_at = '2026-03-05T12:00:00Z' WHERE department = 'sales'; \
         UPDATE tickets SET created_at = '2026-03-02T12:00:00Z', updated_at = '2026-03-02T12:00:00Z' WHERE department = 'abuse'",
    )
    .await;
    let count = async |filter: &str| {
        let reply =
            admin.run(&format!("{{ tickets(filter: {{ {filter} }}) {{ nodes {{ department {{ slug }} }} }} }}")).await;
        let nodes = reply.ok()["tickets"]["nodes"].as_array().unwrap().clone();
        nodes.iter().map(|node| node["department"]["slug"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let days = r#"createdAfter: "2026-03-01T12:00:00Z", createdBefore: "2026-03-02T12:00:00Z""#;
    assert_eq!(count(days).await, ["sales"]);
    let days = r#"createdAfter: "2026-03-01T12:00:00.001Z", createdBefore: "2026-03-02T12:00:00.001Z""#;
    assert_eq!(count(days).await, ["abuse"]);
    let both = r#"createdBefore: "2026-03-03T00:00:00Z", createdAfter: "2026-03-01T00:00:00Z", updatedAfter: "2026-03-05T12:00:00Z""#;
    assert_eq!(count(both).await, ["sales"]);

    let play = id(&app, "srv", "servers WHERE hostname = 'play.okafor.example'").await;
    assert_eq!(count(&format!("serverId: \"{play}\"")).await, ["general", "abuse"]);
    let reply = admin
        .run(&format!("{{ server(id: \"{play}\") {{ tickets {{ totalCount nodes {{ department {{ slug }} }} }} }} }}"))
        .await;
    assert_eq!(reply.data("/server/tickets/totalCount"), 2);
    // The same, for whoever has it, and nothing for whoever does not.
    let bob = app.user("bob").await.run(&format!("{{ server(id: \"{play}\") {{ tickets {{ totalCount }} }} }}")).await;
    assert_eq!(bob.data("/server/tickets/totalCount"), 2);
}
