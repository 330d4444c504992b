//! One currency for an invoice and all that hangs on it: sums never mix two, since the database holds none.

use skypanel::db::migrate;

use crate::harness::{App, Plain};

const FOREIGN_KEY: &str = "23503";
/// The step that made it so.
const STEP: &str = "2026-11-25-001700_one_currency";

/// A connection that may write anything that a constraint lets through.
async fn writer(app: &App) -> Plain {
    let owner = Plain::connect(&app.database.owner_url).await;
    owner.run("SET ROLE app_maintenance").await.unwrap();
    owner
}

#[tokio::test(flavor = "multi_thread")]
async fn money_in_another_currency_than_its_invoice_is_impossible() {
    let app = App::demo().await;
    let writer = writer(&app).await;
    let pay = |invoice: &str, currency: &str| {
        format!(
            "INSERT INTO transactions (id, invoice_id, user_id, amount, currency, kind, direction) \
             SELECT gen_random_uuid(), {invoice}, user_id, 1, '{currency}', 'payment', 'in' FROM invoices WHERE number = 'SP-1010'"
        )
    };
    for (what, sql, wanted) in [
        ("a payment in its currency", pay("id", "EUR"), Ok(1)),
        ("a payment in another", pay("id", "USD"), Err(FOREIGN_KEY)),
        ("money for no invoice", pay("NULL::uuid", "USD"), Ok(1)),
        (
            "a payment that changes",
            "UPDATE transactions SET currency = 'USD' WHERE reference = 'pi_demo_1001'".into(),
            Err(FOREIGN_KEY),
        ),
        (
            "a line that changes",
            "UPDATE invoice_items SET currency = 'USD' WHERE description LIKE 'Second%'".into(),
            Err(FOREIGN_KEY),
        ),
        (
            "an invoice with lines",
            "UPDATE invoices SET currency = 'USD' WHERE status = 'draft'".into(),
            Err(FOREIGN_KEY),
        ),
        (
            "an invoice with a payment",
            "DELETE FROM invoice_items; UPDATE invoices SET currency = 'USD' WHERE number = 'SP-1001'".into(),
            Err(FOREIGN_KEY),
        ),
        (
            "an empty invoice",
            "DELETE FROM invoice_items; UPDATE invoices SET currency = 'USD' WHERE status = 'draft'".into(),
            Ok(1),
        ),
        (
            "a refund in another currency than what it gives back",
            "UPDATE transactions SET invoice_id = NULL, currency = 'USD' WHERE reference = 're_demo_1003'".into(),
            Err(FOREIGN_KEY),
        ),
    ] {
        assert_eq!(writer.run(&format!("BEGIN; {sql}")).await, wanted.map_err(str::to_owned), "{what}");
        writer.run("ROLLBACK").await.unwrap();
    }
}

/// Forced row security hides all rows from the owner, who validates a foreign key that is added.
#[tokio::test(flavor = "multi_thread")]
async fn the_step_looks_at_what_is_there() {
    let app = App::demo().await;
    let url = &app.database.owner_url;
    while migrate::status(url).await.unwrap().iter().any(|step| step.applied && step.name == STEP) {
        migrate::revert(url).await.unwrap();
    }
    let mixed = "UPDATE transactions SET currency = 'USD' WHERE reference = 'pi_demo_1001'";
    app.maintain(mixed).await;
    let refused = migrate::run(url).await.unwrap_err();
    assert!(format!("{refused:?}").contains("transactions_currency_of_invoice"), "{refused:?}");
    app.maintain(&mixed.replace("USD", "EUR")).await;
    migrate::run(url).await.unwrap();

    // Lines that were there before have the currency of their invoice.
    let lines = "SELECT string_agg(DISTINCT number || ' ' || invoice_items.currency, ', ') FROM invoice_items \
        JOIN invoices ON invoices.id = invoice_id WHERE number IN ('SP-1004', 'SP-1005')";
    assert_eq!(writer(&app).await.value(lines).await, "SP-1004 EUR, SP-1005 JPY");
}
