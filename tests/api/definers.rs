//! Functions of the database that run with their owner's rights mean what they name, whatever a caller puts in their
//! way: they fix their search_path and qualify every name, and objects of the caller's own change nothing.

use std::collections::BTreeSet;

use crate::harness::{App, Plain, cluster};

/// What is wrong with functions of schema `app`, but for their bodies. A body after RETURN or BEGIN ATOMIC was bound to
/// its objects when it was created.
const LOOSE: &str = "SELECT p.proname || ' ' || found.fault \
    FROM pg_proc p CROSS JOIN LATERAL (VALUES \
        ('has the rights of ' || p.proowner::regrole, p.prosecdef AND p.proowner <> 'app_auth'::regrole), \
        ('is for everybody', has_function_privilege('public', p.oid, 'EXECUTE')), \
        ('looks where its caller looks', p.prosqlbody IS NULL \
            AND NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (p.proconfig), false)) \
    ) AS found (fault, is_so) \
    WHERE p.pronamespace = 'app'::regnamespace AND found.is_so ORDER BY 1";

/// The names in a body that could be somebody else's: of our tables and functions, without the schema ahead. (A table's
/// with a point behind it was named before; a function's without a bracket is a variable's, too.)
fn unqualified(body: &str, tables: &BTreeSet<String>, functions: &BTreeSet<String>) -> Vec<String> {
    let lines = body.lines().map(|line| line.split("--").next().unwrap_or_default());
    let code = lines.collect::<Vec<_>>().join(" ");
    // What stands between quotes is no name.
    let code = code.split('\'').step_by(2).collect::<Vec<_>>().join("''");
    let is_of_name = |c: char| c == '_' || c.is_alphanumeric();
    let mut found = Vec::new();
    let mut rest = code.as_str();
    while let Some(at) = rest.find(is_of_name) {
        let is_qualified = rest[..at].trim_end().ends_with('.');
        let name: String = rest[at..].chars().take_while(|c| is_of_name(*c)).collect();
        rest = &rest[at + name.len()..];
        let is_ours = match rest.trim_start().chars().next() {
            Some('(') => tables.contains(&name) || functions.contains(&name),
            Some('.') => false,
            _ => tables.contains(&name),
        };
        if is_ours && !is_qualified {
            found.push(name);
        }
    }
    found
}

/// Every fault of every function.
async fn faults(admin: &Plain) -> Vec<String> {
    let names = async |query: &str| admin.column(query).await.into_iter().collect::<BTreeSet<String>>();
    let tables = names("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace").await;
    // What PostgreSQL has a function of the same name for is that, with the path that is fixed.
    let ours = "SELECT proname FROM pg_proc WHERE pronamespace = 'app'::regnamespace \
                AND proname NOT IN (SELECT proname FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace)";
    let functions = names(ours).await;
    let mut faults = admin.column(LOOSE).await;
    let bodies = "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'app'::regnamespace AND prosqlbody IS NULL ORDER BY 1";
    for row in admin.rows(bodies).await {
        let (name, body) = (row[0].as_ref().unwrap(), row[1].as_ref().unwrap());
        faults.extend(unqualified(body, &tables, &functions).into_iter().map(|what| format!("{name} names {what}")));
    }
    faults
}

async fn admin(app: &App) -> Plain {
    let name = app.database.owner_url.rsplit('/').next().unwrap();
    Plain::connect(&cluster::url("skypanel_super", name).await).await
}

#[tokio::test]
async fn every_function_fixes_what_its_names_mean() {
    let app = App::demo().await;
    let admin = admin(&app).await;
    assert_eq!(faults(&admin).await, [""; 0]);
    let definers = "SELECT count(*) FROM pg_proc WHERE pronamespace = 'app'::regnamespace AND prosecdef";
    assert!(admin.value(definers).await.parse::<u32>().unwrap() >= 15);

    // And a fault would be seen, also in a branch that never runs.
    let returns = "RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER";
    for (function, named) in [
        (format!("bad() {returns} AS $$BEGIN RETURN true; END$$"), "bad looks where its caller looks"),
        (
            format!("bad() {returns} SET search_path = public, pg_temp AS $$BEGIN RETURN true; END$$"),
            "bad looks where its caller looks",
        ),
        (
            format!(
                "bad() {returns} SET search_path = pg_catalog, pg_temp AS $$BEGIN IF false THEN DELETE FROM sessions s; END IF; RETURN app.can('users'); END$$"
            ),
            "bad names sessions",
        ),
        (
            format!("bad() {returns} SET search_path = pg_catalog, pg_temp AS $$BEGIN RETURN can('*'); END$$"),
            "bad names can",
        ),
    ] {
        admin.run(&format!("CREATE FUNCTION app.{function}; ALTER FUNCTION app.bad OWNER TO app_auth")).await.unwrap();
        assert_eq!(faults(&admin).await, ["bad is for everybody", named], "{function}");
        admin.run("DROP FUNCTION app.bad").await.unwrap();
    }
    admin.run("CREATE FUNCTION app.bad() RETURNS boolean LANGUAGE sql SECURITY DEFINER RETURN true; REVOKE ALL ON FUNCTION app.bad FROM PUBLIC").await.unwrap();
    assert_eq!(faults(&admin).await, ["bad has the rights of skypanel_super"]);
}

/// Tables of our names that are empty, functions and operators of PostgreSQL's names that fail, and a search_path that
/// finds them first.
const HOSTILE: &str = r"
DO $$
DECLARE
    found record;
BEGIN
    CREATE SCHEMA hostile;
    GRANT USAGE ON SCHEMA hostile TO PUBLIC;
    FOR found IN SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' LOOP
        EXECUTE format('CREATE TABLE hostile.%1$I (LIKE public.%1$I)', found.relname);
        EXECUTE format('CREATE TEMPORARY TABLE %1$I (LIKE public.%1$I)', found.relname);
        EXECUTE format('GRANT ALL ON hostile.%1$I, pg_temp.%1$I TO PUBLIC', found.relname);
    END LOOP;
    FOR found IN
        SELECT proname, pg_get_function_identity_arguments(oid) AS given, pg_get_function_result(oid) AS result
        FROM pg_proc
        WHERE pronamespace = 'pg_catalog'::regnamespace AND proname IN (
            'now', 'clock_timestamp', 'lower', 'left', 'current_setting', 'set_config', 'regexp_replace',
            'jsonb_array_elements_text', 'texteq', 'uuid_eq', 'numeric_add', 'array_to_string'
        )
    LOOP
        EXECUTE format(
            'CREATE FUNCTION hostile.%I(%s) RETURNS %s LANGUAGE plpgsql AS ''BEGIN RAISE EXCEPTION ''''hostile''''; END''',
            found.proname, found.given, found.result
        );
    END LOOP;
    CREATE OPERATOR hostile.= (LEFTARG = text, RIGHTARG = text, FUNCTION = hostile.texteq);
    CREATE OPERATOR hostile.= (LEFTARG = uuid, RIGHTARG = uuid, FUNCTION = hostile.uuid_eq);
    CREATE OPERATOR hostile.+ (LEFTARG = numeric, RIGHTARG = numeric, FUNCTION = hostile.numeric_add);
END
$$;
SET search_path = hostile, pg_temp, pg_catalog, public, app";

#[tokio::test]
async fn objects_of_a_caller_s_own_change_nothing() {
    let app = App::demo().await;
    let (viewer, ada) = (app.user("admin").await, app.user("ada").await);
    app.user("admin").await;
    app.maintain("INSERT INTO peppers (id, proof) VALUES ('test', repeat('0', 64))").await;
    app.maintain("UPDATE sessions SET last_activity = now() - interval '2 days' WHERE user_id IN (SELECT id FROM users WHERE username = 'ada')").await;
    let admin = admin(&app).await;
    let ids = async |query: &str| format!("ARRAY[{}]::uuid[]", admin.column(query).await.join(", "));
    let people = ids("SELECT quote_literal(id) FROM users ORDER BY id").await;
    let invoices = ids("SELECT quote_literal(id) FROM invoices ORDER BY id").await;
    let of_ada = |column: &str| format!("SELECT quote_literal({column}) FROM users WHERE username = 'ada'");
    let support = admin.value("SELECT quote_literal(id) FROM users WHERE username = 'support'").await;
    let (id, hash) = (admin.value(&of_ada("id")).await, admin.value(&of_ada("password_hash")).await);
    let session = format!("SELECT quote_literal(id) FROM sessions WHERE token = '{}'", viewer.digest());
    let session = admin.value(&session).await;
    let new = "'0190c6f0-7c4e-7b1e-9d58-6d1f5d0e2a11'";
    let token = ada.digest().chars().rev().collect::<String>();
    let calls = [
        ("actors", format!("SELECT * FROM app.actors({people})")),
        ("authenticate", format!("SELECT * FROM app.authenticate('{}')", viewer.digest())),
        ("billing_summary", "SELECT * FROM app.billing_summary('2020-01-01', '2030-01-01')".into()),
        ("credentials", "SELECT * FROM app.credentials('ada')".into()),
        ("credits", format!("SELECT * FROM app.credits({people})")),
        ("default_role", "SELECT app.default_role()".into()),
        ("delete_ended_sessions", "SELECT app.delete_ended_sessions()".into()),
        ("end_other_sessions", "SELECT app.end_other_sessions()".into()),
        ("end_session", format!("SELECT app.end_session({session})")),
        ("end_sessions_of", "SELECT app.end_sessions_of(app.viewer_id())".into()),
        ("has_administrator", "SELECT app.has_administrator()".into()),
        ("holder_of_session", format!("SELECT app.holder_of_session({session})")),
        ("holds_demo_data", "SELECT app.holds_demo_data()".into()),
        ("instant", "SELECT app.instant() >= pg_catalog.now()".into()),
        ("invoice_sums", format!("SELECT * FROM app.invoice_sums({invoices})")),
        ("is_live_session", format!("SELECT app.is_live_session({session})")),
        ("now", "SELECT app.now() = pg_catalog.now()".into()),
        (
            "open_session",
            format!("SELECT app.open_session({id}, {hash}, NULL, {new}, '{token}', NULL, 'agent') IS NOT NULL"),
        ),
        ("password_of", format!("SELECT app.password_of({id})")),
        ("pepper_proofs", "SELECT * FROM app.pepper_proofs()".into()),
        ("person_can", format!("SELECT app.person_can({support}, 'ticket:reply')")),
        ("rights_of", format!("SELECT app.rights_of({support})")),
        ("schema_steps", "SELECT app.schema_steps()".into()),
        ("search_tickets", "SELECT app.search_tickets('mail')".into()),
        ("unsettled", format!("SELECT * FROM app.unsettled({id})")),
        ("users_with_permission", "SELECT app.users_with_permission('ticket:read')".into()),
    ];
    // Triggers are called by what they stand at.
    let definers = "SELECT proname FROM pg_proc WHERE pronamespace = 'app'::regnamespace AND prosecdef AND prorettype <> 'trigger'::regtype ORDER BY 1";
    assert_eq!(admin.column(definers).await, calls.each_ref().map(|(name, _)| (*name).to_owned()), "one call each");

    let answers = async || {
        let mut answers = Vec::new();
        for (name, call) in &calls {
            let sql = format!("BEGIN; SELECT FROM app.authenticate('{}'); {call}", viewer.digest());
            let mut rows = admin.rows(&sql).await.split_off(1);
            rows.sort();
            admin.run("ROLLBACK").await.unwrap();
            answers.push((*name, rows));
        }
        answers
    };
    let honest = answers().await;
    for (name, rows) in &honest {
        let is_empty = rows.iter().flatten().all(|value| matches!(value.as_deref(), None | Some("f" | "0" | "{}")));
        assert!(!is_empty, "{name} answers nothing: {rows:?}");
    }
    admin.run(HOSTILE).await.unwrap();
    let hides = "SELECT count(*) FROM users";
    assert_eq!(admin.value(hides).await, "0", "the objects are in the way");
    assert_eq!(answers().await, honest);

    // And a function that looks where its caller looks would be seen.
    admin.run("CREATE OR REPLACE FUNCTION app.holds_demo_data() RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$BEGIN RETURN EXISTS (SELECT FROM demo_data); END$$").await.unwrap();
    let changed: Vec<&str> =
        answers().await.iter().zip(&honest).filter(|(one, other)| one != other).map(|(one, _)| one.0).collect();
    assert_eq!(changed, ["holds_demo_data"]);
}
