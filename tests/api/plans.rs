//! Case 33: under row-level security the lists find their indexes, with as many rows as a small company has.
//! And the seed that makes those rows: exactly so many, and only in an empty database.

use std::collections::BTreeSet;

use diesel::sql_types::Text;
use diesel_async::SimpleAsyncConnection as _;
use skypanel::db::statement::Statement;
use skypanel::db::unit::{Access, Unit};
use skypanel::seed::{self, PASSWORD, Seed, SeedError};

use crate::harness::{Actor, App, Options, Plain, Start, passwords};

/// Too large to be read whole.
const BIG: [&str; 7] = ["users", "servers", "invoices", "invoice_items", "transactions", "tickets", "ticket_messages"];

/// One connection: all that is sent is prepared on it.
async fn scaled() -> App {
    let app = App::with(Options { start: Start::Empty, pool_size: 1, ..Options::default() }).await;
    let hash = passwords().hash(PASSWORD).unwrap();
    seed::run(&mut app.owner().await, Seed::Scale(1), &hash).await.unwrap();
    app
}

/// The statements that the app has prepared so far, each behind the types of its values.
async fn prepared(app: &App) -> Vec<String> {
    let unit = Unit::open(&app.pool, Access::Read, None).await.unwrap();
    let statement = Statement::<Text>::new(
        "SELECT array_to_string(parameter_types, ',') || ':' || statement FROM pg_prepared_statements ORDER BY prepare_time, name",
        vec![],
    );
    let found = diesel_async::RunQueryDsl::load(statement, &mut unit.conn()).await.unwrap();
    unit.commit().await.unwrap();
    found
}

/// How PostgreSQL would run the statements of a document for its actor: the statement, and its plan.
async fn plans(actor: &Actor<'_>, document: &str) -> Vec<(String, String)> {
    let before = prepared(actor.app).await;
    let (answer, _) = actor.measure(document).await;
    assert!(answer.response.errors.is_empty(), "{document}: {:?}", answer.response.errors);
    let mut plans = Vec::new();
    let pool = Plain::connect(&actor.app.database.pool_url).await;
    let enter = format!(
        "BEGIN; SELECT set_config('role', app.role_of_viewer(), true) FROM app.authenticate('{}')",
        actor.digest()
    );
    for statement in prepared(actor.app).await.into_iter().filter(|statement| !before.contains(statement)) {
        let (types, text) = statement.split_once(':').unwrap();
        // Functions of the database have plans of their own, which nobody sees here.
        // Packages are a handful, read whole; whether one was bought ends at the first server that is found.
        if !text.contains(" FROM \"") && !text.contains("LATERAL") || text.contains(" FROM \"server_packages\"") {
            continue;
        }
        pool.run(&enter).await.unwrap();
        let mut values = Vec::new();
        for kind in types.split(',').filter(|kind| !kind.is_empty()) {
            values.push(match kind {
                "bigint" => "21".to_owned(),
                "uuid" => pool.value("SELECT quote_literal(app.viewer_id())").await,
                "uuid[]" => {
                    let table = keys_of(text);
                    pool.value(&format!("SELECT quote_literal(ARRAY(SELECT id FROM public.{table} LIMIT 20))")).await
                }
                "text" => "'refund'".to_owned(),
                "text[]" => "'{completed}'".to_owned(),
                _ => panic!("a value of type {kind} in {text}"),
            });
        }
        let types = if types.is_empty() { String::new() } else { format!("({types})") };
        let values = if values.is_empty() { String::new() } else { format!("({})", values.join(", ")) };
        pool.run(&format!("PREPARE this{types} AS {text}")).await.unwrap();
        let plan = pool.column(&format!("EXPLAIN (COSTS OFF) EXECUTE this{values}")).await.join("\n");
        pool.run("ROLLBACK; DEALLOCATE ALL").await.unwrap();
        plans.push((text.to_owned(), plan));
    }
    plans
}

/// The table whose ids a statement is asked with: that of its key, or the parent's.
fn keys_of(statement: &str) -> &str {
    let (before, parent) = match statement.split_once(" = \"parent\".\"id\"") {
        Some((before, _)) => (before, true),
        None => (statement.split_once(" = ANY").unwrap().0, false),
    };
    let names: Vec<&str> = before.rsplit('"').take(4).collect();
    match (parent, names[1]) {
        (_, "ticket_id") => "tickets",
        (_, "user_id") => "users",
        (_, "server_id") => "servers",
        (_, "invoice_id") => "invoices",
        (_, "package_id") => "server_packages",
        (_, "parent_id") => "transactions",
        (false, "id") => names[3],
        (_, column) => panic!("{column} in {statement}"),
    }
}

/// Everything that hangs on a ticket, a server, an invoice, a payment.
const DOCUMENTS: [&str; 8] = [
    "{ tickets(first: 20) { nodes { subject } } }",
    "{ tickets(first: 20) { nodes { user { email } assignedTo { displayName } server { name } mergedInto { subject } \
       messages(first: 10) { nodes { author { displayName } ticket { id } } } } } }",
    "{ tickets(first: 20, orderBy: { field: UPDATED_AT, direction: DESC }) { nodes { id } } }",
    "{ tickets(first: 20, orderBy: { field: PRIORITY, direction: DESC }) { nodes { id } } }",
    "{ servers(first: 20) { nodes { package { name } owner { email } actions(first: 5) { nodes { id } } currentAction { id } } } }",
    "{ servers(first: 20, orderBy: { field: NAME, direction: ASC }) { nodes { id } } }",
    "{ invoices(first: 20) { nodes { amountDue { amount } items { amount { amount } server { name } } transactions(first: 5) { nodes { id } } } } }",
    "{ transactions(first: 20) { nodes { amountRefundable { amount } invoice { number } parent { id } } } }",
];

/// The nodes of a plan, as `Index Scan using … on tickets`.
fn nodes(plan: &str) -> impl Iterator<Item = &str> {
    plan.lines().map(|line| line.trim().trim_start_matches("->").trim())
}

#[tokio::test]
async fn lists_find_their_indexes_under_row_level_security() {
    let app = scaled().await;
    for (name, actor) in [("a customer", app.user("user1").await), ("staff", app.staff(&["*"]).await)] {
        let mut tables = BTreeSet::new();
        for document in DOCUMENTS {
            for (statement, plan) in plans(&actor, document).await {
                for table in BIG {
                    let whole = nodes(&plan).any(|node| {
                        node.split_once("Seq Scan on ")
                            .is_some_and(|(_, rest)| rest.split_whitespace().next() == Some(table))
                    });
                    assert!(!whole, "{name} reads all {table}: {statement}\n{plan}");
                    let on_it = |node: &str| node.rsplit_once(" on ").is_some_and(|(_, rest)| rest.starts_with(table));
                    if nodes(&plan).any(|node| node.contains("Index Scan") && on_it(node)) {
                        tables.insert(table);
                    }
                }
            }
        }
        assert_eq!(tables, BIG.into(), "{name}");
    }
}

/// Somebody with thousands of rows: a page is read in the order of an index, never sorted.
#[tokio::test]
async fn a_page_of_many_rows_is_not_sorted() {
    let app = scaled().await;
    for table in ["tickets", "servers", "invoices", "transactions"] {
        app.maintain(&format!(
            "UPDATE {table} SET user_id = (SELECT id FROM users WHERE username = 'user1') \
             WHERE id IN (SELECT id FROM {table} ORDER BY md5(id::text) LIMIT (SELECT count(*) / 3 FROM {table}))"
        ))
        .await;
    }
    app.owner().await.batch_execute("ANALYZE").await.unwrap();
    for (name, actor) in [("a customer", app.user("user1").await), ("staff", app.staff(&["*"]).await)] {
        for (list, orders) in [
            ("tickets", &["CREATED_AT", "UPDATED_AT", "PRIORITY"][..]),
            ("servers", &["CREATED_AT", "NAME"]),
            ("invoices", &["CREATED_AT", "DUE_DATE"]),
            ("transactions", &["CREATED_AT"]),
        ] {
            for (order, direction) in orders.iter().flat_map(|order| [(order, "ASC"), (order, "DESC")]) {
                let document = format!(
                    "{{ {list}(first: 20, orderBy: {{ field: {order}, direction: {direction} }}) {{ nodes {{ id }} }} }}"
                );
                let plans = plans(&actor, &document).await;
                let [(statement, plan)] = plans.as_slice() else { panic!("{document}: {} statements", plans.len()) };
                let scanned =
                    nodes(plan).any(|node| node.starts_with("Index") && node.contains(&format!(" on {list}")));
                let sorted = nodes(plan).any(|node| node.contains("Sort"));
                assert!(scanned && !sorted, "{name}: {statement}\n{plan}");
            }
        }
    }
}

#[tokio::test]
async fn a_scale_is_exactly_so_many_rows() {
    let app = scaled().await;
    let owner = Plain::connect(&app.database.owner_url).await;
    owner.run("BEGIN; SET LOCAL ROLE app_maintenance").await.unwrap();
    for (rows, count) in [
        ("users WHERE username LIKE 'user%'", 1_000),
        ("users WHERE username LIKE 'staff%'", 5),
        ("users", 1_005),
        ("servers", 5_000),
        ("invoices", 20_000),
        ("invoice_items", 20_000),
        ("transactions", 30_000),
        ("tickets", 10_000),
        ("ticket_messages", 80_000),
        ("ticket_messages WHERE is_internal", 5_000),
        // Nobody's rows are older than the person or newer than now.
        ("tickets WHERE created_at > now()", 0),
        ("ticket_messages WHERE created_at > now()", 0),
        // A customer's ticket about a server is about a server of the same customer.
        ("tickets JOIN servers ON servers.id = server_id WHERE servers.user_id <> tickets.user_id", 0),
        (
            "invoice_items JOIN invoices ON invoices.id = invoice_id JOIN servers ON servers.id = server_id WHERE servers.user_id <> invoices.user_id",
            0,
        ),
        (
            "tickets WHERE updated_at <> (SELECT max(created_at) FROM ticket_messages WHERE ticket_id = tickets.id AND NOT is_internal)",
            0,
        ),
    ] {
        assert_eq!(owner.value(&format!("SELECT count(*) FROM {rows}")).await, count.to_string(), "{rows}");
    }
}

#[tokio::test]
async fn seeding_leaves_a_database_with_people_as_it_is() {
    let app = App::demo().await;
    let owner = Plain::connect(&app.database.owner_url).await;
    let everything =
        "BEGIN; SET LOCAL ROLE app_maintenance; SELECT md5(string_agg(users::text, '' ORDER BY id)) FROM users; COMMIT";
    let before = owner.value(everything).await;
    for seed in [Seed::Demo, Seed::Scale(1)] {
        let outcome = seed::run(&mut app.owner().await, seed, "$sp$test$").await;
        assert!(matches!(outcome, Err(SeedError::NotEmpty(5))), "{outcome:?}");
        assert_eq!(owner.value(everything).await, before);
    }
}
