//! What PostgreSQL's failures come to: told apart by SQLSTATE alone, whatever the language of the server's texts.

use diesel::sql_types::Integer;
use diesel_async::SimpleAsyncConnection as _;
use serde_json::Value;
use skypanel::db::statement::Statement;
use skypanel::db::unit::{Access, Unit};
use skypanel::error::Code;

use crate::harness::App;
use crate::rows::{rows, text};

/// Lets the definer function behind invoices fail by this code, with this text.
async fn fail_sums(app: &App, code: &str, text: &str) {
    let body = format!("BEGIN RAISE EXCEPTION '{text}' USING ERRCODE = '{code}'; END");
    let function = "FUNCTION app.invoice_sums(p_ids uuid[]) RETURNS TABLE (invoice_id uuid, paid numeric, refunded numeric) \
        LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp";
    let sql = format!(
        "BEGIN; GRANT CREATE ON SCHEMA app TO app_auth; SET LOCAL ROLE app_auth; \
         CREATE OR REPLACE {function} AS $body${body}$body$; COMMIT"
    );
    app.owner().await.batch_execute(&sql).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_told_apart_by_their_code_and_never_by_their_text() {
    let app = App::demo().await;
    let ada = app.user("ada").await;
    for (code, text, status, told) in [
        ("57014", "annulation de la requête à cause du délai écoulé", 200, "TIMEOUT"),
        ("55P03", "annulation de l''instruction à cause du délai écoulé pour le verrou", 200, "TIMEOUT"),
        ("57P01", "arrêt des connexions suite à la demande de l''administrateur", 503, "DB_UNAVAILABLE"),
        ("57P03", "le système de bases de données est en cours de démarrage", 503, "DB_UNAVAILABLE"),
        ("53100", "n''a pas pu étendre le fichier", 503, "DB_UNAVAILABLE"),
        ("25006", "ne peut pas exécuter UPDATE dans une transaction en lecture seule", 503, "READ_ONLY"),
        // What only reads like one of them.
        ("P0001", "terminating connection", 200, "INTERNAL"),
        ("22012", "statement timeout", 200, "INTERNAL"),
        ("23514", "the database system is full", 200, "INTERNAL"),
        ("P0001", "current transaction is aborted", 200, "INTERNAL"),
    ] {
        fail_sums(&app, code, text).await;
        let reply =
            ada.run("{ viewer { username } invoices(first: 1) { nodes { number amountPaid { amount } } } }").await;
        assert_eq!((reply.status.as_u16(), reply.codes()), (status, vec![told]), "{code} {text}: {}", reply.body);
        assert_eq!(reply.body.get("data").is_some(), status == 200, "{code} {text}");
        assert!(!reply.body.to_string().contains(&text.replace("''", "'")), "{}", reply.body);
        ada.run("{ viewer { username } }").await.ok();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_follows_the_first_failure_is_told_as_that() {
    let app = App::demo().await;
    let ada = app.user("ada").await;
    fail_sums(&app, "57014", "annulation de la requête").await;
    // The levels below the failed one, and whatever else shares its transaction.
    let reply = ada
        .run("{ invoices(first: 2) { nodes { amountPaid { amount } amountDue { amount } } } viewer { servers { totalCount } tickets { nodes { messages { nodes { author { displayName } } } } } } }")
        .await;
    assert!(!reply.codes().is_empty() && reply.codes().iter().all(|code| *code == "TIMEOUT"), "{}", reply.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_only_reads_says_so_and_is_read_on() {
    let app = App::demo().await;
    let ada = app.user("ada").await;
    let name = text(&app, "SELECT current_database() AS value").await;
    let read_only = async |value: &str| {
        let sql = format!(
            "ALTER DATABASE {name} SET default_transaction_read_only = {value}; \
             SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}' AND pid <> pg_backend_pid()"
        );
        let url = crate::harness::cluster::url("skypanel_super", &name).await;
        let mut owner = skypanel::db::migrate::connect(&url).await.unwrap();
        owner
            .batch_execute(&format!("SET default_transaction_read_only = off; BEGIN READ WRITE; {sql}; COMMIT"))
            .await
            .unwrap();
    };
    read_only("on").await;
    for (who, document) in [
        (&app.anonymous(), r#"mutation { login(input: { login: "ada", password: "skypanel-demo-1" }) { token } }"#),
        (&ada, "mutation { logout { loggedOut } }"),
    ] {
        let reply = who.run(document).await;
        assert_eq!((reply.status.as_u16(), reply.codes()), (503, vec!["READ_ONLY"]), "{document}: {}", reply.body);
        assert_eq!(reply.body.get("data"), None);
        assert_eq!(reply.headers["retry-after"], "1");
    }
    ada.run("{ viewer { username invoices { totalCount } } }").await.ok();
    read_only("off").await;
    ada.run("mutation { logout { loggedOut } }").await.ok();
}

/// PostgreSQL answers the COMMIT of a failed transaction with ROLLBACK, and calls that no error.
#[tokio::test(flavor = "multi_thread")]
async fn the_commit_of_a_failed_transaction_is_no_success() {
    let app = App::demo().await;
    let ada = app.user("ada").await;
    let presented = skypanel::db::unit::TokenDigest(ada.digest()).into();
    let (unit, _) = Unit::open(&app.pool, Access::Write, Some(&presented)).await.unwrap();
    unit.conn().batch_execute("DELETE FROM sessions WHERE id = app.session_id()").await.unwrap();
    let broken = Statement::<Integer>::new("SELECT 1 / 0", vec![]);
    let lost: Result<i32, _> = diesel_async::RunQueryDsl::get_result(broken, &mut unit.conn()).await;
    assert!(lost.is_err());
    assert_eq!(unit.commit().await.map_err(|error| error.code()), Err(Code::Internal));
    assert_eq!(
        rows(&app, "SELECT id FROM sessions").await.len(),
        1,
        "nothing was deleted, and nothing said that it was"
    );
    let _: Value = ada.run("{ viewer { username } }").await.ok().clone();
}
