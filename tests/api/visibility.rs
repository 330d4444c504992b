//! What is visible of a row that one may see: internal notes, sums of money, the names of staff, old packages.

use serde_json::{Value, json};

use crate::harness::{Actor, App};
use crate::rows::{rows, text, texts};

/// Everything that could tell of a note: messages, counts, cursors, ends of pages, times, orders.
const CONVERSATIONS: &[&str] = &[
    "{ tickets(first: 20, orderBy: { field: UPDATED_AT, direction: DESC }) { totalCount pageInfo { endCursor } edges { cursor \
       node { id revision status updatedAt allowedActions { action } messages(first: 10) { totalCount \
       pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { id content } } } } } } }",
    "{ tickets(first: 20) { nodes { messages(last: 1) { totalCount pageInfo { hasPreviousPage } nodes { id content } } } } }",
    "{ tickets(first: 20, filter: { search: \"secret\" }) { totalCount } }",
];

async fn everything_told(actor: &Actor<'_>, more: &[String]) -> Vec<Value> {
    let mut told = Vec::new();
    for document in CONVERSATIONS.iter().map(|text| (*text).to_owned()).chain(more.iter().cloned()) {
        told.push(actor.run(&document).await.ok().clone());
    }
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn a_note_moves_nothing_for_those_who_may_not_read_notes() {
    let app = App::demo().await;
    let ada = app.user("ada").await;
    let (without, with) =
        (app.staff(&["user:read", "ticket:read"]).await, app.staff(&["user:read", "ticket:read", "ticket:note"]).await);
    let sam =
        text(&app, "SELECT 'usr_' || replace(id::text, '-', '') AS value FROM users WHERE username = 'support'").await;
    let by_sam = vec![
        format!(
            r#"{{ user(id: "{sam}") {{ updatedAt revision ticketMessages(first: 50) {{ totalCount pageInfo {{ hasNextPage }} edges {{ cursor node {{ content }} }} }} }} }}"#
        ),
        format!(
            r#"{{ user(id: "{sam}") {{ ticketMessages(last: 1) {{ pageInfo {{ hasPreviousPage }} nodes {{ content }} }} }} }}"#
        ),
    ];
    let before = [
        everything_told(&ada, &[]).await,
        everything_told(&without, &by_sam).await,
        everything_told(&with, &by_sam).await,
    ];
    // A note in every ticket, newer than all that was said, and one older than all.
    app.maintain(
        "INSERT INTO ticket_messages (id, ticket_id, user_id, content, is_internal, created_at, updated_at) \
         SELECT gen_random_uuid(), tickets.id, (SELECT id FROM users WHERE username = 'support'), 'A secret.', true, at, at \
         FROM tickets, unnest(ARRAY[now(), now() - interval '10 years']) AS at",
    )
    .await;
    assert_eq!(everything_told(&ada, &[]).await, before[0]);
    assert_eq!(everything_told(&without, &by_sam).await, before[1]);
    assert_ne!(everything_told(&with, &by_sam).await, before[2], "who may read notes sees them");
    let told = format!("{:?}", everything_told(&with, &by_sam).await);
    assert!(told.contains("A secret."));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_notes_of_the_demo_are_for_the_desk_alone() {
    let app = App::demo().await;
    let (ada, admin) = (app.user("ada").await, app.user("admin").await);
    let without = app.staff(&["user:read", "ticket:read"]).await;
    // As if what was merged showed its own.
    app.maintain("UPDATE ticket_messages SET shown_in = ticket_id").await;
    let ticket = "SELECT 'tkt_' || replace(id::text, '-', '') AS value FROM tickets WHERE merged_into IS NOT NULL";
    let ticket = text(&app, ticket).await;
    // One message and, newer than it, one note.
    let page = |arguments: &str| {
        format!(
            r#"{{ ticket(id: "{ticket}") {{ messages({arguments}) {{ totalCount pageInfo {{ hasNextPage hasPreviousPage }} nodes {{ isInternal }} }} }} }}"#
        )
    };
    let public = json!({ "totalCount": 1, "pageInfo": { "hasNextPage": false, "hasPreviousPage": false }, "nodes": [{ "isInternal": false }] });
    for arguments in ["first: 1", "last: 1"] {
        assert_eq!(ada.run(&page(arguments)).await.ok()["ticket"]["messages"], public);
        assert_eq!(without.run(&page(arguments)).await.ok()["ticket"]["messages"], public);
    }
    let whole = json!({ "totalCount": 2, "pageInfo": { "hasNextPage": true, "hasPreviousPage": false }, "nodes": [{ "isInternal": true }] });
    assert_eq!(admin.run(&page("first: 1")).await.ok()["ticket"]["messages"], whole);

    // By id, and as the place to continue from.
    let notes =
        texts(&app, "SELECT 'msg_' || replace(id::text, '-', '') AS value FROM ticket_messages WHERE is_internal")
            .await;
    assert_eq!(notes.len(), 6);
    let node = |id: &str| format!(r#"{{ node(id: "{id}") {{ id }} }}"#);
    for note in &notes {
        for actor in [&ada, &without] {
            assert_eq!(actor.run(&node(note)).await.ok(), &json!({ "node": null }));
        }
        assert_eq!(admin.run(&node(note)).await.ok()["node"]["id"], json!(note));
    }
    let cursor = admin
        .run(&format!(r#"{{ ticket(id: "{ticket}") {{ messages(first: 1) {{ pageInfo {{ endCursor }} }} }} }}"#))
        .await;
    let cursor = cursor.data("/ticket/messages/pageInfo/endCursor").as_str().unwrap();
    let behind = ada.run(&page(&format!(r#"first: 5, after: "{cursor}""#))).await;
    assert_eq!(behind.ok()["ticket"]["messages"]["nodes"], json!([{ "isInternal": false }]));
}

#[tokio::test(flavor = "multi_thread")]
async fn sums_are_right_without_the_permission_to_see_transactions() {
    let app = App::demo().await;
    let reader = app.staff(&["invoice:read"]).await;
    let document = "{ invoices(first: 20) { nodes { number status amount { amount currency } amountPaid { amount currency } \
        amountRefunded { amount currency } amountDue { amount currency } } } }";
    let reply = reader.run(document).await;
    let shown: Vec<[String; 5]> = reply.ok()["invoices"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|invoice| {
            for sum in ["amountPaid", "amountRefunded", "amountDue"] {
                assert_eq!(invoice[sum]["currency"], invoice["amount"]["currency"], "{invoice}");
            }
            let number = invoice["number"].as_str().unwrap_or("draft").to_owned();
            let [amount, paid, refunded, due] = ["amount", "amountPaid", "amountRefunded", "amountDue"]
                .map(|sum| invoice[sum]["amount"].as_str().unwrap().to_owned());
            [number, amount, paid, refunded, due]
        })
        .collect();
    let expected = [
        ["draft", "8.43", "0.00", "0.00", "0.00"],
        ["SP-1011", "17.90", "0.00", "0.00", "17.90"],
        ["SP-1010", "45.80", "20.00", "0.00", "25.80"],
        ["SP-1009", "28.80", "0.00", "0.00", "28.80"],
        ["SP-1008", "3.90", "0.00", "0.00", "0.00"],
        ["SP-1007", "24.90", "24.90", "0.00", "0.00"],
        ["SP-1006", "8.90", "8.90", "8.90", "0.00"],
        ["SP-1005", "4980", "4980", "0", "0"],
        ["SP-1004", "17.90", "17.90", "0.00", "0.00"],
        ["SP-1003", "35.90", "35.90", "10.00", "0.00"],
        ["SP-1002", "26.80", "26.80", "0.00", "0.00"],
        ["SP-1001", "26.80", "26.80", "0.00", "0.00"],
    ];
    assert_eq!(shown, expected);
    assert_eq!(app.user("admin").await.run(document).await.ok(), reply.ok());
    // The expectations above, once more from the rows.
    let sums = rows(&app, "SELECT number, coalesce(sum(t.amount) FILTER (WHERE kind = 'payment' AND t.status IN ('completed', 'refunded')), 0)::float AS paid, \
        coalesce(sum(t.amount) FILTER (WHERE kind = 'refund' AND t.status = 'completed'), 0)::float AS refunded \
        FROM invoices LEFT JOIN transactions t ON t.invoice_id = invoices.id WHERE number IS NOT NULL GROUP BY number").await;
    for row in sums {
        let [_, _, paid, refunded, _] = shown.iter().find(|shown| row["number"] == *shown[0]).unwrap();
        assert_eq!(paid.parse::<f64>().ok(), row["paid"].as_f64(), "{row}");
        assert_eq!(refunded.parse::<f64>().ok(), row["refunded"].as_f64(), "{row}");
    }
    assert_eq!(reader.run("{ transactions { totalCount } }").await.codes(), ["FORBIDDEN"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_reads_the_first_name_of_who_answered_and_nothing_else() {
    let app = App::demo().await;
    let (ada, support) = (app.user("ada").await, app.user("support").await);
    // Only what was written in the ticket itself.
    app.maintain("UPDATE ticket_messages SET shown_in = ticket_id").await;
    let document = r#"{ tickets(filter: { search: "drops connections" }) { nodes {
        assignedTo { displayName kind user { email } } openedBy { displayName kind user { email } }
        messages(last: 2) { nodes { author { id displayName kind user { id email firstName lastName status } } } } } } }"#;
    let ticket = ada.run(document).await.ok()["tickets"]["nodes"][0].clone();
    assert_eq!(ticket["assignedTo"], json!({ "displayName": "Sam", "kind": "STAFF", "user": null }));
    assert_eq!(
        ticket["openedBy"],
        json!({ "displayName": "Ada Moreau", "kind": "CUSTOMER", "user": { "email": "ada@example.com" } })
    );
    let author = &ticket["messages"]["nodes"][0]["author"];
    assert_eq!(
        (&author["displayName"], &author["kind"], &author["user"]),
        (&json!("Sam"), &json!("STAFF"), &Value::Null)
    );
    let face = author["id"].as_str().unwrap();
    for id in [face.to_owned(), face.replace("act_", "usr_")] {
        assert_eq!(
            ada.run(&format!(r#"{{ node(id: "{id}") {{ id }} }}"#)).await.ok(),
            &json!({ "node": null }),
            "{id}"
        );
    }
    let account = face.replace("act_", "usr_");
    assert_eq!(ada.run(&format!(r#"{{ user(id: "{account}") {{ id }} }}"#)).await.ok(), &json!({ "user": null }));
    // The desk sees whole names, and the account.
    let ticket = support.run(document).await.ok()["tickets"]["nodes"][0].clone();
    assert_eq!(ticket["assignedTo"]["displayName"], "Sam Keller");
    assert_eq!(ticket["assignedTo"]["user"]["email"], "support@example.com");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_no_longer_sold_is_visible_to_who_has_a_server_on_it() {
    let app = App::demo().await;
    let (ada, bob) = (app.user("ada").await, app.user("bob").await);
    let id =
        text(&app, "SELECT 'pkg_' || replace(id::text, '-', '') AS value FROM server_packages WHERE NOT is_active")
            .await;
    for field in [format!(r#"node(id: "{id}")"#), format!(r#"serverPackage(id: "{id}")"#)] {
        let document = format!("{{ it: {field} {{ id }} }}");
        assert_eq!(bob.run(&document).await.ok(), &json!({ "it": { "id": id } }));
        assert_eq!(ada.run(&document).await.ok(), &json!({ "it": null }));
        assert_eq!(app.anonymous().run(&document).await.ok(), &json!({ "it": null }));
    }
    let edge =
        r#"{ servers(filter: { search: "Backups" }) { nodes { package { id isActive servers { totalCount } } } } }"#;
    let package = json!({ "id": id, "isActive": false, "servers": { "totalCount": 1 } });
    assert_eq!(bob.run(edge).await.ok()["servers"]["nodes"], json!([{ "package": package }]));
    for actor in [&ada, &bob, &app.anonymous()] {
        assert_eq!(actor.run("{ serverPackages { totalCount } }").await.ok()["serverPackages"]["totalCount"], 4);
        let all = actor.run("{ serverPackages(includeInactive: true) { totalCount } }").await;
        assert_eq!(all.codes(), [if actor.token.is_some() { "FORBIDDEN" } else { "UNAUTHENTICATED" }]);
    }
}
