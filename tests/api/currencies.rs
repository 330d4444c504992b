//! One currency for an invoice and all that hangs on it: sums never mix two, since the database holds none.

use skypanel::db::migrate;

use crate::harness::cluster;
use crate::harness::{App, Plain, unique};

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

/// Forced row security hides all rows from the owner, who validates a foreign key that is added. On a cluster of its own,
/// where the owner inherits nothing: as from PostgreSQL 16 on everywhere.
#[tokio::test(flavor = "multi_thread")]
async fn the_step_looks_at_what_is_there() {
    let dir = std::env::temp_dir().join(format!("skypanel-step-{}", unique()));
    let server = cluster::start(dir.clone()).await;
    let url = &server.owner_url();
    migrate::run(url).await.unwrap();
    let admin = Plain::connect(&server.url("skypanel_super", "skypanel")).await;
    // The schema is the owner's by inheritance as well.
    admin.run("ALTER ROLE skypanel_owner NOINHERIT; GRANT ALL ON SCHEMA public TO skypanel_owner").await.unwrap();
    while migrate::status(url).await.unwrap().iter().any(|step| step.applied && step.name == STEP) {
        migrate::revert(url).await.unwrap();
    }
    let rows = "INSERT INTO users (id, email, username, password_hash, status) VALUES (gen_random_uuid(), 'a@example.com', 'ada', '-', 'active'); \
        INSERT INTO invoices (id, user_id, amount, currency) SELECT gen_random_uuid(), id, 80, 'JPY' FROM users; \
        INSERT INTO invoice_items (id, invoice_id, position, description, quantity, unit_price, amount) \
            SELECT gen_random_uuid(), id, 1, 'A server', 1, 80, 80 FROM invoices; \
        INSERT INTO transactions (id, invoice_id, user_id, amount, currency, kind, direction) \
            SELECT gen_random_uuid(), id, user_id, 80, 'USD', 'payment', 'in' FROM invoices";
    admin.run(rows).await.unwrap();
    let refused = migrate::run(url).await.unwrap_err();
    assert!(format!("{refused:?}").contains("transactions_currency_of_invoice"), "{refused:?}");

    admin.run("UPDATE transactions SET currency = 'JPY'").await.unwrap();
    migrate::run(url).await.unwrap();
    // Lines that were there before have the currency of their invoice.
    assert_eq!(admin.column("SELECT currency FROM invoice_items").await, ["JPY"]);

    drop(admin);
    tokio::task::spawn_blocking(move || server.stop()).await.unwrap().unwrap();
    std::fs::remove_dir_all(dir).unwrap();
}
