//! The order of every list has its index, for every way there is into the list.

use std::collections::BTreeMap;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{BaseType, TypeKind, TypeSystemDefinition};
use skypanel::graphql::sdl;

use super::empty;
use crate::harness::Plain;

/// A connection of the schema: its table, and the columns that hold the rows of one asker or one parent. A
/// list of the root is read whole by staff, hence the empty name.
const LISTS: &[(&str, &str, &[&str])] = &[
    ("Invoice.lines", "invoice_items", &["invoice_id"]),
    ("Invoice.transactions", "transactions", &["invoice_id"]),
    ("Query.invoices", "invoices", &["", "user_id"]),
    ("Query.jobRuns", "job_runs", &["", "job", "status"]),
    ("Query.mails", "mails", &["", "status"]),
    ("Query.serverPackages", "server_packages", &[""]),
    ("Query.servers", "servers", &["", "user_id"]),
    ("Query.tickets", "tickets", &["", "user_id"]),
    ("Query.transactions", "transactions", &["", "user_id"]),
    ("Query.users", "users", &[""]),
    ("Role.users", "user_roles", &["role_id"]),
    ("Server.actions", "server_actions", &["server_id"]),
    ("Server.tickets", "tickets", &["server_id"]),
    ("ServerPackage.servers", "servers", &["package_id"]),
    ("Ticket.messages", "ticket_messages", &["ticket_id"]),
    ("User.assignedTickets", "tickets", &["assigned_to"]),
    ("User.invoices", "invoices", &["user_id"]),
    ("User.passwordResets", "password_reset_tokens", &["user_id"]),
    ("User.servers", "servers", &["user_id"]),
    ("User.sessions", "sessions", &["user_id"]),
    ("User.ticketMessages", "ticket_messages", &["user_id"]),
    ("User.tickets", "tickets", &["user_id"]),
    ("User.transactions", "transactions", &["user_id"]),
];

/// The sort columns of each `orderBy`. A list without the argument is sorted by `created_at`, but for lines of an invoice,
/// which have an order of their own, and runs of jobs, which began.
const ORDERS: &[(&str, &[(&str, &str)])] = &[
    ("InvoiceOrder", &[("CREATED_AT", "created_at"), ("DUE_DATE", "due_date_sort")]),
    ("ServerOrder", &[("CREATED_AT", "created_at"), ("NAME", "name_key")]),
    (
        "TicketOrder",
        &[
            ("CREATED_AT", "created_at"),
            ("PRIORITY", "priority_rank"),
            ("RESPONSE_DUE_AT", "response_due_sort"),
            ("UPDATED_AT", "updated_at"),
        ],
    ),
    ("TransactionOrder", &[("CREATED_AT", "created_at")]),
    ("UserOrder", &[("CREATED_AT", "created_at"), ("LAST_LOGIN", "last_login_sort"), ("USERNAME", "username_key")]),
];

/// The connections of the schema with the type of their `orderBy`, and the values of every enum.
fn offered() -> (BTreeMap<String, Option<String>>, BTreeMap<String, Vec<String>>) {
    let (mut lists, mut enums) = (BTreeMap::new(), BTreeMap::new());
    for definition in parse_schema(sdl()).unwrap().definitions {
        let TypeSystemDefinition::Type(definition) = definition else { continue };
        let name = definition.node.name.node.to_string();
        match definition.node.kind {
            TypeKind::Object(object) => {
                for field in object.fields.iter().map(|field| &field.node) {
                    if matches!(&field.ty.node.base, BaseType::Named(ty) if ty.ends_with("Connection")) {
                        let order = field.arguments.iter().find(|argument| argument.node.name.node == "orderBy");
                        lists.insert(
                            format!("{name}.{}", field.name.node),
                            order.map(|order| order.node.ty.node.to_string()),
                        );
                    }
                }
            }
            TypeKind::Enum(values) => {
                enums.insert(name, values.values.iter().map(|value| value.node.value.node.to_string()).collect());
            }
            _ => {}
        }
    }
    (lists, enums)
}

#[tokio::test]
async fn every_order_that_a_list_offers_has_its_index() {
    let owner = Plain::connect(&empty().await.database.owner_url).await;
    // Whole columns in order; a partial index serves only some of the rows.
    let indexes = owner
        .column(
            "SELECT i.indrelid::regclass || ':' || string_agg(a.attname, ',' ORDER BY k.place) \
             FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (attnum, place) \
             JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum \
             WHERE i.indpred IS NULL AND i.indisvalid GROUP BY i.indexrelid, i.indrelid",
        )
        .await;
    let (lists, enums) = offered();
    let named: Vec<&String> = lists.keys().collect();
    assert_eq!(named, LISTS.iter().map(|(list, ..)| *list).collect::<Vec<_>>(), "the lists of the schema");
    let mut missing = Vec::new();
    for (list, table, parents) in LISTS {
        let columns = match &lists[*list] {
            None if *list == "Invoice.lines" => vec!["position"],
            None if *list == "Query.jobRuns" => vec!["started_at"],
            None => vec!["created_at"],
            Some(order) => {
                let (_, columns) =
                    ORDERS.iter().find(|(name, _)| name == order).unwrap_or_else(|| panic!("{order} is new"));
                let values: Vec<&str> = columns.iter().map(|(value, _)| *value).collect();
                assert_eq!(values, enums[&format!("{order}Field")], "{order}");
                columns.iter().map(|(_, column)| *column).collect()
            }
        };
        let id = if *table == "user_roles" { "user_id" } else { "id" };
        for (parent, column) in parents.iter().flat_map(|parent| columns.iter().map(move |column| (parent, column))) {
            let wanted = format!("{table}:{parent},{column},{id}").replace(":,", ":");
            if !indexes.contains(&wanted) {
                missing.push(format!("{list} wants {wanted}"));
            }
        }
    }
    assert_eq!(missing, [""; 0]);
}
