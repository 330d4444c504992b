//! Databases that are not the program's own: what is wrong with them is told at the start, in one sentence.

mod poolers;

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use diesel_async::SimpleAsyncConnection as _;
use private_postgres::{Server, Settings};
use skypanel::db::migrate;

use crate::harness::cluster::{self, Database};
use crate::harness::{App, Options, Plain, Start, unique};

const PEPPER: &str = "test:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// The program over a named database, with nothing of the machine's own configuration.
fn program(database: &Database, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_skypanel"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("SKYPANEL_")) {
        command.env_remove(name);
    }
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.env("DATABASE_URL", &database.pool_url).env("SKYPANEL_OWNER_URL", &database.owner_url);
    command.env("SKYPANEL_PEPPERS", PEPPER).env("SKYPANEL_LISTEN", "127.0.0.1:0");
    command
}

/// A running program that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// What `serve` says: its first line, if there is one in time, or why it did not start.
fn serve(database: &Database, arguments: &[&str], patience: Duration) -> (Running, Result<Option<String>, String>) {
    let mut child = program(database, &[&["serve", "--allow-demo"], arguments].concat()).spawn().unwrap();
    let (out, mut err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let (line, lines) = mpsc::channel();
    std::thread::spawn(move || BufReader::new(out).lines().map_while(Result::ok).try_for_each(|text| line.send(text)));
    let running = Running(child);
    let told = match lines.recv_timeout(patience) {
        Ok(line) => Ok(Some(line)),
        Err(mpsc::RecvTimeoutError::Timeout) => Ok(None),
        Err(mpsc::RecvTimeoutError::Disconnected) => {
            let mut text = String::new();
            err.read_to_string(&mut text).unwrap();
            Err(text)
        }
    };
    (running, told)
}

/// Why `serve` does not start.
fn refusal(database: &Database, arguments: &[&str]) -> String {
    match serve(database, arguments, Duration::from_secs(20)) {
        (_, Err(told)) => told.lines().last().unwrap_or_default().to_owned(),
        (_, Ok(line)) => panic!("it serves: {line:?}"),
    }
}

fn status(database: &Database) -> String {
    let output = program(database, &["migrate", "status"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// An empty database, made as an administrator would who did not read on.
async fn strange(how: &str) -> Database {
    let name = format!("strange_{}", unique());
    let admin = Plain::connect(&cluster::url("skypanel_super", "postgres").await).await;
    admin.run(&format!("CREATE DATABASE {name} OWNER skypanel_owner TEMPLATE template0 {how}")).await.unwrap();
    let (owner_url, pool_url) =
        (cluster::url("skypanel_owner", &name).await, cluster::url("skypanel_pool", &name).await);
    Database { owner_url, pool_url }
}

async fn ready(app: &App) -> u16 {
    app.send(Request::get("/readyz").body(Body::empty()).unwrap()).await.status.as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_another_encoding_or_locale_is_refused_in_a_sentence() {
    for (how, named) in [
        ("ENCODING 'LATIN1' LOCALE 'C'", "LATIN1"),
        ("ENCODING 'UTF8' LOCALE 'C.utf8' LOCALE_PROVIDER icu ICU_LOCALE 'tr'", "lower('I')"),
    ] {
        let database = strange(how).await;
        let told = refusal(&database, &[]);
        assert!(told.contains(named) && told.contains("CREATE DATABASE"), "{how}: {told}");
        assert!(status(&database).contains(named), "{how}");
        let run = program(&database, &["migrate", "run"]).output().unwrap();
        assert_eq!(run.status.code(), Some(1), "{how}");
        let tables = Plain::connect(&database.owner_url)
            .await
            .value("SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tablename <> '__diesel_schema_migrations'")
            .await;
        assert_eq!(tables, "0", "{how}: nothing was made");
    }
}

/// A role or a database that looks elsewhere first changes nothing.
#[tokio::test(flavor = "multi_thread")]
async fn the_search_path_is_the_program_s_own() {
    let database = cluster::database(Start::Demo).await;
    let name = database.owner_url.rsplit('/').next().unwrap();
    let admin = Plain::connect(&cluster::url("skypanel_super", name).await).await;
    admin.run(&format!("ALTER DATABASE {name} SET search_path = elsewhere")).await.unwrap();
    let pool_url = database.pool_url.clone();
    let app = App::over(database, &pool_url, Options::default());
    let ada = app.user("ada").await;
    ada.run("{ viewer { username servers { totalCount } } }").await.ok();
    assert_eq!(ready(&app).await, 200);
    let path = Plain::connect(&pool_url).await.value("SHOW search_path").await;
    assert_eq!(path, "elsewhere", "the test wants it so");
    assert!(status(&app.database).lines().all(|line| line.starts_with("[x] ")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_older_than_the_program_is_not_ready_and_a_newer_one_is_named() {
    let app = App::demo().await;
    assert_eq!(ready(&app).await, 200);
    let mut owner = app.owner().await;
    owner.batch_execute("INSERT INTO __diesel_schema_migrations VALUES ('20991231000000', now())").await.unwrap();
    assert_eq!(ready(&app).await, 200);
    let told = status(&app.database);
    assert!(told.contains("[?] 20991231000000"), "{told}");
    let (_program, line) = serve(&app.database, &["--no-migrate"], Duration::from_secs(20));
    assert!(line.unwrap().unwrap().starts_with("SkyPANEL answers on http://127.0.0.1:"));

    owner.batch_execute("UPDATE __diesel_schema_migrations SET version = '1' WHERE version = (SELECT max(version) FROM __diesel_schema_migrations WHERE version < '2099')").await.unwrap();
    assert_eq!(ready(&app).await, 503);
    // It waits for somebody to bring the schema up to date, and says that it answers when it does.
    let (program, line) = serve(&app.database, &["--no-migrate"], Duration::from_secs(3));
    assert_eq!(line, Ok(None));
    drop(program);
}

/// On a cluster of its own, since roles belong to the cluster.
#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_row_level_security_would_not_hold_for_does_not_serve() {
    let dir = std::env::temp_dir().join(format!("skypanel-role-{}", unique()));
    #[expect(clippy::disallowed_methods, reason = "where PostgreSQL's programs are, as in the harness")]
    let (search_path, binaries) = (std::env::var_os("PATH"), std::env::var_os("SKYPANEL_PG_BIN").map(Into::into));
    let settings = Settings { durable: false, binaries, search_path, ..Settings::new("skypanel", dir) };
    let server = tokio::task::spawn_blocking(move || Server::start(&settings)).await.unwrap().unwrap();
    let dir = server.dir().to_path_buf();
    let database = Database { owner_url: server.owner_url(), pool_url: server.pool_url() };
    migrate::run(&database.owner_url).await.unwrap();
    let admin = Plain::connect(&server.url("skypanel_super", "skypanel")).await;
    for (change, back, named) in [
        ("ALTER ROLE skypanel_pool INHERIT", "ALTER ROLE skypanel_pool NOINHERIT", "NOINHERIT"),
        ("ALTER ROLE skypanel_pool CREATEROLE", "ALTER ROLE skypanel_pool NOCREATEROLE", "CREATEROLE"),
        ("ALTER ROLE skypanel_pool BYPASSRLS", "ALTER ROLE skypanel_pool NOBYPASSRLS", "BYPASSRLS"),
        ("GRANT pg_read_all_data TO skypanel_pool", "REVOKE pg_read_all_data FROM skypanel_pool", "pg_read_all_data"),
        ("GRANT app_maintenance TO skypanel_pool", "REVOKE app_maintenance FROM skypanel_pool", "app_maintenance"),
        ("GRANT skypanel_owner TO skypanel_pool", "REVOKE skypanel_owner FROM skypanel_pool", "owns the tables"),
        ("REVOKE app_staff FROM skypanel_pool", "GRANT app_staff TO skypanel_pool", "app_staff"),
        ("ALTER TABLE tickets NO FORCE ROW LEVEL SECURITY", "ALTER TABLE tickets FORCE ROW LEVEL SECURITY", "tickets"),
    ] {
        assert!(status(&database).lines().all(|line| line.starts_with("[x] ")), "before {change}");
        admin.run(change).await.unwrap();
        let told = refusal(&database, &["--no-migrate"]);
        assert!(told.contains(named), "{change}: {told}");
        let listed = status(&database);
        assert!(listed.lines().any(|line| !line.starts_with("[x] ") && line.contains(named)), "{change}: {listed}");
        admin.run(back).await.unwrap();
    }
    drop(admin);
    tokio::task::spawn_blocking(move || server.stop()).await.unwrap().unwrap();
    std::fs::remove_dir_all(dir).unwrap();
}

/// Where nobody is a superuser they cannot be closed: a warning, and it serves.
#[tokio::test(flavor = "multi_thread")]
async fn large_objects_are_closed_or_told() {
    let database = cluster::database(Start::Demo).await;
    let name = database.owner_url.rsplit('/').next().unwrap();
    let admin = Plain::connect(&cluster::url("skypanel_super", name).await).await;
    for (function, call) in [
        ("lo_creat(integer)", "lo_creat(-1)"),
        ("lo_create(oid)", "lo_create(0)"),
        ("lo_from_bytea(oid, bytea)", "lo_from_bytea(0, 'x')"),
    ] {
        for role in ["skypanel_pool", "app_anon", "app_customer", "app_staff", "app_writer", "app_worker", "app_auth"] {
            let called = admin.run(&format!("BEGIN; SET LOCAL ROLE {role}; SELECT {call}")).await;
            assert_eq!(called, Err("42501".into()), "{role}: {call}");
            admin.run("ROLLBACK").await.unwrap();
        }
        assert!(!status(&database).contains("large objects"), "{function}");
        admin.run(&format!("GRANT EXECUTE ON FUNCTION {function} TO PUBLIC")).await.unwrap();
        let told = status(&database);
        assert!(told.contains("`skypanel_pool` may store large objects") && told.contains("REVOKE"), "{told}");
        if function == "lo_create(oid)" {
            let (_program, line) = serve(&database, &[], Duration::from_secs(20));
            assert!(line.unwrap().is_some(), "it serves");
            let mut warned = Running(program(&database, &["serve", "--allow-demo"]).spawn().unwrap());
            let (line, lines) = mpsc::channel();
            let log = BufReader::new(warned.0.stderr.take().unwrap()).lines().map_while(Result::ok);
            std::thread::spawn(move || log.for_each(|text| drop(line.send(text))));
            let mut lines = std::iter::from_fn(|| lines.recv_timeout(Duration::from_secs(20)).ok());
            assert!(lines.any(|line| line.contains("WARN") && line.contains("large objects")));
        }
        admin.run(&format!("REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC")).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_secret_under_a_known_id_stops_the_start() {
    let database = cluster::database(Start::Demo).await;
    let (first, line) = serve(&database, &[], Duration::from_secs(20));
    assert!(line.unwrap().is_some());
    drop(first);
    let other = "test:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA=";
    let told = refusal(&database, &["--peppers", other]);
    assert!(told.contains("`test`") && told.contains("SKYPANEL_PEPPERS") && !told.contains("BBBB"), "{told}");
    // Also where nobody knows the owner; and the right one still serves, with a newer one before it.
    let mut command = program(&database, &["serve", "--allow-demo", "--peppers", other]);
    let output = command.env_remove("SKYPANEL_OWNER_URL").output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("`test`"));
    let both = format!("new:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA=,{PEPPER}");
    let (_second, line) = serve(&database, &["--peppers", &both], Duration::from_secs(20));
    assert!(line.unwrap().is_some());
    let seed = program(&database, &["seed", "--demo", "--peppers", other]).output().unwrap();
    assert!(String::from_utf8_lossy(&seed.stderr).contains("`test`"), "a seed hashes passwords, too");
}
