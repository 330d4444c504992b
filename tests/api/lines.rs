//! The lines of an invoice: in the order of the paper, in pages, and the first hundred without.

use serde_json::{Value, json};

use crate::harness::{App, Options};
use crate::rows::fill;

/// Ada's first invoice with so many lines more, whose ids are in no order.
async fn with_lines(more: i32, writes_rows: bool) -> App {
    let app = App::with(Options { writes_rows, ..Options::default() }).await;
    app.maintain(&format!(
        "INSERT INTO invoice_items (id, invoice_id, position, description, quantity, unit_price, amount, currency) \
         SELECT gen_random_uuid(), invoices.id, 2 + n, 'Line ' || 2 + n, 1, 1, 1, currency \
         FROM invoices, generate_series(1, {more}) AS n WHERE number = 'SP-1001'"
    ))
    .await;
    app
}

fn paper(lines: impl Iterator<Item = i32>) -> Vec<Value> {
    let text = |line| match line {
        1 => "Medium, one month".to_owned(),
        2 => "Small, one month".to_owned(),
        line => format!("Line {line}"),
    };
    lines.map(|line| json!({ "description": text(line) })).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_come_as_on_the_paper_and_items_end_at_a_hundred() {
    for (more, writes_rows) in [(101, true), (101, false), (98, true)] {
        let app = with_lines(more, writes_rows).await;
        let ada = app.user("ada").await;
        let document = "{ invoice(id: \"{inv}\") { items { description } lines { totalCount nodes { description } } \
            last: lines(last: 2) { nodes { description } pageInfo { startCursor } } } }";
        let reply = ada.run(&fill(&app, document).await).await;
        let invoice = &reply.ok()["invoice"];
        assert_eq!(invoice["items"], json!(paper(1..=100)), "{more} {writes_rows}");
        assert_eq!(invoice["lines"], json!({ "totalCount": more + 2, "nodes": paper(1..=20) }), "{more} {writes_rows}");
        assert_eq!(invoice["last"]["nodes"], json!(paper(more + 1..=more + 2)), "{more} {writes_rows}");

        let before = invoice["last"]["pageInfo"]["startCursor"].clone();
        let document = "query ($before: String) { invoice(id: \"{inv}\") { lines(last: 3, before: $before) { nodes { description } } } }";
        let reply = ada.run_with(&fill(&app, document).await, json!({ "before": before })).await;
        assert_eq!(reply.ok()["invoice"]["lines"]["nodes"], json!(paper(more - 2..=more)), "{more} {writes_rows}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_invoice_has_its_own_lines() {
    let app = with_lines(101, true).await;
    let ada = app.user("ada").await;
    let document = "{ invoices(first: 20) { nodes { number items { description amount { currency } } lines(first: 1) { totalCount } } } }";
    let reply = ada.run(document).await;
    let invoices = reply.ok()["invoices"]["nodes"].as_array().unwrap().clone();
    let counts: Vec<(usize, i64)> = invoices
        .iter()
        .map(|one| (one["items"].as_array().unwrap().len(), one["lines"]["totalCount"].as_i64().unwrap()))
        .collect();
    // Newest first: the draft has one line, SP-1010 three, and so on back to the long one.
    assert_eq!(counts, [(1, 1), (3, 3), (1, 1), (1, 1), (1, 1), (2, 2), (100, 103)]);
    assert!(
        invoices
            .iter()
            .flat_map(|one| one["items"].as_array().unwrap())
            .all(|line| line["amount"]["currency"] == "EUR")
    );
}
