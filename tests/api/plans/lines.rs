//! An invoice of thousands of lines.

use diesel_async::SimpleAsyncConnection as _;

use super::{nodes, plans, scaled};

/// A page of them is read in the order of an index, from either end, and so are the lines of many invoices.
#[tokio::test]
async fn a_page_of_many_lines_is_not_sorted() {
    let app = scaled().await;
    app.maintain(
        "INSERT INTO invoice_items (id, invoice_id, position, description, quantity, unit_price, amount, currency) \
         SELECT gen_random_uuid(), id, n, 'Line', 1, 1, 1, 'EUR' FROM \
             (SELECT id FROM invoices WHERE user_id = (SELECT id FROM users WHERE username = 'user1') LIMIT 1) AS long, \
             generate_series(2, 5000) AS n",
    )
    .await;
    app.owner().await.batch_execute("ANALYZE").await.unwrap();
    for (name, actor) in [("a customer", app.user("user1").await), ("staff", app.staff(&["*"]).await)] {
        let find = "{ invoices(first: 1) { nodes { id } } }";
        let data = crate::harness::data(&actor.measure(find).await.0);
        let id = data["invoices"]["nodes"][0]["id"].as_str().unwrap().to_owned();
        for document in [
            format!(r#"{{ invoice(id: "{id}") {{ lines(first: 20) {{ nodes {{ id }} }} }} }}"#),
            format!(r#"{{ invoice(id: "{id}") {{ lines(last: 20) {{ nodes {{ id }} }} }} }}"#),
            format!(r#"{{ invoice(id: "{id}") {{ items {{ id }} }} }}"#),
            "{ invoices(first: 5) { nodes { lines(first: 20) { nodes { id } } } } }".to_owned(),
        ] {
            let plans = plans(&actor, &document).await;
            let (statement, plan) =
                plans.iter().find(|(statement, _)| statement.contains("FROM \"invoice_items\"")).unwrap();
            let by_order = nodes(plan).any(|node| node.contains("using invoice_items_invoice_id on invoice_items"));
            let sorted = nodes(plan).any(|node| node.contains("Sort"));
            assert!(by_order && !sorted, "{name}: {statement}\n{plan}");
        }
    }
}
