//! Tickets that turn out to be one: where their messages are shown, to whom, and that it can be taken back.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::harness::{Actor, App};
use crate::rows::{rows, text};

async fn id(app: &App, subject: &str) -> String {
    let query =
        format!("SELECT 'tkt_' || replace(id::text, '-', '') AS value FROM tickets WHERE subject LIKE '{subject}%'");
    text(app, &query).await
}

async fn merge(actor: &Actor<'_>, id: &str, into: &str) -> Value {
    let document = "mutation ($id: ID!, $into: ID!) { it: mergeTickets(input: { id: $id, intoId: $into }) { \
        ticket { status mergedInto { id } } into { id status } userErrors { code field transition { from allowed } } } }";
    actor.run_with(document, json!({ "id": id, "into": into })).await.ok()["it"].clone()
}

async fn unmerge(actor: &Actor<'_>, id: &str) -> Value {
    let document =
        "mutation ($id: ID!) { it: unmergeTickets(input: { id: $id }) { ticket { status } userErrors { code } } }";
    actor.run_with(document, json!({ "id": id })).await.ok()["it"].clone()
}

/// The contents of a ticket's messages, the count, and the contents again by pages of one.
async fn messages(actor: &Actor<'_>, id: &str) -> Vec<String> {
    let document = "query ($id: ID!, $size: Int!, $after: String) { ticket(id: $id) { lastMessageAt messages(first: $size, after: $after) { \
        totalCount nodes { content createdAt } pageInfo { endCursor hasNextPage } } } }";
    let reply = actor.run_with(document, json!({ "id": id, "size": 50 })).await;
    let list = reply.data("/ticket/messages").clone();
    let contents = |list: &Value| -> Vec<String> {
        list["nodes"].as_array().unwrap().iter().map(|node| node["content"].as_str().unwrap().to_owned()).collect()
    };
    let whole = contents(&list);
    assert_eq!(list["totalCount"], whole.len());
    if !whole.is_empty() {
        assert_eq!(reply.data("/ticket/lastMessageAt"), &list["nodes"][0]["createdAt"]);
    }
    let (mut walked, mut after) = (Vec::new(), Value::Null);
    loop {
        let reply = actor.run_with(document, json!({ "id": id, "size": 1, "after": after })).await;
        let page = reply.data("/ticket/messages");
        walked.extend(contents(page));
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    assert_eq!(walked, whole);
    whole
}

const EVERYTHING: &str = "SELECT t.number, t.subject, t.status, t.priority, t.department, t.assigned_to, t.closed_at, t.hold_reason, \
    t.response_due_at, t.resolution_due_at, t.resolution_seconds_left, t.merged_into, t.server_id, t.before_merge, \
    (SELECT jsonb_agg(m.* ORDER BY m.id) FROM ticket_messages m WHERE m.ticket_id = t.id) AS messages FROM tickets t ORDER BY number";

#[tokio::test]
async fn a_conversation_goes_on_in_the_other_and_comes_back() {
    let app = App::demo().await;
    let (ada, support, billing) = (app.user("ada").await, app.user("support").await, app.user("billing").await);
    app.maintain("UPDATE tickets SET resolution_seconds_left = 77 WHERE status = 'on_hold'").await;
    // The database ticket has another merged into it already; on hold, with a reason and a clock that stands, is a third.
    let (dns, database, mail) =
        (id(&app, "Reverse DNS").await, id(&app, "Database server").await, id(&app, "New server").await);
    let before = rows(&app, EVERYTHING).await;
    let (theirs, hers) = (messages(&support, &database).await, messages(&ada, &database).await);
    assert_eq!((theirs.len(), hers.len()), (8, 5), "six and two, of which three are notes");
    let (one, other) = (messages(&support, &mail).await, messages(&support, &dns).await);
    assert_eq!((one.len(), other.len()), (1, 3));

    for (source, into) in [(&dns, &database), (&database, &mail)] {
        let merged = merge(&support, source, into).await;
        assert_eq!(merged["userErrors"], json!([]));
        assert_eq!(merged["ticket"], json!({ "status": "CLOSED", "mergedInto": { "id": into } }));
        assert_eq!(merged["into"]["id"], **into);
    }
    // All of it is in the one that goes on, newest first; her without any note.
    assert_eq!(messages(&support, &mail).await.len(), 8 + 3 + 1);
    assert_eq!(messages(&billing, &mail).await.len(), 8 + 3 + 1);
    let seen = messages(&ada, &mail).await;
    assert_eq!(seen.len(), 5 + 2 + 1);
    assert!(hers.iter().all(|message| seen.contains(message)));
    assert_eq!(messages(&support, &database).await, [""; 0]);
    assert_eq!(messages(&support, &dns).await, [""; 0]);

    // What is merged can be taken out first or last.
    assert_eq!(unmerge(&support, &database).await["ticket"]["status"], "IN_PROGRESS");
    assert_eq!(messages(&support, &database).await.len(), 8 + 3);
    assert_eq!(unmerge(&support, &dns).await["ticket"]["status"], "ON_HOLD");
    assert_eq!(messages(&support, &database).await, theirs);
    assert_eq!(messages(&ada, &dns).await.len(), 2);
    assert_eq!(rows(&app, EVERYTHING).await, before);
}

#[tokio::test]
async fn only_an_open_one_of_the_same_customer_takes_another_in() {
    let app = App::demo().await;
    let support = app.user("support").await;
    let (dns, database) = (id(&app, "Reverse DNS").await, id(&app, "Database server").await);
    let before = rows(&app, EVERYTHING).await;
    for (into, code) in [
        (dns.as_str(), "NOT_ALLOWED_ON_SELF"),
        (&id(&app, "Which package").await, "NOT_ELIGIBLE"),
        (&id(&app, "Refund for").await, "NOT_ELIGIBLE"),
        (&id(&app, "How do I add").await, "NOT_ELIGIBLE"),
        (&id(&app, "Connections to").await, "NOT_ELIGIBLE"),
        ("tkt_0190c6f07c4e7b1e9d586d1f5d0e2a11", "NOT_FOUND"),
    ] {
        let refused = merge(&support, &dns, into).await;
        assert_eq!(refused["userErrors"][0]["code"], code, "{into}");
        assert_eq!(refused["userErrors"][0]["field"], json!(["intoId"]), "{into}");
    }
    let merged = id(&app, "Connections to").await;
    let again = merge(&support, &merged, &dns).await;
    let transition = json!({ "from": "CLOSED", "allowed": ["unmergeTickets"] });
    assert_eq!(again["userErrors"][0]["transition"], transition, "{again}");
    assert_eq!(unmerge(&support, &database).await["userErrors"][0]["code"], "INVALID_TRANSITION");
    assert_eq!(rows(&app, EVERYTHING).await, before);
}

/// Each into the other, over and over: never a circle, and nobody waits for ever.
#[tokio::test(flavor = "multi_thread")]
async fn two_are_never_merged_into_each_other() {
    let app = App::demo().await;
    let support = app.user("support").await;
    let (dns, database) = (id(&app, "Reverse DNS").await, id(&app, "Database server").await);
    for _ in 0..5 {
        let tries = (0..8)
            .map(|n| if n % 2 == 0 { merge(&support, &dns, &database) } else { merge(&support, &database, &dns) });
        let done = join_all(tries).await;
        assert_eq!(done.iter().filter(|merged| merged["userErrors"] == json!([])).count(), 1, "{done:?}");
        let merged = "SELECT 'tkt_' || replace(id::text, '-', '') AS value FROM tickets WHERE merged_into IS NOT NULL AND subject NOT LIKE 'Connections%'";
        assert_eq!(unmerge(&support, &text(&app, merged).await).await["userErrors"], json!([]));
    }
}
