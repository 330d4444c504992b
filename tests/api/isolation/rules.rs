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
    rule("servers", &["server:read"], &[(Some("server:read:own"), "user_id = $me")]),
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
    // What the program looks at before it serves, by definer functions.
    Rule { customer: false, ..rule("demo_data", &[], &[]).looked_at() },
    Rule { customer: false, ..rule("peppers", &[], &[]).looked_at() },
    Rule { customer: false, ..rule("__diesel_schema_migrations", &[], &[]).looked_at() },
];

/// Columns that an asker may not read although it may ask for the row.
pub const HIDDEN: &[(&str, &str, &[Kind])] = &[
    ("users", "password_hash", &[Kind::Customer, Kind::Staff]),
    ("sessions", "token", &[Kind::Customer, Kind::Staff, Kind::Worker]),
    ("password_reset_tokens", "token", &[Kind::Customer, Kind::Staff]),
    ("server_actions", "provider_ref", &[Kind::Customer, Kind::Staff]),
    ("transactions", "metadata", &[Kind::Customer]),
    ("servers", "node_id", &[Kind::Customer]),
    ("tickets", "hold_reason", &[Kind::Customer]),
    ("tickets", "response_due_at", &[Kind::Customer]),
    ("tickets", "response_due_sort", &[Kind::Customer]),
    ("tickets", "resolution_due_at", &[Kind::Customer]),
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
    ("sessions", "last_activity", Kind::Worker),
    ("users", "last_login", Kind::Auth),
    ("users", "password_hash", Kind::Auth),
];

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
            Kind::Worker => self.table == "sessions",
            Kind::Auth => self.auth,
            Kind::Owner => return (!self.table.starts_with("__")).then(|| "false".into()),
            Kind::Maintenance => !self.table.starts_with("__"),
        };
        match actor.kind {
            _ if !asks => None,
            Kind::Worker | Kind::Auth | Kind::Maintenance => Some("true".into()),
            _ => Some(self.condition(actor)),
        }
    }

    fn condition(&self, actor: &Actor) -> String {
        if self.any.iter().any(|permission| actor.can(permission)) {
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

    /// The rows that the actor may delete; `None` when it may not even try.
    pub fn deletable_by(&self, actor: &Actor) -> Option<String> {
        if self.table != "sessions" {
            return None;
        }
        match actor.kind {
            Kind::Auth => Some("true".into()),
            Kind::Customer | Kind::Staff if actor.can("session:revoke") => Some("true".into()),
            Kind::Customer | Kind::Staff if actor.can("session:revoke:own") => Some(format!("user_id = {}", actor.me)),
            Kind::Customer | Kind::Staff => Some(format!("id = {}", actor.session)),
            _ => None,
        }
    }
}
