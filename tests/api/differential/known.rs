//! What a writer of documents knows of the data: ids, and cursors out of earlier answers.

use std::collections::BTreeMap;

use serde_json::Value;

use super::schema::{Schema, base};
use crate::harness::{Actor, App, data};
use crate::rows::texts;

/// The types that are fetched by id: the prefix, the table, and which of its rows are somebody's own.
const NODES: [(&str, &str, &str, &str); 16] = [
    ("CannedReply", "can", "canned_replies", "false"),
    ("Department", "dep", "departments", "is_public"),
    ("Invoice", "inv", "invoices", "user_id = ME"),
    ("InvoiceItem", "itm", "invoice_items", "invoice_id IN (SELECT id FROM invoices WHERE user_id = ME)"),
    ("JobRun", "job", "job_runs", "false"),
    ("Mail", "mal", "mails", "false"),
    ("PasswordReset", "pwr", "password_reset_tokens", "user_id = ME"),
    ("Role", "rol", "roles", "id IN (SELECT role_id FROM user_roles WHERE user_id = ME)"),
    ("Server", "srv", "servers", "user_id = ME"),
    ("ServerAction", "sac", "server_actions", "server_id IN (SELECT id FROM servers WHERE user_id = ME)"),
    ("ServerPackage", "pkg", "server_packages", "is_active"),
    ("Session", "ses", "sessions", "user_id = ME"),
    ("Ticket", "tkt", "tickets", "user_id = ME"),
    ("TicketMessage", "msg", "ticket_messages", "ticket_id IN (SELECT id FROM tickets WHERE user_id = ME)"),
    ("Transaction", "trx", "transactions", "user_id = ME"),
    ("User", "usr", "users", "id = ME"),
];

/// Ids by type.
pub type Ids = BTreeMap<&'static str, Vec<String>>;

/// The ids of all rows, or of one person's own.
pub async fn ids(app: &App, owner: Option<&Actor<'_>>) -> Ids {
    let mut ids = Ids::new();
    for (name, prefix, table, own) in NODES {
        let which = owner.map_or("true".to_owned(), |owner| {
            own.replace("ME", &format!("(SELECT user_id FROM sessions WHERE token = '{}')", owner.digest()))
        });
        let query =
            format!("SELECT '{prefix}_' || replace(id::text, '-', '') AS value FROM {table} WHERE {which} ORDER BY id");
        ids.insert(name, texts(app, &query).await);
    }
    ids
}

/// Cursors by the connection's type and the text of its `orderBy`, empty without one.
pub type Cursors = BTreeMap<(String, String), Vec<String>>;

/// The orders that a field's lists can have, as its argument.
fn orders(schema: &Schema, order: Option<&str>) -> Vec<String> {
    let Some(order) = order else { return vec![String::new()] };
    let fields = schema.inputs(order).unwrap();
    let names = fields.iter().find(|field| field.name.node == "field").map(|field| base(&field.ty.node)).unwrap();
    let orders = schema
        .values(names)
        .unwrap()
        .into_iter()
        .flat_map(|name| ["ASC", "DESC"].map(|direction| order_text(name, direction)));
    orders.chain([String::new()]).collect()
}

pub fn order_text(field: &str, direction: &str) -> String {
    format!("{{field: {field}, direction: {direction}}}")
}

/// Asks every list of the schema for its cursors, in every order.
pub async fn cursors(schema: &Schema, ids: &Ids, admin: &Actor<'_>) -> Cursors {
    let mut cursors = Cursors::new();
    for parent in schema.nodes().into_iter().chain(["Query"]) {
        for field in schema.fields(parent) {
            let connection = base(&field.ty.node);
            if schema.row_of(connection).is_none() {
                continue;
            }
            let order = field.arguments.iter().find(|argument| argument.node.name.node == "orderBy");
            for order in orders(schema, order.map(|order| base(&order.node.ty.node))) {
                let by = if order.is_empty() { String::new() } else { format!(", orderBy: {order}") };
                let list = format!("{}(first: 20{by}) {{ edges {{ cursor }} }}", field.name.node);
                let document = match ids.get(parent) {
                    None => format!("{{ {list} }}"),
                    Some(ids) => {
                        let some: Vec<_> = ids.iter().take(20).map(|id| format!("\"{id}\"")).collect();
                        format!("{{ nodes(ids: [{}]) {{ ... on {parent} {{ {list} }} }} }}", some.join(", "))
                    }
                };
                let (answer, _) = admin.measure(&document).await;
                assert!(answer.response.errors.is_empty(), "{document}: {:?}", answer.response.errors);
                let found = cursors.entry((connection.to_owned(), order)).or_default();
                collect(&data(&answer), found);
                found.truncate(60);
            }
        }
    }
    cursors
}

/// The texts under the key `cursor`, wherever they are.
fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| collect(value, found)),
        Value::Object(values) => {
            for (key, value) in values {
                match value.as_str() {
                    Some(text) if key == "cursor" && !found.iter().any(|known| known == text) => {
                        found.push(text.to_owned());
                    }
                    _ => collect(value, found),
                }
            }
        }
        _ => {}
    }
}
