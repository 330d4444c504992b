//! Values at the edge of what a column holds: they keep their digits or are refused, and never take a neighbour.

use std::collections::{BTreeMap, BTreeSet};

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};
use http_body_util::BodyExt as _;
use serde_json::json;
use tower::ServiceExt as _;

use crate::harness::{App, Options, Plain};

const CHECK: &str = "23514";
const OUT_OF_RANGE: &str = "22003";

#[tokio::test(flavor = "multi_thread")]
async fn what_a_gateway_sent_keeps_its_digits_and_takes_no_neighbour() {
    for writes_rows in [true, false] {
        let app = App::with(Options { writes_rows, ..Options::default() }).await;
        let admin = app.user("admin").await;
        let deep = format!("{}1{}", r#"{"a": ["#.repeat(300), "]}".repeat(300));
        for (metadata, kept) in [
            (r#"{"amt": 12345678901234567890.12}"#, "12345678901234567890.12"),
            (r#"{"amt": 0.10, "id": 9007199254740993}"#, "9007199254740993, \"amt\": 0.10"),
            (r#"{"amt": 1e400}"#, &format!("1{}", "0".repeat(400))),
            (&deep, "[1]"),
        ] {
            app.maintain(&format!("UPDATE transactions SET metadata = '{metadata}' WHERE reference = 'pi_demo_1001'"))
                .await;
            let document = "{ transactions(first: 100) { totalCount nodes { reference metadata } } }";
            let response = app.router.clone().oneshot(admin.request(document, &json!({}))).await.unwrap();
            let body = response.into_body().collect().await.unwrap().to_bytes();
            let body = std::str::from_utf8(&body).unwrap();
            let shown: String = metadata.chars().take(60).collect();
            assert!(body.contains(kept) && !body.contains("errors"), "{writes_rows} {shown}: {body}");
            assert!(body.contains("pi_demo_1003"), "{writes_rows} {shown}: {body}");
        }
    }
}

/// Something that happened.
const EVENT: &str = "BEGIN; INSERT INTO audit_events (id, at, action, subject_kind, subject_id, fields, digest, request_id) \
     VALUES (gen_random_uuid(), now(), 'test', 'tkt', gen_random_uuid(), '[]', repeat('0', 64), 'a')";

#[tokio::test(flavor = "multi_thread")]
async fn no_date_is_stored_that_cannot_be_shown() {
    let app = App::demo().await;
    app.user("ada").await;
    app.maintain(
        "INSERT INTO password_reset_tokens (id, user_id, token, expires_at) \
             SELECT gen_random_uuid(), id, repeat('0', 64), now() FROM users LIMIT 1; \
         INSERT INTO peppers (id, proof) VALUES ('test', repeat('0', 64)); \
         INSERT INTO idempotency_keys (user_id, operation, key, fingerprint, answer) \
             SELECT id, 'test', 'a', repeat('0', 64), '{}' FROM users LIMIT 1",
    )
    .await;
    crate::jobs::have_run(&app).await;
    crate::mail::lie_about(&app).await;
    app.maintain(EVENT.trim_start_matches("BEGIN; ")).await;
    app.maintain(
        "INSERT INTO outbox (id, event_id, kind, topic, ordering_key, subject_kind, subject_id, summary, created_at) \
             SELECT gen_random_uuid(), id, 'mail', 'mail', id, 'tkt', id, 'a', now() FROM audit_events",
    )
    .await;
    let owner = Plain::connect(&app.database.owner_url).await;
    owner.run("SET ROLE app_maintenance").await.unwrap();
    let columns = owner
        .rows(
            "SELECT attrelid::regclass, attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid \
             WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> '__diesel_schema_migrations' \
             AND atttypid IN ('timestamptz'::regtype, 'date'::regtype) AND attgenerated = '' ORDER BY 1, 2",
        )
        .await;
    assert!(columns.len() >= 36, "{}", columns.len());
    for column in columns {
        let [table, column] = [0, 1].map(|at| column[at].clone().unwrap());
        for value in ["infinity", "-infinity", "10000-01-01", "0001-01-01 BC"] {
            // One row: of many, another constraint could speak first.
            let sql =
                format!("BEGIN; UPDATE {table} SET {column} = '{value}' WHERE id = (SELECT id FROM {table} LIMIT 1)");
            let sql = match table.as_str() {
                "user_roles" | "idempotency_keys" | "jobs" => format!("BEGIN; UPDATE {table} SET {column} = '{value}'"),
                // Only ever added to.
                "audit_events" => EVENT.replace("now()", &format!("'{value}'")),
                _ => sql,
            };
            assert_eq!(owner.run(&sql).await, Err(CHECK.into()), "{table}.{column} = {value}");
            owner.run("ROLLBACK").await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_number_is_stored_that_is_none() {
    let app = App::demo().await;
    let owner = Plain::connect(&app.database.owner_url).await;
    owner.run("SET ROLE app_maintenance").await.unwrap();
    let columns = owner
        .rows(
            "SELECT attrelid::regclass, attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid \
             WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' \
             AND atttypid IN ('numeric'::regtype, 'float4'::regtype, 'float8'::regtype) ORDER BY 1, 2",
        )
        .await;
    assert!(columns.len() >= 7, "{}", columns.len());
    for column in columns {
        let [table, column] = [0, 1].map(|at| column[at].clone().unwrap());
        for (value, refusal) in [("NaN", CHECK), ("Infinity", OUT_OF_RANGE), ("-Infinity", OUT_OF_RANGE)] {
            let sql = format!("UPDATE {table} SET {column} = '{value}' WHERE id = (SELECT id FROM {table} LIMIT 1)");
            assert_eq!(owner.run(&sql).await, Err(refusal.into()), "{table}.{column} = {value}");
        }
    }
}

/// Columns that hold one of some words, and the enum that shows them. A word that the enum lacks would fail every
/// statement that meets it.
const WORDS: &[(&str, &str)] = &[
    ("invoices.status", "InvoiceStatus"),
    ("job_runs.status", "JobRunStatus"),
    ("mails.status", "MailStatus"),
    ("outbox.kind", "ConsequenceKind"),
    ("server_actions.kind", "ServerActionKind"),
    ("server_actions.status", "ServerActionStatus"),
    ("servers.status", "ServerStatus"),
    ("servers.suspension_reason", "SuspensionReason"),
    ("tickets.department", "TicketDepartment"),
    ("department_targets.priority", "TicketPriority"),
    ("tickets.priority", "TicketPriority"),
    ("tickets.status", "TicketStatus"),
    ("transactions.direction", "TransactionDirection"),
    ("transactions.kind", "TransactionKind"),
    ("transactions.status", "TransactionStatus"),
    ("users.status", "UserStatus"),
];

#[tokio::test(flavor = "multi_thread")]
async fn the_words_that_are_stored_are_those_that_can_be_shown() {
    let app = App::demo().await;
    let owner = Plain::connect(&app.database.owner_url).await;
    let checked = owner
        .rows(
            r"SELECT format('%s.%s', conrelid::regclass, attname), word[1]
              FROM pg_constraint JOIN pg_attribute ON attrelid = conrelid AND ARRAY[attnum] = conkey,
              regexp_matches(pg_get_constraintdef(pg_constraint.oid), '''(\w+)''::text', 'g') AS word
              WHERE contype = 'c' AND pg_get_constraintdef(pg_constraint.oid) LIKE '%= ANY (ARRAY[%'
              AND conrelid <> 'demo_data'::regclass
              AND attname NOT IN ('suspended_from', 'closed_from')",
        )
        .await;
    let mut stored: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in checked {
        let [column, word] = [0, 1].map(|at| row[at].clone().unwrap());
        stored.entry(column).or_default().insert(word);
    }
    let mut shown: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for definition in parse_schema(skypanel::graphql::sdl()).unwrap().definitions {
        let TypeSystemDefinition::Type(ty) = definition else { continue };
        let TypeKind::Enum(values) = &ty.node.kind else { continue };
        let words = values.values.iter().map(|value| value.node.value.node.to_lowercase());
        let columns = WORDS.iter().filter(|(_, name)| ty.node.name.node == *name);
        shown.extend(columns.map(|(column, _)| ((*column).to_owned(), words.clone().collect())));
    }
    assert_eq!(stored, shown);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_amount_is_stored_below_its_currency_s_minor_unit() {
    let app = App::demo().await;
    // One of each for every currency, that hang on each other: none changes its currency alone.
    app.maintain(
        "CREATE TEMPORARY TABLE odd ON COMMIT DROP AS SELECT gen_random_uuid() AS id, currency, users.id AS user_id \
             FROM users, unnest(ARRAY['EUR', 'JPY', 'KWD', 'CLF']) AS currency WHERE username = 'ada'; \
         INSERT INTO invoices (id, user_id, amount, currency) SELECT id, user_id, 1, currency FROM odd; \
         INSERT INTO invoice_items (id, invoice_id, position, description, quantity, unit_price, amount, currency) \
             SELECT id, id, 1, 'odd', 1, 1, 1, currency FROM odd; \
         INSERT INTO transactions (id, invoice_id, user_id, amount, currency, kind, direction) \
             SELECT id, id, user_id, 1, currency, 'payment', 'in' FROM odd; \
         INSERT INTO server_packages (id, name, cpu_cores, memory_mb, disk_gb, price_monthly, price_hourly, currency) \
             SELECT id, currency, 1, 1024, 10, 1, 0, currency FROM odd",
    )
    .await;
    let owner = Plain::connect(&app.database.owner_url).await;
    owner.run("SET ROLE app_maintenance").await.unwrap();
    let odd = "id IN (SELECT id FROM server_packages WHERE name IN ('EUR', 'JPY', 'KWD', 'CLF'))";
    for (table, column) in [
        ("invoices", "amount"),
        ("invoice_items", "amount"),
        ("transactions", "amount"),
        ("server_packages", "price_monthly"),
    ] {
        for (currency, amount, stored) in [
            ("EUR", "10.01", true),
            ("EUR", "10.005", false),
            ("EUR", "10.0001", false),
            ("JPY", "10", true),
            ("JPY", "10.5", false),
            ("KWD", "10.005", true),
            ("KWD", "10.0005", false),
            ("CLF", "10.0005", true),
        ] {
            let sql = format!("BEGIN; UPDATE {table} SET {column} = {amount} WHERE currency = '{currency}' AND {odd}");
            let wanted = if stored { Ok(1) } else { Err(CHECK.to_owned()) };
            assert_eq!(owner.run(&sql).await, wanted, "{table}: {amount} {currency}");
            owner.run("ROLLBACK").await.unwrap();
        }
    }
}

/// Lists of roles have no pages: there are never more than one would hold.
#[tokio::test(flavor = "multi_thread")]
async fn there_are_at_most_a_hundred_roles() {
    let app = App::demo().await;
    let [one, other] = [&Plain::connect(&app.database.owner_url).await, &Plain::connect(&app.database.owner_url).await];
    let insert = |count: i32| {
        format!(
            "INSERT INTO roles (id, name) SELECT gen_random_uuid(), gen_random_uuid()::text FROM generate_series(1, {count})"
        )
    };
    let begin = "BEGIN; SET LOCAL ROLE app_maintenance";
    one.run(begin).await.unwrap();
    let standard: i32 = one.value("SELECT count(*) FROM roles").await.parse().unwrap();
    assert_eq!(one.run(&insert(101 - standard)).await, Err(CHECK.into()));
    one.run(&format!("ROLLBACK; {begin}; {}", insert(99 - standard))).await.unwrap();
    one.run("COMMIT").await.unwrap();

    // Two who come at once for the last place: the second waits for the first, and counts what it left.
    one.run(&format!("{begin}; {}", insert(1))).await.unwrap();
    let second = async { other.run(&format!("{begin}; {}", insert(1))).await };
    let first = async {
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        one.run("COMMIT").await
    };
    let (refused, kept) = tokio::join!(second, first);
    assert_eq!((refused, kept), (Err(CHECK.into()), Ok(0)));
    other.run("ROLLBACK").await.unwrap();

    // A place that somebody gave up is free.
    one.run(&format!("{begin}; DELETE FROM roles WHERE length(name) = 36")).await.unwrap();
    one.run(&format!("{}; COMMIT", insert(100 - standard))).await.unwrap();
    let admin = app.user("admin").await;
    assert_eq!(admin.run("{ roles { id } }").await.ok()["roles"].as_array().unwrap().len(), 100);
}
