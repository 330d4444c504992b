//! A database that is not the program's own is looked at once, before it is served: what is wrong with it is told in
//! sentences, and not found out one failed request at a time.

use diesel::sql_types::{Array, Bool, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl as _};

use super::migrate;
use super::pool::Pool;
use super::statement::{Bind, Statement};
use super::unit::Unit;
use crate::error::Result;

/// The roles that a unit of work takes.
const ROLES: [&str; 5] = ["app_anon", "app_customer", "app_staff", "app_worker", "app_writer"];

/// What was found of the role that serves, and of what it meets.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Inspection {
    /// What serving cannot do with.
    pub faults: Vec<String>,
    /// Why row-level security would not hold.
    pub exposures: Vec<String>,
    /// What should be closed and may have to stay open, where nobody is a superuser.
    pub warnings: Vec<String>,
}

/// What is wrong with the database itself, for whatever would be done with it.
///
/// # Errors
/// What the database answers.
pub async fn faults(owner: &mut AsyncPgConnection) -> diesel::QueryResult<Vec<String>> {
    let statement = Statement::<(Text, Text, Bool)>::new(
        "SELECT current_database()::text, current_setting('server_encoding'), lower('I') = 'i'",
        vec![],
    );
    let (name, encoding, lowers): (String, String, bool) = statement.get_result(&mut &*owner).await?;
    let remedy =
        format!("Make it anew: CREATE DATABASE {name} OWNER … TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'");
    let mut faults = Vec::new();
    if encoding != "UTF8" {
        faults.push(format!("The database `{name}` is encoded in {encoding}, which lacks most characters. {remedy}"));
    }
    if !lowers {
        faults.push(format!(
            "In the locale of the database `{name}`, lower('I') is not 'i', so that people would not be found by their \
             e-mail addresses. {remedy}"
        ));
    }
    Ok(faults)
}

/// Looks at the role that serves, on a connection of the pool itself.
///
/// # Errors
/// Like [`Unit::open`].
pub async fn service(pool: &Pool) -> Result<Inspection> {
    let unit = Unit::program(pool).await?;
    let found = ask(&unit).await?;
    let statement = Statement::<(Bool, Bool)>::new(
        "SELECT current_setting('plan_cache_mode') = 'force_generic_plan' AND current_setting('statement_timeout') <> '0', \
             has_function_privilege('lo_creat(integer)', 'EXECUTE') OR has_function_privilege('lo_create(oid)', 'EXECUTE') \
                 OR has_function_privilege('lo_from_bytea(oid, bytea)', 'EXECUTE')",
        vec![],
    );
    let (settings_hold, stores): (bool, bool) = statement.get_result(&mut unit.conn()).await?;
    unit.close().await?;
    let mut inspection = Inspection { exposures: found.exposures(), ..Inspection::default() };
    if !settings_hold {
        inspection.faults.push(
            "The settings that connections are opened with do not arrive, so that no time-out would hold: a pooler in \
             between drops them. Let it pass `options` on, or name PostgreSQL itself in DATABASE_URL"
                .into(),
        );
    }
    if stores && !found.bypasses {
        inspection.warnings.push(format!(
            "`{}` may store large objects, which row-level security knows nothing of. As a superuser, in this database: \
             REVOKE EXECUTE ON FUNCTION lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea) FROM PUBLIC",
            found.name
        ));
    }
    if !found.lacking.is_empty() && !found.bypasses {
        let (name, lacking) = (&found.name, found.lacking.join(", "));
        inspection
            .faults
            .push(format!("`{name}` may not become {lacking}. As an administrator: GRANT {lacking} TO {name}"));
    }
    Ok(inspection)
}

/// Whether the database has every step that the program needs.
///
/// # Errors
/// Like [`Unit::open`], and on a database without the step that tells.
pub async fn is_current(pool: &Pool) -> Result<bool> {
    let unit = Unit::program(pool).await?;
    let missing = missing(&unit).await?;
    unit.close().await?;
    Ok(missing.is_empty())
}

/// Whether the clock of the business is the real one.
///
/// # Errors
/// Like [`Unit::open`], and when the schema is older than the program.
pub async fn goes_by_real_time(pool: &Pool) -> Result<bool> {
    let unit = Unit::program(pool).await?;
    let statement = Statement::<Bool>::new("SELECT app.now() = now()", vec![]);
    let is_real = statement.get_result(&mut unit.conn()).await?;
    unit.close().await?;
    Ok(is_real)
}

/// The names of the steps that the database lacks. On a database that cannot tell, all of them.
///
/// # Errors
/// Like [`Unit::open`].
pub async fn missing_steps(pool: &Pool) -> Result<Vec<String>> {
    let unit = Unit::program(pool).await?;
    // Asked first: the function came with a step, and a failure would end the transaction.
    let tells = Statement::<Bool>::new("SELECT to_regprocedure('app.schema_steps()') IS NOT NULL", vec![]);
    let missing = if tells.get_result(&mut unit.conn()).await? {
        missing(&unit).await?
    } else {
        migrate::known().into_iter().map(|step| step.name).collect()
    };
    unit.close().await?;
    Ok(missing)
}

async fn missing(unit: &Unit) -> Result<Vec<String>> {
    let steps = Statement::<Array<Text>>::new("SELECT app.schema_steps()", vec![]);
    let applied: Vec<String> = steps.get_result(&mut unit.conn()).await?;
    let missing = migrate::known().into_iter().filter(|step| !applied.contains(&step.version));
    Ok(missing.map(|step| step.name).collect())
}

/// The role that serves, as PostgreSQL knows it.
struct Role {
    name: String,
    bypasses: bool,
    creates: bool,
    owns: bool,
    inherited: Vec<String>,
    lacking: Vec<String>,
    other: Vec<String>,
    unforced: Vec<String>,
}

type RoleSql = (Text, Bool, Bool, Bool, Array<Text>, Array<Text>, Array<Text>, Array<Text>);
type RoleRow = (String, bool, bool, bool, Vec<String>, Vec<String>, Vec<String>, Vec<String>);

async fn ask(unit: &Unit) -> Result<Role> {
    let statement = Statement::<RoleSql>::new(
        "SELECT r.rolname::text, r.rolsuper OR r.rolbypassrls, r.rolcreaterole, \
             EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' \
                 AND pg_has_role(c.relowner, 'MEMBER')), \
             ARRAY(SELECT m.rolname::text FROM pg_roles m WHERE m.rolname = ANY (ours.names) AND pg_has_role(m.oid, 'USAGE')), \
             ARRAY(SELECT name FROM unnest(ours.names) AS name WHERE NOT EXISTS ( \
                 SELECT FROM pg_roles m WHERE m.rolname = name AND pg_has_role(m.oid, 'MEMBER'))), \
             ARRAY(SELECT m.rolname::text FROM pg_roles m WHERE m.oid <> r.oid AND m.rolname <> ALL (ours.names) \
                 AND pg_has_role(m.oid, 'MEMBER') ORDER BY m.rolname), \
             ARRAY(SELECT c.relname::text FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' \
                 AND c.relname <> '__diesel_schema_migrations' AND NOT (c.relrowsecurity AND c.relforcerowsecurity) ORDER BY 1) \
         FROM pg_roles r, (SELECT ?) AS ours (names) WHERE r.rolname = current_user",
        vec![Bind::Texts(ROLES.map(Into::into).into())],
    );
    let row: RoleRow = statement.get_result(&mut unit.conn()).await?;
    let (name, bypasses, creates, owns, inherited, lacking, other, unforced) = row;
    Ok(Role { name, bypasses, creates, owns, inherited, lacking, other, unforced })
}

impl Role {
    fn exposures(&self) -> Vec<String> {
        let name = &self.name;
        // A superuser is everything else as well.
        if self.bypasses {
            return vec![format!("`{name}` is a superuser or has BYPASSRLS")];
        }
        let mut exposures = Vec::new();
        if self.owns {
            exposures.push(format!("`{name}` owns the tables, or may become their owner"));
        }
        if self.creates {
            exposures.push(format!("`{name}` has CREATEROLE, and could give itself any role"));
        }
        if !self.inherited.is_empty() {
            let roles = self.inherited.join(", ");
            exposures.push(format!("`{name}` inherits {roles} and has their rights at all times: make it NOINHERIT"));
        }
        if !self.other.is_empty() && !self.owns {
            let roles = self.other.join(", ");
            exposures.push(format!("`{name}` is a member of {roles}, which serving does not need"));
        }
        if !self.unforced.is_empty() {
            let tables = self.unforced.join(", ");
            exposures.push(format!("it is not forced on {tables}"));
        }
        exposures
    }
}
