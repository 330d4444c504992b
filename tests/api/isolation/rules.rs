//! What row-level security is meant to say, written down a second time: who sees which rows of which table.

use super::actors::{Actor, Kind};

/// Which rows a permission or a circumstance opens. `$me` and `$session` are the asker's, `{table}` stands
/// for the condition of what the asker sees of another table.
pub struct Rule {
    pub table: &'static str,
    /// Any of these opens every row.
    any: &'static [&'static str],
    /// The rows that a permission, or none, opens beside that.
    some: &'static [(Option<&'static str>, &'static str)],
    /// Who may ask at all.
    anon: bool,
    customer: bool,
    /// Whether the definer functions look at it.
    auth: bool,
}

const fn rule(
    table: &'static str,
    any: &'static [&'static str],
    some: &'static [(Option<&'static str>, &'static str)],
) -> Rule {
    Rule { table, any, some, anon: false, customer: true, auth: false }
}

pub const RULES: &[Rule] = &[
    rule("users", &["user:read"], &[(Some("user:read:own"), "id = $me")]).looked_at(),
    rule("roles", &["role:read", "user:read"], &[(None, "id IN (SELECT role_id FROM user_roles WHERE user_id = $me)")])
        .looked_at(),
    rule("user_roles", &["role:read", "user:read"], &[(None, "user_id = $me")]).looked_at(),
    rule("sessions", &["session:read"], &[(Some("session:read:own"), "user_id = $me"), (None, "id = $session")])
        .looked_at(),
    rule("password_reset_tokens", &["user:reset_credentials"], &[]),
    Rule {
        anon: true,
        ..rule(
            "server_packages",
            &["package:read"],
            &[(None, "is_active"), (None, "id IN (SELECT package_id FROM servers WHERE {servers})")],
        )
    },
    rule("servers", &["server:read"], &[(Some("server:read:own"), "user_id = $me")]).looked_at(),
    rule("server_actions", &[], &[(None, "server_id IN (SELECT id FROM servers WHERE {servers})")]),
    rule("invoices", &["invoice:read"], &[(Some("invoice:read:own"), "user_id = $me")]).looked_at(),
    rule("invoice_items", &[], &[(None, "invoice_id IN (SELECT id FROM invoices WHERE {invoices})")]),
    rule("transactions", &["transaction:read"], &[(Some("transaction:read:own"), "user_id = $me")]).looked_at(),
    rule("tickets", &["ticket:read"], &[(Some("ticket:read:own"), "user_id = $me")]).looked_at(),
    rule(
        "ticket_messages",
        &[],
        &[
            (None, "NOT is_internal AND ticket_id IN (SELECT id FROM tickets WHERE {tickets})"),
            (Some("ticket:note"), "is_internal AND ticket_id IN (SELECT id FROM tickets WHERE {tickets})"),
        ],
    ),
    // And all of them for staff, whatever they may do.
    rule(
        "departments",
        &[],
        &[
            (None, "is_public AND $me IS NOT NULL"),
            (None, "slug IN (SELECT department FROM tickets WHERE user_id = $me)"),
        ],
    ),
    rule("department_targets", &["ticket:update"], &[]),
    rule("canned_replies", &["canned_reply:read"], &[]),
    // What is kept of changes; nobody reads it yet.
    Rule { customer: false, ..rule("audit_events", &[], &[]) },
    Rule { customer: false, ..rule("audit_details", &[], &[]) },
    Rule { customer: false, ..rule("outbox", &[], &[]) },
    Rule { customer: false, ..rule("idempotency_keys", &[], &[(None, "user_id = $me")]) },
    // What the program does by itself.
    Rule { customer: false, ..rule("jobs", &[], &[]) },
    rule("job_runs", &["system:read"], &[]),
    rule("mails", &["system:read"], &[]),
    // What the program looks at before it serves, by definer functions.
    Rule { customer: false, ..rule("demo_data", &[], &[]).looked_at() },
    Rule { customer: false, ..rule("peppers", &[], &[]).looked_at() },
    Rule { customer: false, ..rule("__diesel_schema_migrations", &[], &[]).looked_at() },
];

/// Columns that an asker may not read although it may ask for the row.
pub const HIDDEN: &[(&str, &str, &[Kind])] = &[
    ("users", "password_hash", &[Kind::Customer, Kind::Staff, Kind::Writer, Kind::Worker]),
    ("users", "username", &[Kind::Worker]),
    ("users", "suspended_from", &[Kind::Worker]),
    ("users", "closed_from", &[Kind::Worker]),
    ("users", "closed_at", &[Kind::Worker]),
    ("users", "first_name", &[Kind::Worker]),
    ("users", "last_name", &[Kind::Worker]),
    ("users", "email_verified", &[Kind::Worker]),
    ("users", "created_at", &[Kind::Worker]),
    ("users", "updated_at", &[Kind::Worker]),
    ("users", "last_login", &[Kind::Worker]),
    ("users", "virtfusion_id", &[Kind::Worker]),
    ("users", "revision", &[Kind::Worker]),
    ("users", "server_limit", &[Kind::Worker]),
    ("users", "suspension_reason", &[Kind::Worker]),
    ("users", "email_key", &[Kind::Worker]),
    ("users", "username_key", &[Kind::Worker]),
    ("users", "last_login_sort", &[Kind::Worker]),
    ("sessions", "token", &[Kind::Customer, Kind::Staff, Kind::Writer, Kind::Worker]),
    ("password_reset_tokens", "token", &[Kind::Customer, Kind::Staff]),
    ("server_actions", "provider_ref", &[Kind::Customer, Kind::Staff]),
    ("transactions", "metadata", &[Kind::Customer]),
    ("servers", "node_id", &[Kind::Customer]),
    ("tickets", "hold_reason", &[Kind::Customer]),
    ("tickets", "response_due_at", &[Kind::Customer]),
    ("tickets", "response_due_sort", &[Kind::Customer]),
    ("tickets", "resolution_due_at", &[Kind::Customer]),
    ("tickets", "resolution_seconds_left", &[Kind::Customer]),
    ("tickets", "before_merge", &[Kind::Customer]),
    ("ticket_messages", "user_id", &[Kind::Writer]),
    ("ticket_messages", "content", &[Kind::Writer]),
    ("ticket_messages", "is_internal", &[Kind::Writer]),
    ("ticket_messages", "created_at", &[Kind::Writer]),
    ("ticket_messages", "updated_at", &[Kind::Writer]),
    ("tickets", "silence_warned_at", &[Kind::Customer]),
    ("ticket_messages", "updated_at", &[Kind::Worker]),
    ("ticket_messages", "shown_in", &[Kind::Worker]),
    ("idempotency_keys", "user_id", &[Kind::Worker]),
    ("idempotency_keys", "operation", &[Kind::Worker]),
    ("idempotency_keys", "key", &[Kind::Worker]),
    ("idempotency_keys", "fingerprint", &[Kind::Worker]),
    ("idempotency_keys", "answer", &[Kind::Worker]),
    ("users", "virtfusion_id", &[Kind::Customer]),
    ("users", "server_limit", &[Kind::Customer]),
    ("sessions", "user_id", &[Kind::Worker]),
    ("sessions", "ip_address", &[Kind::Worker]),
    ("sessions", "user_agent", &[Kind::Worker]),
    ("sessions", "expires_at", &[Kind::Worker]),
    ("sessions", "created_at", &[Kind::Worker]),
];

/// What may be changed, and by whom; everything else is refused.
pub const WRITABLE: &[(&str, &str, Kind)] = &[
    ("tickets", "assigned_to", Kind::Writer),
    ("tickets", "subject", Kind::Writer),
    ("tickets", "status", Kind::Writer),
    ("tickets", "priority", Kind::Writer),
    ("tickets", "department", Kind::Writer),
    ("tickets", "updated_at", Kind::Writer),
    ("tickets", "closed_at", Kind::Writer),
    ("tickets", "server_id", Kind::Writer),
    ("tickets", "revision", Kind::Writer),
    ("tickets", "hold_reason", Kind::Writer),
    ("tickets", "response_due_at", Kind::Writer),
    ("tickets", "resolution_due_at", Kind::Writer),
    ("tickets", "merged_into", Kind::Writer),
    ("tickets", "resolution_seconds_left", Kind::Writer),
    ("tickets", "before_merge", Kind::Writer),
    ("ticket_messages", "shown_in", Kind::Writer),
    ("canned_replies", "name", Kind::Writer),
    ("canned_replies", "content", Kind::Writer),
    ("canned_replies", "department_id", Kind::Writer),
    ("canned_replies", "revision", Kind::Writer),
    ("canned_replies", "updated_at", Kind::Writer),
    ("departments", "name", Kind::Writer),
    ("departments", "is_public", Kind::Writer),
    ("departments", "revision", Kind::Writer),
    ("departments", "updated_at", Kind::Writer),
    ("department_targets", "response_minutes", Kind::Writer),
    ("department_targets", "resolution_minutes", Kind::Writer),
    ("users", "email", Kind::Writer),
    ("users", "username", Kind::Writer),
    ("users", "first_name", Kind::Writer),
    ("users", "last_name", Kind::Writer),
    ("users", "email_verified", Kind::Writer),
    ("users", "status", Kind::Writer),
    ("users", "virtfusion_id", Kind::Writer),
    ("users", "server_limit", Kind::Writer),
    ("users", "suspension_reason", Kind::Writer),
    ("users", "suspended_from", Kind::Writer),
    ("users", "closed_from", Kind::Writer),
    ("users", "closed_at", Kind::Writer),
    ("users", "updated_at", Kind::Writer),
    ("users", "revision", Kind::Writer),
    ("roles", "name", Kind::Writer),
    ("roles", "description", Kind::Writer),
    ("roles", "is_default", Kind::Writer),
    ("roles", "permissions", Kind::Writer),
    ("roles", "updated_at", Kind::Writer),
    ("roles", "revision", Kind::Writer),
    ("sessions", "last_activity", Kind::Worker),
    ("tickets", "status", Kind::Worker),
    ("tickets", "updated_at", Kind::Worker),
    ("tickets", "revision", Kind::Worker),
    ("tickets", "closed_at", Kind::Worker),
    ("tickets", "hold_reason", Kind::Worker),
    ("tickets", "response_due_at", Kind::Worker),
    ("tickets", "resolution_due_at", Kind::Worker),
    ("tickets", "resolution_seconds_left", Kind::Worker),
    ("tickets", "silence_warned_at", Kind::Worker),
    ("outbox", "done_at", Kind::Worker),
    ("mails", "status", Kind::Worker),
    ("mails", "attempts", Kind::Worker),
    ("mails", "next_attempt_at", Kind::Worker),
    ("mails", "last_error", Kind::Worker),
    ("mails", "sent_at", Kind::Worker),
    ("mails", "updated_at", Kind::Worker),
    ("mails", "status", Kind::Writer),
    ("mails", "attempts", Kind::Writer),
    ("mails", "next_attempt_at", Kind::Writer),
    ("mails", "updated_at", Kind::Writer),
    ("mails", "revision", Kind::Writer),
    ("jobs", "due_at", Kind::Worker),
    ("jobs", "leased_until", Kind::Worker),
    ("job_runs", "status", Kind::Worker),
    ("job_runs", "finished_at", Kind::Worker),
    ("job_runs", "done", Kind::Worker),
    ("job_runs", "failed", Kind::Worker),
    ("job_runs", "error", Kind::Worker),
    ("users", "last_login", Kind::Auth),
    ("users", "password_hash", Kind::Auth),
];

/// What is looked at on a clock.
const WORKED: [&str; 9] =
    ["users", "sessions", "tickets", "ticket_messages", "idempotency_keys", "outbox", "jobs", "job_runs", "mails"];

impl Rule {
    const fn looked_at(self) -> Self {
        Self { auth: true, ..self }
    }

    pub fn of(table: &str) -> &'static Self {
        RULES
            .iter()
            .find(|rule| rule.table == table)
            .unwrap_or_else(|| panic!("{table} is new: say here who sees which of its rows"))
    }

    /// The rows that the actor may read; `None` when it may not even ask.
    pub fn seen_by(&self, actor: &Actor) -> Option<String> {
        let asks = match actor.kind {
            Kind::Anon => self.anon,
            Kind::Customer | Kind::Staff => self.customer,
            Kind::Pool => false,
            Kind::Worker => WORKED.contains(&self.table),
            Kind::Writer => [
                "users",
                "roles",
                "user_roles",
                "sessions",
                "servers",
                "tickets",
                "ticket_messages",
                "canned_replies",
                "idempotency_keys",
                "departments",
                "department_targets",
                "mails",
            ]
            .contains(&self.table),
            Kind::Auth => self.auth,
            Kind::Owner => return (!self.table.starts_with("__")).then(|| "false".into()),
            Kind::Maintenance => !self.table.starts_with("__"),
        };
        match actor.kind {
            _ if !asks => None,
            Kind::Worker if self.table == "ticket_messages" => Some("NOT is_internal".into()),
            Kind::Worker if self.table == "outbox" => Some("topic = 'mail'".into()),
            Kind::Worker | Kind::Auth | Kind::Maintenance => Some("true".into()),
            // Of sessions a change needs none but the one that asks.
            Kind::Writer if self.table == "sessions" => Some(format!("id = {}", actor.session)),
            // Whoever merges moves all messages, and reads none.
            Kind::Writer if self.table == "ticket_messages" => Some(actor.can("ticket:merge").to_string()),
            // A customer's ticket has due times that he never sees.
            Kind::Writer if self.table == "department_targets" => {
                let seen = Rule::of("departments").condition(actor);
                Some(format!("department IN (SELECT slug FROM departments WHERE {seen})"))
            }
            // And of tickets those of people whom it keeps from answering.
            Kind::Writer if self.table == "tickets" && releases(actor) => {
                Some(format!("({}) OR assigned_to IS NOT NULL", self.condition(actor)))
            }
            _ => Some(self.condition(actor)),
        }
    }

    fn condition(&self, actor: &Actor) -> String {
        if self.any.iter().any(|permission| actor.can(permission)) || (self.table == "departments" && actor.is_staff())
        {
            return "true".into();
        }
        let some = self.some.iter().filter(|(permission, _)| permission.is_none_or(|permission| actor.can(permission)));
        let some: Vec<String> = some.map(|(_, rows)| format!("({rows})")).collect();
        let mut condition = if some.is_empty() { "false".to_owned() } else { some.join(" OR ") };
        for rule in RULES {
            let name = format!("{{{}}}", rule.table);
            if condition.contains(&name) {
                condition = condition.replace(&name, &format!("({})", rule.condition(actor)));
            }
        }
        condition.replace("$me", &actor.me).replace("$session", &actor.session)
    }

    /// The rows of which the actor may change the columns that it may change at all.
    pub fn changeable_by(&self, actor: &Actor) -> String {
        let held = |names: &[&str]| names.iter().any(|name| actor.can(name));
        // In other states the clock does nothing to a ticket.
        if actor.kind == Kind::Worker && self.table == "tickets" {
            return "status IN ('waiting_customer', 'resolved')".into();
        }
        if actor.kind == Kind::Worker && self.table == "outbox" {
            return "topic = 'mail'".into();
        }
        if actor.kind != Kind::Writer {
            return "true".into();
        }
        if self.table == "mails" {
            return (held(&["system:run_job"]) && held(&["system:read"])).to_string();
        }
        if self.table == "canned_replies" {
            return format!("({}) AND {}", self.condition(actor), held(&["canned_reply:write"]));
        }
        if self.table == "ticket_messages" {
            return held(&["ticket:merge"]).to_string();
        }
        if self.table.starts_with("department") {
            return held(&["department:write"]).to_string();
        }
        let (own, any): (&[&str], &[&str]) = match self.table {
            "users" => {
                (&["user:update:own", "user:close:own"], &["user:update", "user:suspend", "user:close", "role:assign"])
            }
            "roles" => (&[], &["role:update", "role:delete"]),
            _ => (
                &["ticket:reply:own", "ticket:close:own", "ticket:reopen:own"],
                &[
                    "ticket:update",
                    "ticket:assign",
                    "ticket:reply",
                    "ticket:close",
                    "ticket:reopen",
                    "ticket:note",
                    "ticket:merge",
                ],
            ),
        };
        let owner = if self.table == "users" { "id" } else { "user_id" };
        let mut changes = match (held(any), held(own)) {
            (true, _) => "true".to_owned(),
            (false, true) => format!("{owner} = {}", actor.me),
            (false, false) => "false".to_owned(),
        };
        if self.table == "tickets" && releases(actor) {
            changes = format!("{changes} OR assigned_to IS NOT NULL");
        }
        let seen = self.seen_by(actor).unwrap_or_else(|| "false".to_owned());
        format!("({seen}) AND ({changes})")
    }

    /// The rows that the actor may delete; `None` when it may not even try.
    pub fn deletable_by(&self, actor: &Actor) -> Option<String> {
        // What is deleted without a condition need not be seen.
        let with = |permission: &str| Some(actor.can(permission).to_string());
        match (self.table, actor.kind) {
            ("sessions", Kind::Writer) => Some(format!("id = {}", actor.session)),
            ("sessions", Kind::Auth) | ("idempotency_keys" | "job_runs", Kind::Worker) => Some("true".into()),
            // Of roles, those that nobody holds: which is the foreign key's to say.
            ("roles", Kind::Writer) => with("role:delete"),
            ("canned_replies", Kind::Writer) => with("canned_reply:write"),
            ("user_roles", Kind::Writer) => with("role:assign"),
            _ => None,
        }
    }
}

/// Whether somebody may keep others from answering, and so has to take their tickets from them.
fn releases(actor: &Actor) -> bool {
    ["user:suspend", "user:close", "role:assign", "role:update"].iter().any(|name| actor.can(name))
}

/// What a writer adds: table, statement, and what comes of it for somebody who sees so many tickets.
type Addition = (&'static str, &'static str, fn(&Actor, u64) -> Result<u64, String>);

const REFUSED: &str = "42501";
const NO_SUCH_EVENT: &str = "23503";

fn in_own_name(actor: &Actor, done: Result<u64, &str>) -> Result<u64, String> {
    if actor.me == "NULL" { Err(REFUSED.into()) } else { done.map_err(Into::into) }
}

fn by_permission(actor: &Actor, permission: &str) -> Result<u64, String> {
    if actor.can(permission) { Ok(1) } else { Err(REFUSED.into()) }
}

/// What can be added to the tables that take something, said again.
pub const ADDITIONS: &[Addition] = &[
    (
        "ticket_messages",
        "INSERT INTO public.ticket_messages (id, ticket_id, user_id, content) SELECT gen_random_uuid(), id, app.viewer_id(), 'a' FROM public.tickets",
        |actor, seen| match seen {
            0 => Ok(0),
            _ if actor.can("ticket:reply") || actor.can("ticket:create") => Ok(seen),
            _ if actor.can("ticket:reply:own") && !actor.can("ticket:read") => Ok(seen),
            _ => Err(REFUSED.into()),
        },
    ),
    (
        "ticket_messages",
        "INSERT INTO public.ticket_messages (id, ticket_id, user_id, content, is_internal) SELECT gen_random_uuid(), id, app.viewer_id(), 'a', true FROM public.tickets",
        |actor, seen| if seen == 0 || actor.can("ticket:note") { Ok(seen) } else { Err(REFUSED.into()) },
    ),
    (
        "ticket_messages",
        "INSERT INTO public.ticket_messages (id, ticket_id, user_id, content) SELECT gen_random_uuid(), id, user_id, 'a' FROM public.tickets WHERE user_id <> app.viewer_id()",
        |actor, _| if actor.can("ticket:read") || releases(actor) { Err(REFUSED.into()) } else { Ok(0) },
    ),
    (
        "tickets",
        "INSERT INTO public.tickets (id, user_id, subject, department) VALUES (gen_random_uuid(), app.viewer_id(), 'a', 'general')",
        |actor, _| by_permission(actor, "ticket:create:own"),
    ),
    (
        "tickets",
        "INSERT INTO public.tickets (id, user_id, subject, department) SELECT gen_random_uuid(), user_id, 'a', 'general' FROM public.tickets WHERE user_id <> app.viewer_id() LIMIT 1",
        |actor, _| {
            if actor.can("ticket:read") || releases(actor) { by_permission(actor, "ticket:create") } else { Ok(0) }
        },
    ),
    (
        "tickets",
        "INSERT INTO public.tickets (id, user_id, subject, department, server_id) SELECT gen_random_uuid(), app.viewer_id(), 'a', 'general', id FROM public.servers WHERE user_id <> app.viewer_id() LIMIT 1",
        |actor, _| if actor.can("server:read") { Err(REFUSED.into()) } else { Ok(0) },
    ),
    (
        "departments",
        "INSERT INTO public.departments (id, slug, name) VALUES (gen_random_uuid(), 'mail', 'Mail')",
        |actor, _| by_permission(actor, "department:write"),
    ),
    (
        "canned_replies",
        "INSERT INTO public.canned_replies (id, name, content) VALUES (gen_random_uuid(), 'a', 'b')",
        |actor, _| by_permission(actor, "canned_reply:write"),
    ),
    (
        "department_targets",
        "INSERT INTO public.department_targets VALUES ('general', 'low', 1, 1) ON CONFLICT (department, priority) DO UPDATE SET response_minutes = 1",
        |actor, _| by_permission(actor, "department:write"),
    ),
    (
        "audit_events",
        "INSERT INTO public.audit_events (id, at, actor_id, action, subject_kind, subject_id, fields, digest, request_id) VALUES (gen_random_uuid(), now(), app.viewer_id(), 'test', 'tkt', gen_random_uuid(), '[]', repeat('0', 64), 'a')",
        |actor, _| in_own_name(actor, Ok(1)),
    ),
    (
        "audit_details",
        "INSERT INTO public.audit_details (event_id, salt, changes) VALUES (gen_random_uuid(), gen_random_uuid(), '[]')",
        |actor, _| in_own_name(actor, Err(NO_SUCH_EVENT)),
    ),
    (
        "outbox",
        "INSERT INTO public.outbox (id, event_id, kind, topic, ordering_key, subject_kind, subject_id, summary, created_at) VALUES (gen_random_uuid(), gen_random_uuid(), 'mail', 'mail', gen_random_uuid(), 'tkt', gen_random_uuid(), 'a', now())",
        |actor, _| in_own_name(actor, Err(NO_SUCH_EVENT)),
    ),
    (
        "idempotency_keys",
        "INSERT INTO public.idempotency_keys (user_id, operation, key, fingerprint, answer) VALUES (app.viewer_id(), 'test', 'a', repeat('0', 64), '{}')",
        |actor, _| in_own_name(actor, Ok(1)),
    ),
    (
        "users",
        "INSERT INTO public.users (id, email, username, status) VALUES (gen_random_uuid(), 'new@example.com', 'new', 'active')",
        |actor, _| if actor.can("user:create") { Ok(1) } else { Err(REFUSED.into()) },
    ),
    (
        "roles",
        "INSERT INTO public.roles (id, name, permissions) VALUES (gen_random_uuid(), 'new', '[]')",
        |actor, _| if actor.can("role:create") { Ok(1) } else { Err(REFUSED.into()) },
    ),
    (
        "user_roles",
        "INSERT INTO public.user_roles (user_id, role_id) VALUES (app.viewer_id(), '00000000-0000-7000-8000-000000000002')",
        |actor, _| {
            let gives = actor.can("role:assign") || actor.can("user:create");
            if gives { Ok(1) } else { Err(REFUSED.into()) }
        },
    ),
];
