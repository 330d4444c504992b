//! Row-level security in plain SQL: every table, every command, everybody.

mod actors;
mod rules;

use actors::{Actor, Connections, Kind};
use rules::{ADDITIONS, HIDDEN, RULES, Rule, WRITABLE};

use crate::harness::App;

/// What PostgreSQL says to whoever lacks a right, and to a row that no policy lets in.
const REFUSED: &str = "42501";
const NOT_NULL: &str = "23502";
const NO_SUCH_ROW: &str = "23503";
const CHECK: &str = "23514";
const HELD: &str = "23503";

/// A table of this database, with its columns that can be written.
struct Table {
    name: String,
    columns: Vec<String>,
    written: Vec<String>,
}

async fn tables(connections: &Connections) -> Vec<Table> {
    let mut tables = Vec::new();
    let names = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY table_name";
    for name in connections.owner.column(names).await {
        let columns = |condition: &str| {
            format!(
                "SELECT attname FROM pg_attribute WHERE attrelid = '{name}'::regclass AND attnum > 0 AND NOT attisdropped {condition} ORDER BY attnum"
            )
        };
        let all = connections.owner.column(&columns("")).await;
        let written = connections.owner.column(&columns("AND attgenerated = ''")).await;
        tables.push(Table { name, columns: all, written });
    }
    tables
}

/// What a command came to: rows, or an SQLSTATE.
type Cell = Result<u64, String>;

/// What can be sent to a table, over and over.
fn commands<'a>(name: &str, written: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut commands = vec![
        format!("SELECT 1 FROM public.{name}"),
        format!("INSERT INTO public.{name} DEFAULT VALUES"),
        format!("DELETE FROM public.{name}"),
    ];
    commands.extend(written.map(|column| format!("UPDATE public.{name} SET {column} = {column}")));
    commands.extend(ADDITIONS.iter().filter(|(table, ..)| *table == name).map(|(_, sql, _)| (*sql).to_owned()));
    commands
}

/// One actor's cells of one table.
async fn cells(connections: &Connections, actor: &Actor, commands: &[String]) -> Vec<Cell> {
    let mut cells = Vec::new();
    for command in commands {
        cells.push(actor.run(connections, command).await);
    }
    cells
}

/// The same cells by the rules. Maintenance is not held to foreign keys here: what it may write is in its SELECT.
async fn expected(connections: &Connections, actor: &Actor, table: &Table) -> Vec<Cell> {
    let (name, rule) = (&table.name, Rule::of(&table.name));
    let rows = async |condition: Option<String>| match condition {
        Some(condition) => Ok(connections.truth(&format!("SELECT count(*) FROM {name} WHERE {condition}")).await),
        None => Err(REFUSED.to_owned()),
    };
    // Where nothing but a missing value stands in the way.
    let in_a_name = actor.kind == Kind::Writer && actor.me != "NULL";
    let inserts = match name.as_str() {
        "sessions" => actor.kind == Kind::Auth,
        "tickets" => in_a_name && actor.can("ticket:create"),
        "canned_replies" => in_a_name && actor.can("canned_reply:write"),
        "departments" | "department_targets" => in_a_name && actor.can("department:write"),
        "users" => actor.kind == Kind::Writer && actor.can("user:create"),
        "roles" => actor.kind == Kind::Writer && actor.can("role:create"),
        "user_roles" => actor.kind == Kind::Writer && (actor.can("role:assign") || actor.can("user:create")),
        "audit_details" | "outbox" => in_a_name || actor.kind == Kind::Worker,
        // By the system, in nobody's name.
        "audit_events" | "jobs" | "job_runs" | "mails" => actor.kind == Kind::Worker,
        _ => false,
    };
    let deleted = match name.as_str() {
        // Whoever sees roles sees some that somebody holds.
        "roles" if actor.kind == Kind::Writer && actor.can("role:delete") => Err(HELD.to_owned()),
        _ => rows(rule.deletable_by(actor)).await,
    };
    let mut cells =
        vec![rows(rule.seen_by(actor)).await, Err(if inserts { NOT_NULL } else { REFUSED }.to_owned()), deleted];
    for column in &table.written {
        let writes = WRITABLE.contains(&(name.as_str(), column.as_str(), actor.kind));
        cells.push(rows(writes.then(|| rule.changeable_by(actor))).await);
    }
    for (_, _, outcome) in ADDITIONS.iter().filter(|(table, ..)| table == name) {
        cells.push(match (actor.kind, Rule::of("tickets").seen_by(actor)) {
            (Kind::Writer, Some(seen)) => {
                let seen = connections.truth(&format!("SELECT count(*) FROM tickets WHERE {seen}")).await;
                outcome(actor, seen)
            }
            // There is no such event.
            (Kind::Worker, _) if ["audit_details", "outbox"].contains(&name.as_str()) => Err(NO_SUCH_ROW.to_owned()),
            _ => Err(REFUSED.to_owned()),
        });
    }
    cells
}

/// Whether the rules speak of this cell: what the owners of the tables may write is not row security's, and
/// the list of the migrations is the owner's own.
fn is_ruled(actor: &Actor, command: &str) -> bool {
    if command.contains("__diesel_schema_migrations") && actor.name == "skypanel_owner" {
        return false;
    }
    command.starts_with("SELECT") || !matches!(actor.kind, Kind::Owner | Kind::Maintenance)
}

#[tokio::test]
async fn everybody_sees_and_changes_what_the_rules_say() {
    let app = App::demo().await;
    let actors = Actor::all(&app).await;
    let connections = Connections::open(&app).await;
    let tables = tables(&connections).await;
    let named: Vec<&str> = tables.iter().map(|table| table.name.as_str()).collect();
    for rule in RULES {
        assert!(named.contains(&rule.table), "{} is gone", rule.table);
    }
    for table in &tables {
        let commands = commands(&table.name, table.written.iter().map(String::as_str));
        for actor in &actors {
            let found = cells(&connections, actor, &commands).await;
            let wanted = expected(&connections, actor, table).await;
            for ((command, found), wanted) in commands.iter().zip(found).zip(wanted) {
                assert!(
                    found == wanted || !is_ruled(actor, command),
                    "{}: {command}: {found:?}, not {wanted:?}",
                    actor.name
                );
            }
        }
    }
    // Whoever owns something has it apart from others, in every table that holds what is theirs.
    for table in
        ["servers", "server_actions", "invoices", "invoice_items", "transactions", "tickets", "ticket_messages"]
    {
        for name in ["ada", "bob", "a clerk with a server", "an agent with a server"] {
            let actor = actors.iter().find(|actor| actor.name == name).unwrap();
            let seen = actor.run(&connections, &format!("SELECT 1 FROM public.{table}")).await.unwrap();
            let all = connections.truth(&format!("SELECT count(*) FROM {table}")).await;
            assert!(0 < seen && seen < all, "{name}: {seen} of {all} {table}");
        }
    }
}

#[tokio::test]
async fn secrets_are_in_no_column_that_an_app_role_reads() {
    let app = App::demo().await;
    let connections = Connections::open(&app).await;
    let actors = Actor::all(&app).await;
    for table in tables(&connections).await {
        for actor in actors.iter().filter(|actor| !matches!(actor.kind, Kind::Auth | Kind::Owner | Kind::Maintenance)) {
            let asks = Rule::of(&table.name).seen_by(actor).is_some();
            for column in &table.columns {
                let hidden = HIDDEN
                    .iter()
                    .any(|(name, of, kinds)| *name == table.name && of == column && kinds.contains(&actor.kind));
                let found =
                    actor.run(&connections, &format!("SELECT {column} FROM public.{} LIMIT 0", table.name)).await;
                let wanted = if asks && !hidden { Ok(0) } else { Err(REFUSED.to_owned()) };
                assert_eq!(found, wanted, "{} reads {}.{column}", actor.name, table.name);
            }
        }
    }
}

/// Each policy in turn is dropped, and somebody sees or changes less.
#[tokio::test]
async fn every_policy_matters_to_somebody() {
    let app = App::demo().await;
    let actors = Actor::all(&app).await;
    let connections = Connections::open(&app).await;
    let mut checked = 0;
    for name in tables(&connections).await.into_iter().map(|table| table.name) {
        let written = WRITABLE.iter().filter(|(table, ..)| *table == name).map(|(_, column, _)| *column);
        let commands = commands(&name, written);
        let matrix = async || {
            let mut matrix = Vec::new();
            for actor in &actors {
                matrix.push(cells(&connections, actor, &commands).await);
            }
            matrix
        };
        let before = matrix().await;
        let policies = format!(
            "SELECT policyname, format('CREATE POLICY %I ON %I AS %s FOR %s TO %s', policyname, tablename, permissive, cmd, array_to_string(roles, ', ')) \
             || coalesce(' USING (' || qual || ')', '') || coalesce(' WITH CHECK (' || with_check || ')', '') \
             FROM pg_policies WHERE schemaname = 'public' AND tablename = '{name}' ORDER BY policyname"
        );
        for policy in connections.owner.rows(&policies).await {
            let (policy, create) = (policy[0].as_ref().unwrap(), policy[1].as_ref().unwrap());
            connections.owner.run(&format!("DROP POLICY {policy} ON {name}")).await.unwrap();
            assert_ne!(matrix().await, before, "nobody misses {policy} on {name}");
            connections.owner.run(create).await.unwrap();
            checked += 1;
        }
        assert_eq!(matrix().await, before, "the policies of {name} are back");
    }
    assert!(checked >= 40, "{checked} policies");
}

/// Case 31.
#[tokio::test]
async fn the_pool_s_role_can_do_nothing_by_itself() {
    let app = App::demo().await;
    let connections = Connections::open(&app).await;
    let attributes = "SELECT concat_ws(' ', rolname, rolsuper, rolbypassrls, rolinherit, rolcreaterole, rolcreatedb, rolreplication) FROM pg_roles WHERE rolname = current_user";
    assert_eq!(connections.pool.value(attributes).await, "skypanel_pool f f f f f f");
    let owned = "SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole";
    assert_eq!(connections.pool.value(owned).await, "0");
    for role in ["skypanel_owner", "app_auth", "app_maintenance", "skypanel_super", "pg_read_all_data"] {
        assert_eq!(connections.pool.run(&format!("SET ROLE {role}")).await, Err(REFUSED.into()), "{role}");
    }
    let names = "SELECT string_agg(r.rolname, ' ' ORDER BY r.rolname) FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid WHERE m.member = 'skypanel_pool'::regrole";
    assert_eq!(connections.pool.value(names).await, "app_anon app_customer app_staff app_worker app_writer");
    for statement in [
        "CREATE TABLE public.mine ()",
        "CREATE SCHEMA mine",
        "CREATE FUNCTION app.mine() RETURNS int LANGUAGE sql RETURN 1",
        "CREATE ROLE mine",
    ] {
        assert_eq!(connections.pool.run(statement).await, Err(REFUSED.into()), "{statement}");
    }
    for actor in Actor::all(&app).await.iter().filter(|actor| actor.name != "skypanel_owner") {
        for table in tables(&connections).await {
            assert_eq!(
                actor.run(&connections, &format!("TRUNCATE public.{} CASCADE", table.name)).await,
                Err(REFUSED.into()),
                "{}: {}",
                actor.name,
                table.name
            );
        }
    }
    let unforced = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND NOT (relrowsecurity AND relforcerowsecurity)";
    assert_eq!(connections.owner.column(unforced).await, ["__diesel_schema_migrations"]);
}

/// Case 32. A hash in upper case, too: the unique key would not see that it is the same.
#[tokio::test]
async fn a_token_is_stored_as_its_hash_or_not_at_all() {
    let app = App::demo().await;
    let connections = Connections::open(&app).await;
    let ada = app.user("ada").await;
    let (token, digest) = (ada.token.clone().unwrap(), ada.digest());
    for table in ["sessions", "password_reset_tokens"] {
        let insert = async |token: &str| {
            let sql = format!(
                "BEGIN; SET LOCAL ROLE app_maintenance; INSERT INTO {table} (id, user_id, token, expires_at) \
                 SELECT gen_random_uuid(), id, '{token}', now() + interval '1 day' FROM users LIMIT 1"
            );
            let outcome = connections.owner.run(&sql).await;
            connections.owner.run("ROLLBACK").await.unwrap();
            outcome
        };
        for wrong in [token.as_str(), &digest.to_uppercase(), &digest[1..], &format!("{digest}0"), ""] {
            assert_eq!(insert(wrong).await, Err(CHECK.into()), "{table}: {wrong}");
        }
        assert_eq!(insert(&digest.chars().rev().collect::<String>()).await, Ok(1), "{table}");
    }
}
