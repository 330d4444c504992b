//! Who asks in plain SQL.

use skypanel::viewer::Permission;

use crate::harness::{App, Plain};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Pool,
    Anon,
    Customer,
    Staff,
    /// Whoever changes something, in the name of a viewer.
    Writer,
    Worker,
    Auth,
    Owner,
    Maintenance,
}

/// What the standard role of a customer holds.
const CUSTOMER: [&str; 14] = [
    "user:read:own",
    "user:update:own",
    "user:close:own",
    "session:read:own",
    "session:revoke:own",
    "server:read:own",
    "invoice:read:own",
    "transaction:read:own",
    "credit:read:own",
    "ticket:read:own",
    "ticket:reply:own",
    "ticket:close:own",
    "ticket:reopen:own",
    "ticket:create:own",
];

/// Somebody with a connection.
pub struct Actor {
    pub name: String,
    pub kind: Kind,
    permissions: Vec<String>,
    /// The person and the session as SQL; null without a context.
    pub me: String,
    pub session: String,
    /// What is sent between `BEGIN` and the statement.
    enter: String,
}

impl Actor {
    fn role(name: &str, kind: Kind) -> Self {
        let enter = if name == "skypanel_pool" || name == "skypanel_owner" {
            String::new()
        } else {
            format!("SET LOCAL ROLE {name};")
        };
        Self { name: name.into(), kind, permissions: vec![], me: "NULL".into(), session: "NULL".into(), enter }
    }

    async fn person(app: &App, name: &str, kind: Kind, permissions: &[&str], digest: &str) -> Self {
        let owner = Plain::connect(&app.database.owner_url).await;
        let select = |column: &str| {
            format!(
                "BEGIN; SET LOCAL ROLE app_maintenance; SELECT quote_literal({column}) FROM sessions WHERE token = '{digest}'; COMMIT"
            )
        };
        Self {
            name: name.into(),
            kind,
            permissions: permissions.iter().map(ToString::to_string).collect(),
            me: owner.value(&select("user_id")).await,
            session: owner.value(&select("id")).await,
            enter: format!("SELECT set_config('role', app.role_of_viewer(), true) FROM app.authenticate('{digest}');"),
        }
    }

    /// Whether a permission of the person's opens anything to a change, or to what a change looks at.
    fn can_change(&self) -> bool {
        let opens = |name: &String| ["*", "user:", "ticket:"].iter().any(|start| name.starts_with(start));
        self.permissions.iter().any(opens)
    }

    /// The same person in a unit that may write.
    fn writing(&self) -> Option<Self> {
        matches!(self.kind, Kind::Customer | Kind::Staff).then_some(())?;
        self.enter.contains("app.authenticate").then(|| Self {
            name: format!("{}, writing", self.name),
            kind: Kind::Writer,
            permissions: self.permissions.clone(),
            me: self.me.clone(),
            session: self.session.clone(),
            enter: self.enter.replace("app.role_of_viewer()", "'app_writer'"),
        })
    }

    /// The same as `app.can`, said again.
    pub fn can(&self, permission: &str) -> bool {
        let any = permission.strip_suffix(":own").unwrap_or(permission);
        self.permissions.iter().any(|held| held == "*" || held == permission || held == any)
    }

    /// The same as `app.is_staff`, said again.
    pub fn is_staff(&self) -> bool {
        self.permissions.iter().any(|held| !held.ends_with(":own"))
    }

    /// Everybody: each role without a context, two customers, staff with one permission each, and
    /// staff who own things.
    pub async fn all(app: &App) -> Vec<Self> {
        app.maintain("INSERT INTO peppers (id, proof) VALUES ('test', repeat('0', 64)) ON CONFLICT DO NOTHING").await;
        let mut all = vec![
            Self::role("skypanel_pool", Kind::Pool),
            Self::role("app_anon", Kind::Anon),
            Self::role("app_customer", Kind::Customer),
            Self::role("app_staff", Kind::Staff),
            Self::role("app_writer", Kind::Writer),
            Self::role("app_worker", Kind::Worker),
            Self::role("app_auth", Kind::Auth),
            Self::role("app_maintenance", Kind::Maintenance),
        ];
        // FORCE holds for the owner as well. Before PostgreSQL 16 a member always inherits, maintenance's policies too.
        let owner = Plain::connect(&app.database.owner_url).await;
        let inherits = owner.value("SELECT pg_has_role('app_maintenance', 'USAGE')").await == "t";
        all.push(Self::role("skypanel_owner", if inherits { Kind::Maintenance } else { Kind::Owner }));
        for name in ["ada", "bob"] {
            // A second device, so that one's own sessions are not just the session that asks.
            app.user(name).await;
            let digest = app.user(name).await.digest();
            all.push(Self::person(app, name, Kind::Customer, &CUSTOMER, &digest).await);
        }
        let digest = app.user("admin").await.digest();
        all.push(Self::person(app, "admin", Kind::Staff, &["*"], &digest).await);
        for permission in Permission::ALL {
            let digest = app.staff(&[permission.name()]).await.digest();
            all.push(Self::person(app, permission.name(), Kind::Staff, &[permission.name()], &digest).await);
        }
        // Staff who are customers too: theirs is what Ada had, by permissions that say nothing of other people's.
        for (name, more, server, invoice, ticket) in [
            (
                "a clerk with a server",
                "credit:read",
                "web-1.moreau.example",
                "SP-1001",
                "Reverse DNS for the web server",
            ),
            (
                "an agent with a server",
                "ticket:note",
                "db-1.moreau.example",
                "SP-1003",
                "Refund for the outage of db-1",
            ),
        ] {
            let permissions: Vec<&str> = CUSTOMER.into_iter().chain([more]).collect();
            let digest = app.staff(&permissions).await.digest();
            let actor = Self::person(app, name, Kind::Staff, &permissions, &digest).await;
            let me = &actor.me;
            app.maintain(&format!(
                "UPDATE servers SET user_id = {me} WHERE hostname = '{server}'; \
                 UPDATE transactions SET user_id = {me} WHERE invoice_id = (SELECT id FROM invoices WHERE number = '{invoice}'); \
                 UPDATE invoices SET user_id = {me} WHERE number = '{invoice}'; \
                 UPDATE tickets SET user_id = {me} WHERE subject = '{ticket}'"
            ))
            .await;
            all.push(actor);
        }
        app.maintain(
            "INSERT INTO idempotency_keys (user_id, operation, key, fingerprint, answer) \
             SELECT id, 'other', 'a', repeat('0', 64), '{}' FROM users ON CONFLICT DO NOTHING",
        )
        .await;
        crate::jobs::have_run(app).await;
        crate::mail::lie_about(app).await;
        app.maintain(
            "INSERT INTO audit_events (id, at, action, subject_kind, subject_id, fields, digest, request_id) \
             SELECT id, now(), 'test', 'tkt', id, '[]', repeat('0', 64), 'test' FROM tickets LIMIT 2 ON CONFLICT DO NOTHING; \
             INSERT INTO outbox (id, event_id, kind, topic, ordering_key, subject_kind, subject_id, summary, created_at) \
             SELECT id, id, 'mail', CASE row_number() OVER () WHEN 1 THEN 'mail' ELSE 'other' END, id, 'tkt', id, 'a', now() \
             FROM audit_events WHERE action = 'test' ON CONFLICT DO NOTHING",
        )
        .await;
        // Those whom the policies of changes tell apart, once more, changing something.
        let writers: Vec<Self> = all.iter().filter(|actor| actor.can_change()).filter_map(Self::writing).collect();
        all.extend(writers);
        // A guest's context, and that of a token that is none.
        let mut guest = Self::role("a guest", Kind::Anon);
        guest.enter = "SELECT set_config('role', app.role_of_viewer(), true) FROM app.authenticate('nobody');".into();
        all.push(guest);
        all
    }

    /// Runs a statement as this actor and undoes it: rows returned or changed, or the SQLSTATE.
    pub async fn run(&self, connections: &Connections, statement: &str) -> Result<u64, String> {
        let connection = match self.kind {
            Kind::Auth | Kind::Owner | Kind::Maintenance => &connections.owner,
            _ => &connections.pool,
        };
        let outcome = connection.run(&format!("BEGIN; {} {statement}", self.enter)).await;
        connection.run("ROLLBACK").await.unwrap();
        outcome
    }
}

/// A connection of the role that serves, and one of the owner.
pub struct Connections {
    pub pool: Plain,
    pub owner: Plain,
}

impl Connections {
    pub async fn open(app: &App) -> Self {
        Self {
            pool: Plain::connect(&app.database.pool_url).await,
            owner: Plain::connect(&app.database.owner_url).await,
        }
    }

    /// A value that only maintenance sees.
    pub async fn truth(&self, statement: &str) -> u64 {
        // The migrations' own list is the owner's.
        let role = if statement.contains("__diesel") { "skypanel_owner" } else { "app_maintenance" };
        let sql = format!("BEGIN; SET LOCAL ROLE {role}; {statement}; COMMIT");
        self.owner.value(&sql).await.parse().unwrap()
    }
}
