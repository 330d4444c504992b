//! The first query of the README.

use crate::harness::App;

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_signs_in_and_reads_their_tickets() {
    let app = App::demo().await;
    let ada = app.user("ada").await;
    let reply = ada
        .run("{ tickets(first: 20) { nodes { subject user { email } assignedTo { displayName } messages(first: 10) { nodes { content author { displayName } } } } } }")
        .await;
    let tickets = reply.ok()["tickets"]["nodes"].as_array().unwrap();
    assert_eq!(tickets.len(), 6);
    assert!(tickets.iter().all(|ticket| ticket["user"]["email"] == "ada@example.com"));
}
