//! Every edge of the schema, taken from the schema: a new one fails until its price is written down here.

use std::collections::BTreeMap;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{BaseType, FieldDefinition, ObjectType, Type, TypeKind, TypeSystemDefinition};
use skypanel::graphql::sdl;

use super::{PARENTS, UNIT, cost, crowd};
use crate::harness::Plain;

/// The types that are fetched by id, and what their crowd is called.
const NODES: [(&str, &str, &str); 16] = [
    ("CannedReply", "can", "canned#"),
    ("Department", "dep", "department#"),
    ("Invoice", "inv", "invoice#"),
    ("InvoiceItem", "itm", "item#"),
    ("JobRun", "job", "run#"),
    ("Mail", "mal", "mail#"),
    ("PasswordReset", "pwr", "reset#"),
    ("Role", "rol", "role#"),
    ("Server", "srv", "server#"),
    ("ServerAction", "sac", "action#"),
    ("ServerPackage", "pkg", "package#"),
    ("Session", "ses", "session#"),
    ("Ticket", "tkt", "ticket#"),
    ("TicketMessage", "msg", "message#/1"),
    ("Transaction", "trx", "refund#"),
    ("User", "usr", "user#"),
];

/// Every field that costs a statement, with the levels and statements below its parent. Lists are
/// asked for rows, edges and count; a face is asked for its account.
const EDGES: &[(&str, u64, u64)] = &[
    ("CannedReply.department", 1, 1),
    ("Department.targets", 1, 1),
    ("Invoice.amountDue", 1, 1),
    ("Invoice.amountPaid", 1, 1),
    ("Invoice.amountRefunded", 1, 1),
    ("Invoice.items", 1, 1),
    ("Invoice.lines", 2, 2),
    ("Invoice.transactions", 2, 2),
    ("Invoice.user", 1, 1),
    ("InvoiceItem.server", 1, 1),
    ("PasswordReset.user", 1, 1),
    ("Role.users", 2, 3),
    ("Server.actions", 2, 2),
    ("Server.currentAction", 1, 1),
    ("Server.owner", 1, 1),
    ("Server.package", 1, 1),
    ("Server.tickets", 2, 2),
    ("ServerAction.requestedBy", 2, 2),
    ("ServerAction.server", 1, 1),
    ("ServerPackage.servers", 2, 2),
    ("Session.user", 1, 1),
    ("Ticket.allowedActions", 1, 1),
    ("Ticket.allowedActions", 1, 1),
    ("Ticket.assignedTo", 2, 2),
    ("Ticket.department", 1, 1),
    ("Ticket.lastMessageAt", 1, 1),
    ("Ticket.mergedInto", 1, 1),
    ("Ticket.messages", 2, 2),
    ("Ticket.openedBy", 2, 2),
    ("Ticket.server", 1, 1),
    ("Ticket.user", 1, 1),
    ("TicketMessage.author", 2, 2),
    ("TicketMessage.ticket", 1, 1),
    ("Transaction.amountRefundable", 1, 1),
    ("Transaction.invoice", 1, 1),
    ("Transaction.metadata", 1, 1),
    ("Transaction.parent", 1, 1),
    ("Transaction.user", 1, 1),
    ("User.allowedActions", 1, 1),
    ("User.assignedTickets", 2, 2),
    ("User.credits", 1, 1),
    ("User.invoices", 2, 2),
    ("User.passwordResets", 2, 2),
    ("User.permissions", 1, 1),
    ("User.roleAssignments", 1, 1),
    ("User.roles", 1, 1),
    ("User.servers", 2, 2),
    ("User.sessions", 2, 2),
    ("User.ticketMessages", 2, 2),
    ("User.tickets", 2, 2),
    ("User.transactions", 2, 2),
];

#[tokio::test]
async fn every_edge_costs_the_same_for_one_parent_and_for_fifty() {
    let app = crowd().await;
    let staff = app.staff(&["*"]).await;
    let plain = Plain::connect(&app.database.pool_url).await;
    let types = Types::read();
    let mut found = BTreeMap::new();
    for (name, object) in types.0.iter().filter(|(_, object)| Types::is_node(object)) {
        let (_, prefix, kind) =
            NODES.iter().find(|(node, ..)| node == name).unwrap_or_else(|| panic!("{name} is new: add it to NODES"));
        let ids = plain.column(&format!("SELECT '\"{prefix}_' || md5(replace('{kind}', '#', n::text)) || '\"' FROM generate_series(1, {PARENTS}) AS n")).await;
        for field in object.fields.iter().map(|field| &field.node) {
            let selection = types.selection(field);
            let document = |parents: usize| {
                format!("{{ nodes(ids: [{}]) {{ ... on {name} {{ {selection} }} }} }}", ids[..parents].join(" "))
            };
            let edge = format!("{name}.{}", field.name.node);
            let (one, _) = cost(&staff, &document(1)).await;
            let (fifty, data) = cost(&staff, &document(PARENTS)).await;
            assert_eq!(one, fifty, "{edge}");
            let below = (fifty.0 - 1, fifty.1 - UNIT - 1);
            if below == (0, 0) {
                continue;
            }
            for (index, parent) in data["nodes"].as_array().unwrap().iter().enumerate() {
                let child = &parent[field.name.node.as_str()];
                let rows = child.get("nodes").unwrap_or(child);
                let there = !rows.is_null() && rows.as_array().is_none_or(|rows| !rows.is_empty());
                // Nobody of the crowd but the first hundred holds a permission.
                assert!(there || edge == "User.permissions", "{edge} of {index} has nothing to fetch");
            }
            found.insert(edge, below);
        }
    }
    let expected =
        EDGES.iter().map(|(edge, levels, statements)| ((*edge).to_owned(), (*levels, *statements))).collect();
    assert_eq!(found, expected);
}

/// The object types of the schema.
struct Types(BTreeMap<String, ObjectType>);

impl Types {
    fn read() -> Self {
        let document = parse_schema(sdl()).unwrap();
        let objects = document.definitions.into_iter().filter_map(|definition| match definition {
            TypeSystemDefinition::Type(definition) => match definition.node.kind {
                TypeKind::Object(object) => Some((definition.node.name.node.to_string(), object)),
                _ => None,
            },
            _ => None,
        });
        Self(objects.collect())
    }

    fn is_node(object: &ObjectType) -> bool {
        object.implements.iter().any(|interface| interface.node == "Node")
    }

    /// A field with all that can be selected below it, up to the next type that is fetched by id.
    fn selection(&self, field: &FieldDefinition) -> String {
        let name = &field.name.node;
        let page =
            if field.arguments.iter().any(|argument| argument.node.name.node == "first") { "(first: 2)" } else { "" };
        let below = match self.0.get(base(&field.ty.node)) {
            None => String::new(),
            Some(object) if Self::is_node(object) => "{ id }".to_owned(),
            Some(object) => {
                let fields: Vec<_> = object.fields.iter().map(|field| self.selection(&field.node)).collect();
                format!("{{ {} }}", fields.join(" "))
            }
        };
        format!("{name}{page} {below}")
    }
}

fn base(ty: &Type) -> &str {
    match &ty.base {
        BaseType::Named(name) => name,
        BaseType::List(element) => base(element),
    }
}
