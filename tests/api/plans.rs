//! Case 33: under row-level security the lists find their indexes, with as many rows as a small company has.
//! And the seed that makes those rows: exactly so many, and only in an empty database.

mod lines;

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
    let (unit, _) = Unit::open(&app.pool, Access::Read, None).await.unwrap();
    let statement = Statement::<Text>::new(
        "SELECT array_to_string(parameter_types, ',') || ':' || statement FROM pg_prepared_statements ORDER BY prepare_time, name",
        vec![],
    );
    let found = diesel_async::RunQueryDsl::load(statement, &mut unit.conn()).await.unwrap();
    unit.commit().await.unwrap();
    found
}

/// What makes a connection of the pool the actor's, with one plan a statement, whatever its values.
fn entering(actor: &Actor) -> String {
    format!(
        "BEGIN; SET LOCAL plan_cache_mode = force_generic_plan; \
         SELECT set_config('role', app.role_of_viewer(), true) FROM app.authenticate('{}')",
        actor.digest()
    )
}

/// How PostgreSQL would run the statements of a document for its actor: the statement, and its plan.
async fn plans(actor: &Actor<'_>, document: &str) -> Vec<(String, String)> {
    let before = prepared(actor.app).await;
    let (answer, _) = actor.measure(document).await;
    assert!(answer.response.errors.is_empty(), "{document}: {:?}", answer.response.errors);
    let mut plans = Vec::new();
    let pool = Plain::connect(&actor.app.database.pool_url).await;
    let enter = entering(actor);
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
        (_, "ticket_id" | "shown_in") => "tickets",
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
const DOCUMENTS: [&str; 9] = [
    "{ tickets(first: 20) { nodes { subject } } }",
    "{ tickets(first: 20) { nodes { user { email } assignedTo { displayName } server { name } mergedInto { subject } \
       messages(first: 10) { nodes { author { displayName } ticket { id } } } } } }",
    "{ tickets(first: 20, orderBy: { field: UPDATED_AT, direction: DESC }) { nodes { id } } }",
    "{ tickets(first: 20, orderBy: { field: PRIORITY, direction: DESC }) { nodes { id } } }",
    "{ servers(first: 20) { nodes { package { name } owner { email } actions(first: 5) { nodes { id } } currentAction { id } } } }",
    "{ servers(first: 20, orderBy: { field: NAME, direction: ASC }) { nodes { id } } }",
    "{ invoices(first: 20) { nodes { amountDue { amount } items { amount { amount } server { name } } transactions(first: 5) { nodes { id } } } } }",
    "{ invoices(first: 5) { nodes { lines(first: 20) { totalCount nodes { amount { amount } server { name } } } } } }",
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

/// What stands together at the far end of an order: the closed tickets and paid invoices are the old ones.
const AGED: &str = "\
    UPDATE tickets SET created_at = created_at - interval '900 days', updated_at = updated_at - interval '900 days' WHERE status = 'closed'; \
    UPDATE invoices SET created_at = created_at - interval '900 days', due_date = due_date - 900 WHERE status = 'paid'; \
    UPDATE invoices SET status = 'uncollectible' WHERE number = (SELECT max(number) FROM invoices WHERE status = 'overdue'); \
    UPDATE transactions SET status = 'charged_back' WHERE reference = (SELECT max(reference) FROM transactions WHERE status = 'completed')";

/// The few rows that people work on are found without reading the many that are done with.
#[tokio::test]
async fn a_status_is_found_in_the_order_of_an_index() {
    let app = scaled().await;
    app.maintain(AGED).await;
    app.owner().await.batch_execute("ANALYZE").await.unwrap();
    let actor = app.staff(&["*"]).await;
    let pool = Plain::connect(&app.database.pool_url).await;
    pool.run(&entering(&actor)).await.unwrap();
    for (table, condition, order, index) in [
        ("tickets", "status = 'open'", "created_at", "tickets_status"),
        ("tickets", "status = 'open'", "updated_at", "tickets_live_updated_at"),
        ("tickets", "status = 'open'", "response_due_sort", "tickets_live_response_due"),
        ("tickets", "status IN ('open', 'in_progress')", "created_at", "tickets_live_created_at"),
        ("tickets", "status IN ('open', 'in_progress')", "updated_at", "tickets_live_updated_at"),
        ("tickets", "status IN ('open', 'in_progress')", "response_due_sort", "tickets_live_response_due"),
        ("tickets", "assigned_to IS NULL", "created_at", "tickets_queue"),
        ("invoices", "status = 'overdue'", "due_date_sort", "invoices_owed_due_date"),
        ("invoices", "status IN ('pending', 'overdue')", "due_date_sort", "invoices_owed_due_date"),
        ("invoices", "status = 'uncollectible'", "created_at", "invoices_status"),
        ("transactions", "status = 'charged_back'", "created_at", "transactions_status"),
        ("transactions", "kind = 'adjustment'", "created_at", "transactions_kind"),
        ("servers", "deleted_at IS NULL AND status = 'rebuilding'", "created_at", "servers_status"),
    ] {
        for direction in ["ASC", "DESC"] {
            let statement = format!(
                "SELECT id FROM public.{table} WHERE {condition} ORDER BY {order} {direction}, id {direction} LIMIT $1"
            );
            pool.run(&format!("PREPARE this(bigint) AS {statement}")).await.unwrap();
            let plan = pool.column("EXPLAIN (COSTS OFF) EXECUTE this(21)").await.join("\n");
            pool.run("DEALLOCATE this").await.unwrap();
            assert!(plan.contains(&format!(" {index} on {table}")) && !plan.contains("Sort"), "{statement}\n{plan}");
        }
    }
}

/// Row security asks the permission, once a statement, and then nothing of a row.
#[tokio::test]
async fn a_whole_permission_spares_the_conditions_on_rows() {
    let app = App::demo().await;
    let admin = app.user("admin").await;
    let pool = Plain::connect(&app.database.pool_url).await;
    for table in [
        "users",
        "roles",
        "user_roles",
        "sessions",
        "server_packages",
        "servers",
        "server_actions",
        "invoices",
        "invoice_items",
        "transactions",
        "tickets",
        "ticket_messages",
    ] {
        let column = if table == "user_roles" { "user_id" } else { "id" };
        let explain =
            format!("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT {column} FROM public.{table}");
        pool.run(&entering(&admin)).await.unwrap();
        let plan = pool.column(&explain).await.join("\n");
        pool.run("ROLLBACK").await.unwrap();
        let ran = |node: &str| nodes(&plan).filter(|line| line.starts_with(node) && line.contains("actual")).count();
        // A question is a Result. Messages take two: one for tickets, one for notes. And no look-up in other tables.
        let questions = if table == "ticket_messages" { 2 } else { 1 };
        let scans = ran("Index") + ran("Seq Scan") + ran("Bitmap Heap");
        assert!(ran("Result") == questions && scans == 1, "{table}\n{plan}");
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
