//! The schema: its steps forth and back, on every kind of database they meet, and what it must have.

mod catalog;
mod lists;

use std::collections::BTreeMap;
use std::path::Path;

use futures_util::future::join_all;
use private_postgres::{Server, Settings};
use skypanel::db::migrate::{self, Step};

use crate::harness::{App, Options, Plain, Start, cluster, unique};
use catalog::dump;

/// The folders of the steps, in order.
fn folders() -> Vec<String> {
    let entries =
        std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations")).unwrap().map(Result::unwrap);
    let mut folders: Vec<String> =
        entries.filter(|entry| entry.path().is_dir()).map(|entry| entry.file_name().into_string().unwrap()).collect();
    folders.sort();
    folders
}

/// A database with nothing in it, as an administrator hands it out.
async fn bare() -> String {
    let name = format!("bare_{}", unique());
    let owner = Plain::connect(&cluster::url("skypanel_owner", "postgres").await).await;
    owner.run(&format!("CREATE DATABASE {name} TEMPLATE template0")).await.unwrap();
    cluster::url("skypanel_owner", &name).await
}

fn steps(applied: impl Fn(usize) -> bool) -> Vec<Step> {
    folders().into_iter().enumerate().map(|(index, name)| Step { name, applied: applied(index) }).collect()
}

#[tokio::test]
async fn every_step_goes_back_and_forth() {
    let url = bare().await;
    let untouched = dump(&url).await;
    let all = folders();
    assert!(all.len() >= 10, "{all:?}");
    assert_eq!(migrate::status(&url).await.unwrap(), steps(|_| false));
    assert_eq!(dump(&url).await, untouched, "looking changes nothing");

    assert_eq!(migrate::run(&url).await.unwrap().len(), all.len());
    assert_eq!(migrate::status(&url).await.unwrap(), steps(|_| true));
    let whole = dump(&url).await;
    assert!(whole.len() > untouched.len() + 300, "{} lines", whole.len());

    for left in (0..all.len()).rev() {
        migrate::revert(&url).await.unwrap();
        assert_eq!(migrate::status(&url).await.unwrap(), steps(|index| index < left));
        // Each step back is gone forth again from: nothing of it is in the way.
        let lower = dump(&url).await;
        assert_eq!(migrate::run(&url).await.unwrap().len(), all.len() - left, "from {left} steps");
        assert_eq!(dump(&url).await, whole, "from {left} steps");
        for _ in left..all.len() {
            migrate::revert(&url).await.unwrap();
        }
        assert_eq!(dump(&url).await, lower, "back to {left} steps");
    }
    assert_eq!(dump(&url).await, untouched, "nothing is left");
    assert!(migrate::revert(&url).await.is_err(), "there is nothing more to take back");
}

/// Roles that somebody holds are not taken away, and the steps still run again.
#[tokio::test]
async fn a_step_back_takes_no_rights_from_people() {
    let app = App::demo().await;
    let url = &app.database.owner_url;
    let held = "BEGIN; SET LOCAL ROLE app_maintenance; \
        SELECT username || ' ' || name FROM users JOIN user_roles ON user_id = users.id JOIN roles ON roles.id = role_id ORDER BY 1; COMMIT";
    let owner = Plain::connect(url).await;
    let before = owner.column(held).await;
    assert_eq!(before, ["ada user", "admin admin", "billing billing", "bob user", "support support"]);
    let back = folders().iter().rev().position(|name| name.ends_with("_standard_roles")).unwrap() + 1;
    for _ in 0..back {
        migrate::revert(url).await.unwrap();
    }
    assert_eq!(owner.column(held).await, before);
    assert_eq!(migrate::run(url).await.unwrap().len(), back);
    assert_eq!(owner.column(held).await, before);
}

/// A clone of a database has rights of its own: this one was migrated.
#[tokio::test]
async fn who_serves_makes_no_temporary_tables() {
    let url = bare().await;
    migrate::run(&url).await.unwrap();
    let pool = Plain::connect(&url.replace("skypanel_owner", "skypanel_pool")).await;
    for role in ["skypanel_pool", "app_customer", "app_staff"] {
        let made = pool.run(&format!("BEGIN; SET LOCAL ROLE {role}; CREATE TEMPORARY TABLE mine ()")).await;
        assert_eq!(made, Err("42501".into()), "{role}");
        pool.run("ROLLBACK").await.unwrap();
    }
}

#[tokio::test]
async fn several_instances_may_start_at_once() {
    let url = bare().await;
    let done = join_all((0..5).map(|_| migrate::run(&url))).await;
    let mut counts: Vec<usize> = done.into_iter().map(|names| names.unwrap().len()).collect();
    counts.sort_unstable();
    assert_eq!(counts, [0, 0, 0, 0, folders().len()]);
}

/// Roles belong to the cluster: two databases that migrate at once race to make them. The owner is no
/// superuser, as on a managed server.
#[tokio::test]
async fn two_databases_of_one_cluster_migrate_at_once() {
    let dir = std::env::temp_dir().join(format!("skypanel-roles-{}", unique()));
    #[expect(clippy::disallowed_methods, reason = "where PostgreSQL's programs are, as in the harness")]
    let (search_path, binaries) = (std::env::var_os("PATH"), std::env::var_os("SKYPANEL_PG_BIN").map(Into::into));
    let settings = Settings { durable: false, binaries, search_path, ..Settings::new("skypanel", dir) };
    let server = tokio::task::spawn_blocking(move || Server::start(&settings)).await.unwrap().unwrap();
    let dir = server.dir().to_path_buf();

    let admin = Plain::connect(&server.url("skypanel_owner", "postgres")).await;
    let attributes =
        "SELECT concat_ws(' ', rolsuper, rolbypassrls, rolcreaterole) FROM pg_roles WHERE rolname = current_user";
    assert_eq!(admin.value(attributes).await, "f f t");
    let roles = "SELECT rolname FROM pg_roles WHERE rolname LIKE 'app\\_%' ORDER BY rolname";
    let urls = [server.url("skypanel_owner", "one"), server.url("skypanel_owner", "two")];
    for name in ["one", "two"] {
        admin.run(&format!("CREATE DATABASE {name}")).await.unwrap();
    }
    for round in 0..5 {
        assert_eq!(admin.column(roles).await, [""; 0], "round {round}");
        let done = join_all(urls.iter().map(|url| migrate::run(url))).await;
        for names in done {
            assert_eq!(names.unwrap().len(), folders().len(), "round {round}");
        }
        assert_eq!(dump(&urls[0]).await, dump(&urls[1]).await);
        let made = admin.column(roles).await;
        assert_eq!(
            made,
            ["app_anon", "app_auth", "app_customer", "app_maintenance", "app_staff", "app_worker", "app_writer"]
        );
        for url in &urls {
            for _ in folders() {
                migrate::revert(url).await.unwrap();
            }
        }
        // Nothing in either database holds on to them.
        admin.run(&format!("DROP ROLE {}", made.join(", "))).await.unwrap();
    }
    drop(admin);
    tokio::task::spawn_blocking(move || server.stop()).await.unwrap().unwrap();
    std::fs::remove_dir_all(dir).unwrap();
}

async fn empty() -> App {
    App::with(Options { start: Start::Empty, ..Options::default() }).await
}

#[tokio::test]
async fn an_index_stands_behind_every_foreign_key() {
    let owner = Plain::connect(&empty().await.database.owner_url).await;
    let keys = "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace";
    assert!(owner.value(keys).await.parse::<u32>().unwrap() >= 15);
    // A partial index does not help a cascade, and one whose first columns are others does not either. Of a key that
    // holds more than names the parent, what names it is enough.
    let missing = "SELECT format('%s.%s', f.conrelid::regclass, f.conname) FROM pg_constraint f \
        JOIN pg_constraint p ON p.conrelid = f.confrelid AND p.contype = 'p' \
        CROSS JOIN LATERAL (SELECT array_agg(attnum) AS columns FROM unnest(f.conkey, f.confkey) AS k (attnum, points_at) \
            WHERE points_at = ANY (p.conkey) OR NOT f.confkey @> p.conkey) AS naming \
        WHERE f.contype = 'f' AND f.connamespace = 'public'::regnamespace AND NOT EXISTS ( \
            SELECT FROM pg_index i WHERE i.indrelid = f.conrelid AND i.indisvalid AND i.indpred IS NULL \
            AND (i.indkey::smallint[])[0:cardinality(naming.columns) - 1] @> naming.columns)";
    assert_eq!(owner.column(missing).await, [""; 0]);
}

#[tokio::test]
async fn every_table_and_function_says_what_it_is() {
    let owner = Plain::connect(&empty().await.database.owner_url).await;
    let silent = "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' \
            AND relname <> '__diesel_schema_migrations' AND coalesce(obj_description(oid, 'pg_class'), '') = '' \
        UNION ALL SELECT proname::text FROM pg_proc WHERE pronamespace = 'app'::regnamespace AND coalesce(obj_description(oid, 'pg_proc'), '') = ''";
    assert_eq!(owner.column(silent).await, [""; 0]);
}

/// Permissive policies are tried in the reverse order of their names: what is decided once a statement comes
/// before what is decided once a row.
#[tokio::test]
async fn what_is_decided_for_all_rows_is_tried_first() {
    let owner = Plain::connect(&empty().await.database.owner_url).await;
    let policies = owner
        .rows(
            "SELECT concat_ws(' ', role, tablename, cmd), policyname FROM pg_policies, unnest(roles) AS role \
             WHERE schemaname = 'public' AND role IN ('app_staff', 'app_writer') AND cmd IN ('SELECT', 'UPDATE') ORDER BY 1, policyname DESC",
        )
        .await;
    let mut tables: BTreeMap<String, Vec<bool>> = BTreeMap::new();
    for policy in policies {
        let [table, name] = [0, 1].map(|index| policy[index].clone().unwrap());
        tables.entry(table).or_default().push(name.contains("_whole"));
    }
    // Some of what a change sees is always its viewer's own.
    tables.retain(|table, whole| table.starts_with("app_staff") || whole.contains(&true));
    assert!(tables.len() >= 16, "{tables:?}");
    for (table, whole) in tables {
        assert!(whole[0] && whole.is_sorted_by_key(|whole| !whole), "{table}: {whole:?}");
    }
}

/// `diesel.toml` says how it is generated; this says when that was forgotten.
#[tokio::test]
async fn the_program_s_view_of_the_schema_is_the_schema() {
    let owner = Plain::connect(&empty().await.database.owner_url).await;
    let columns = owner.rows(
        "SELECT table_name, column_name, \
             CASE udt_name WHEN 'timestamptz' THEN 'Timestamptz' WHEN 'tsvector' THEN 'Tsvector' ELSE initcap(udt_name) END, is_nullable \
         FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name) \
         WHERE table_schema = 'public' AND table_name <> '__diesel_schema_migrations' ORDER BY table_name, ordinal_position",
    );
    let found: Vec<String> = columns
        .await
        .into_iter()
        .map(|row| {
            let [table, column, kind, nullable] = [0, 1, 2, 3].map(|index| row[index].clone().unwrap());
            let kind = if nullable == "YES" { format!("Nullable<{kind}>") } else { kind };
            format!("{table}.{column} -> {kind}")
        })
        .collect();
    assert_eq!(program_s_columns(include_str!("../../src/db/schema.rs")), found);
}

/// What `diesel::table!` declares, as `table.column -> Type`.
fn program_s_columns(text: &str) -> Vec<String> {
    let mut table = "";
    let mut columns = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some((name, _)) = line.split_once(" (").filter(|_| line.ends_with(") {")) {
            table = name;
        } else if let Some((column, kind)) =
            line.trim_end_matches(',').split_once(" -> ").filter(|_| !line.starts_with("diesel::"))
        {
            columns.push(format!("{table}.{column} -> {kind}"));
        }
    }
    columns
}
