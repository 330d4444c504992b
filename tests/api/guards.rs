//! What `@requires` says in the schema is what is enforced: for each element that carries it, the named permission
//! opens it and nothing else does.

use std::collections::{BTreeMap, BTreeSet};

use async_graphql::Positioned;
use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    ConstDirective, FieldDefinition, InputValueDefinition, TypeKind, TypeSystemDefinition,
};
use serde_json::{Value, json};
use skypanel::viewer::Permission;

use crate::harness::{Actor, App, Reply};
use crate::rows::fill;

/// Each element with a `@requires`: its coordinate, the permission by which its row is reached (or none), and a
/// document for [`fill`] that asks for it under the key `it`.
const GUARDED: &[(&str, &str, &str)] = &[
    ("Query.user", "", r#"{ it: user(id: "{usr}") { id } }"#),
    ("Query.users", "", "{ it: users { totalCount } }"),
    ("Query.role", "", r#"{ it: role(id: "{rol}") { id } }"#),
    ("Query.roles", "", "{ it: roles { id } }"),
    ("Query.permissions", "", "{ it: permissions { name } }"),
    ("Query.server", "", r#"{ it: server(id: "{srv}") { id } }"#),
    ("Query.servers", "", "{ it: servers { totalCount } }"),
    ("Query.serverPackages(includeInactive:)", "", "{ it: serverPackages(includeInactive: true) { totalCount } }"),
    ("Query.invoice", "", r#"{ it: invoice(id: "{inv}") { id } }"#),
    ("Query.invoices", "", "{ it: invoices { totalCount } }"),
    ("Query.transaction", "", r#"{ it: transaction(id: "{trx}") { id } }"#),
    ("Query.transactions", "", "{ it: transactions { totalCount } }"),
    ("Query.billingSummary", "", r#"{ it: billingSummary(since: "2026-01-01", until: "2026-02-01") { currency } }"#),
    ("Query.ticket", "", r#"{ it: ticket(id: "{tkt}") { id } }"#),
    ("Query.tickets", "", "{ it: tickets { totalCount } }"),
    ("Query.jobRuns", "", "{ it: jobRuns { totalCount } }"),
    ("Query.mails", "", "{ it: mails { totalCount } }"),
    ("Mutation.retryMail", "system:read", r#"mutation { it: retryMail(input: { id: "{mal}" }) { mail { id } } }"#),
    (
        "Mutation.revokeSession",
        "session:read",
        r#"mutation { it: revokeSession(input: { id: "{ses}" }) { sessionId } }"#,
    ),
    ("Mutation.revokeOtherSessions", "session:read", "mutation { it: revokeOtherSessions { revokedCount } }"),
    ("User.virtfusionId", "user:read", r#"{ user(id: "{usr}") { it: virtfusionId } }"#),
    ("User.credits", "user:read", r#"{ user(id: "{usr}") { it: credits { amount } } }"#),
    ("User.passwordResets", "user:read", r#"{ user(id: "{usr}") { it: passwordResets { totalCount } } }"#),
    ("User.sessions", "user:read", r#"{ user(id: "{usr}") { it: sessions { totalCount } } }"#),
    ("User.servers", "user:read", r#"{ user(id: "{usr}") { it: servers { totalCount } } }"#),
    ("User.invoices", "user:read", r#"{ user(id: "{usr}") { it: invoices { totalCount } } }"#),
    ("User.transactions", "user:read", r#"{ user(id: "{usr}") { it: transactions { totalCount } } }"#),
    ("User.tickets", "user:read", r#"{ user(id: "{usr}") { it: tickets { totalCount } } }"#),
    ("User.assignedTickets", "user:read", r#"{ user(id: "{usr}") { it: assignedTickets { totalCount } } }"#),
    ("User.ticketMessages", "user:read", r#"{ user(id: "{usr}") { it: ticketMessages { totalCount } } }"#),
    ("Role.users", "role:read", r#"{ role(id: "{rol}") { it: users { totalCount } } }"#),
    ("Server.nodeId", "server:read", r#"{ server(id: "{srv}") { it: nodeId } }"#),
    ("ServerFilter.nodeId", "server:read", r#"{ it: servers(filter: { nodeId: "fra-01" }) { totalCount } }"#),
    ("ServerFilter.ownerId", "server:read", r#"{ it: servers(filter: { ownerId: "{usr}" }) { totalCount } }"#),
    ("Server.tickets", "server:read", r#"{ server(id: "{srv}") { it: tickets { totalCount } } }"#),
    ("ServerPackage.servers", "", r#"{ serverPackage(id: "{pkg}") { it: servers { totalCount } } }"#),
    ("Invoice.transactions", "invoice:read", r#"{ invoice(id: "{inv}") { it: transactions { totalCount } } }"#),
    ("Transaction.metadata", "transaction:read", r#"{ transaction(id: "{trx}") { it: metadata } }"#),
    ("Ticket.holdReason", "ticket:read", r#"{ ticket(id: "{tkt}") { it: holdReason } }"#),
    ("Ticket.responseDueAt", "ticket:read", r#"{ ticket(id: "{tkt}") { it: responseDueAt } }"#),
    ("Ticket.resolutionDueAt", "ticket:read", r#"{ ticket(id: "{tkt}") { it: resolutionDueAt } }"#),
    ("Query.cannedReplies", "", "{ it: cannedReplies { id } }"),
    ("Department.targets", "", r#"{ node(id: "{dep}") { ... on Department { it: targets { priority } } } }"#),
    // What changes the ticket comes after what looks at it.
    (
        "Mutation.replyToTicket",
        "ticket:read",
        r#"mutation { it: replyToTicket(input: { id: "{tkt}", content: "Thanks." }) { ticket { id } } }"#,
    ),
    (
        "Mutation.addTicketNote",
        "ticket:read",
        r#"mutation { it: addTicketNote(input: { id: "{tkt}", content: "A note." }) { ticket { id } } }"#,
    ),
    (
        "Mutation.assignTicket",
        "ticket:read",
        r#"mutation { it: assignTicket(input: { id: "{tkt}", userId: "{usr}" }) { ticket { id } } }"#,
    ),
    (
        "Mutation.unassignTicket",
        "ticket:read",
        r#"mutation { it: unassignTicket(input: { id: "{tkt}" }) { ticket { id } } }"#,
    ),
    (
        "Mutation.startTicketWork",
        "ticket:read",
        r#"mutation { it: startTicketWork(input: { id: "{tkt}" }) { ticket { id } } }"#,
    ),
    (
        "Mutation.holdTicket",
        "ticket:read",
        r#"mutation { it: holdTicket(input: { id: "{tkt}", reason: "Waits." }) { ticket { id } } }"#,
    ),
    (
        "Mutation.resumeTicket",
        "ticket:read",
        r#"mutation { it: resumeTicket(input: { id: "{tkt}" }) { ticket { id } } }"#,
    ),
    (
        "Mutation.resolveTicket",
        "ticket:read",
        r#"mutation { it: resolveTicket(input: { id: "{tkt}" }) { ticket { id } } }"#,
    ),
    (
        "Mutation.closeTicket",
        "ticket:read",
        r#"mutation { it: closeTicket(input: { id: "{tkt}" }) { ticket { id } } }"#,
    ),
    (
        "Mutation.reopenTicket",
        "ticket:read",
        r#"mutation { it: reopenTicket(input: { id: "{tkt}" }) { ticket { id } } }"#,
    ),
    (
        "Mutation.createTicket",
        "ticket:read",
        r#"mutation { it: createTicket(input: { subject: "A", content: "B", departmentId: "{dep}" }) { ticket { id } } }"#,
    ),
    (
        "CreateTicketInput.userId",
        "ticket:read",
        r#"mutation { it: createTicket(input: { subject: "A", content: "B", departmentId: "{dep}", userId: "{usr}" }) { ticket { id } } }"#,
    ),
    (
        "Mutation.updateTicket",
        "ticket:read",
        r#"mutation { it: updateTicket(input: { id: "{tkt}", priority: HIGH }) { ticket { id } } }"#,
    ),
    (
        "Mutation.mergeTickets",
        "ticket:read",
        r#"mutation { it: mergeTickets(input: { id: "{tkt}", intoId: "{mtk}" }) { ticket { id } } }"#,
    ),
    (
        "Mutation.unmergeTickets",
        "ticket:read",
        r#"mutation { it: unmergeTickets(input: { id: "{tkt}" }) { ticket { id } } }"#,
    ),
    (
        "Mutation.createDepartment",
        "",
        r#"mutation { it: createDepartment(input: { slug: "mail", name: "Mail" }) { department { id } } }"#,
    ),
    (
        "Mutation.updateDepartment",
        "",
        r#"mutation { it: updateDepartment(input: { id: "{dep}", name: "Machines" }) { department { id } } }"#,
    ),
    (
        "Mutation.createCannedReply",
        "",
        r#"mutation { it: createCannedReply(input: { name: "A", content: "B" }) { cannedReply { id } } }"#,
    ),
    (
        "Mutation.updateCannedReply",
        "canned_reply:read",
        r#"mutation { it: updateCannedReply(input: { id: "{can}", name: "C" }) { cannedReply { id } } }"#,
    ),
    (
        "Mutation.deleteCannedReply",
        "canned_reply:read",
        r#"mutation { it: deleteCannedReply(input: { id: "{can}" }) { cannedReplyId } }"#,
    ),
    // People and roles.
    (
        "Mutation.createUser",
        "",
        r#"mutation { it: createUser(input: { email: "new@example.com", username: "new" }) { user { id } userErrors { code } } }"#,
    ),
    (
        "Mutation.updateUser",
        "user:read",
        r#"mutation { it: updateUser(input: { id: "{usr}", firstName: "Adele" }) { user { id } userErrors { code } } }"#,
    ),
    (
        "Mutation.suspendUser",
        "user:read",
        r#"mutation { it: suspendUser(input: { id: "{usr}", reason: "Spam." }, dryRun: true) { user { id } userErrors { code } } }"#,
    ),
    (
        "Mutation.reinstateUser",
        "user:read",
        r#"mutation { it: reinstateUser(input: { id: "{usr}" }) { user { id } userErrors { code } } }"#,
    ),
    (
        "Mutation.activateUser",
        "user:read",
        r#"mutation { it: activateUser(input: { id: "{usr}" }) { user { id } userErrors { code } } }"#,
    ),
    (
        "Mutation.closeUser",
        "user:read",
        r#"mutation { it: closeUser(input: { id: "{usr}" }) { user { id } userErrors { code } } }"#,
    ),
    (
        "Mutation.reopenUser",
        "user:read",
        r#"mutation { it: reopenUser(input: { id: "{usr}" }) { user { id } userErrors { code } } }"#,
    ),
    (
        "Mutation.createRole",
        "",
        r#"mutation { it: createRole(input: { name: "new", permissions: [] }) { role { id } userErrors { code } } }"#,
    ),
    (
        "Mutation.updateRole",
        "role:read",
        r#"mutation { it: updateRole(input: { id: "{rol}", description: "People." }) { role { id } userErrors { code } } }"#,
    ),
    (
        "Mutation.deleteRole",
        "role:read",
        r#"mutation { it: deleteRole(input: { id: "{rol}" }) { roleId userErrors { code } } }"#,
    ),
    (
        "Mutation.assignRole",
        "user:read",
        r#"mutation { it: assignRole(input: { userId: "{usr}", roleId: "{rol}" }) { user { id } userErrors { code } } }"#,
    ),
    (
        "Mutation.unassignRole",
        "user:read",
        r#"mutation { it: unassignRole(input: { userId: "{usr}", roleId: "{rol}" }, dryRun: true) { user { id } userErrors { code } } }"#,
    ),
    (
        "UpdateUserInput.virtfusionId",
        "user:read",
        r#"mutation { it: updateUser(input: { id: "{usr}", virtfusionId: "77" }) { user { id } } }"#,
    ),
    (
        "UpdateUserInput.serverLimit",
        "user:read",
        r#"mutation { it: updateUser(input: { id: "{usr}", serverLimit: 3 }) { user { id } } }"#,
    ),
];

/// Columns: null without an error to those who may not see them. Customers ask for them in the same documents as
/// staff, and every row would carry one.
const COLUMNS: [&str; 6] = [
    "User.virtfusionId",
    "Server.nodeId",
    "Transaction.metadata",
    "Ticket.holdReason",
    "Ticket.responseDueAt",
    "Ticket.resolutionDueAt",
];

/// Where the rows behind the field are scoped one by one, its `:own` form opens it to everybody.
fn is_scoped(coordinate: &str) -> bool {
    ["Query.", "Mutation.revoke", "Mutation.createTicket", "ServerPackage.", "Server.tickets"]
        .iter()
        .any(|of| coordinate.starts_with(of))
}

/// The permission and `own` of every `@requires` in the schema.
fn directives() -> BTreeMap<String, (String, bool)> {
    let mut found = BTreeMap::new();
    for definition in parse_schema(skypanel::graphql::sdl()).unwrap().definitions {
        let TypeSystemDefinition::Type(ty) = definition else { continue };
        let name = &ty.node.name.node;
        match &ty.node.kind {
            TypeKind::Object(object) => object.fields.iter().for_each(|field| of_field(&mut found, name, &field.node)),
            TypeKind::InputObject(input) => of_inputs(&mut found, &input.fields, |field| format!("{name}.{field}")),
            _ => {}
        }
    }
    found
}

fn of_field(found: &mut BTreeMap<String, (String, bool)>, of: &str, field: &FieldDefinition) {
    let coordinate = format!("{of}.{}", field.name.node);
    of_inputs(found, &field.arguments, |argument| format!("{coordinate}({argument}:)"));
    note(found, coordinate, &field.directives);
}

fn of_inputs(
    found: &mut BTreeMap<String, (String, bool)>,
    inputs: &[Positioned<InputValueDefinition>],
    at: impl Fn(&str) -> String,
) {
    for input in inputs {
        note(found, at(&input.node.name.node), &input.node.directives);
    }
}

fn note(found: &mut BTreeMap<String, (String, bool)>, coordinate: String, on: &[Positioned<ConstDirective>]) {
    let Some(requires) = on.iter().find(|directive| directive.node.name.node == "requires") else { return };
    let argument = |name| requires.node.get_argument(name).map(|value| value.node.clone().into_json().unwrap());
    let permission = argument("permission").unwrap().as_str().unwrap().to_owned();
    let own = argument("own").is_some_and(|own| own == json!(true));
    assert!(found.insert(coordinate, (permission, own)).is_none());
}

#[test]
fn every_directive_is_in_the_table() {
    let table: BTreeSet<String> = GUARDED.iter().map(|(coordinate, _, _)| (*coordinate).to_owned()).collect();
    assert_eq!(directives().into_keys().collect::<BTreeSet<_>>(), table);
}

/// Ada, who owns the rows, and Sam, who does not; each alone in a role that the test fills.
struct Stage<'a> {
    app: &'a App,
    ada: Actor<'a>,
    sam: Actor<'a>,
}

impl Stage<'_> {
    async fn ask(&self, actor: &Actor<'_>, permissions: &BTreeSet<String>, document: &str) -> Reply {
        let role = if actor.token == self.ada.token { "user" } else { "support" };
        let document = fill(self.app, document).await;
        let set = json!(permissions);
        self.app.maintain(&format!("UPDATE roles SET permissions = '{set}' WHERE name = '{role}'")).await;
        actor.run(&document).await
    }
}

fn named(names: &[&str]) -> BTreeSet<String> {
    names.iter().filter(|name| !name.is_empty()).map(|name| (*name).to_owned()).collect()
}

/// The form that serves on own rows: `x:own`, or `x` where there is no such form.
fn own_form(name: &str) -> String {
    let ownable = Permission::ALL.iter().any(|known| known.name() == name && known.is_ownable());
    if ownable { format!("{name}:own") } else { name.to_owned() }
}

/// The value under the key `it`, wherever it stands.
fn it(value: &Value) -> Option<&Value> {
    let fields = value.as_object()?;
    fields.get("it").or_else(|| fields.values().find_map(it))
}

fn assert_opens(coordinate: &str, who: &str, reply: &Reply) {
    let value = it(reply.ok()).unwrap_or_else(|| panic!("{coordinate} {who}: not reached: {}", reply.body));
    assert!(!value.is_null(), "{coordinate} {who}: {}", reply.body);
}

fn assert_refused(coordinate: &str, who: &str, permission: &str, reply: &Reply) {
    assert_eq!(it(&reply.body["data"]), Some(&Value::Null), "{coordinate} {who}: {}", reply.body);
    if COLUMNS.contains(&coordinate) {
        reply.ok();
        return;
    }
    assert_eq!(reply.codes(), ["FORBIDDEN"], "{coordinate} {who}: {}", reply.body);
    let error = &reply.body["errors"][0];
    assert_eq!(error["extensions"]["requiredPermission"], permission, "{coordinate} {who}");
    assert_eq!(error["path"].as_array().unwrap().last().unwrap(), "it", "{coordinate} {who}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_named_permission_opens_and_nothing_else_does() {
    let app = App::demo().await;
    let stage = Stage { app: &app, ada: app.user("ada").await, sam: app.user("support").await };
    app.maintain(
        "UPDATE roles SET is_default = false; UPDATE users SET virtfusion_id = '77'; UPDATE tickets SET response_due_at = now(), resolution_due_at = now()",
    )
    .await;
    let directives = directives();
    for (coordinate, reach, document) in GUARDED {
        let (permission, own) = &directives[*coordinate];
        let (ada, sam) = (&stage.ada, &stage.sam);

        // Exactly what is named, on somebody else's row.
        let reply = stage.ask(sam, &named(&[reach, permission]), document).await;
        assert_opens(coordinate, "by exactly the permission", &reply);

        // Every other permission, on somebody else's row; it cannot be reached where the same permission guards it.
        let others: BTreeSet<String> =
            Permission::ALL.iter().map(|one| one.name().to_owned()).filter(|name| name != permission).collect();
        if reach != permission {
            let reply = stage.ask(sam, &others, document).await;
            assert_refused(coordinate, "by all the others", permission, &reply);
        }

        // The `:own` form, by the owner and by somebody else.
        let own_name = own_form(permission);
        if own_name == *permission {
            assert!(!own, "{coordinate}: own, of a permission without that form");
            continue;
        }
        let with_own: BTreeSet<String> = others.union(&named(&[&own_name])).cloned().collect();
        let by_owner = stage.ask(ada, &with_own, document).await;
        let alone = stage.ask(ada, &named(&[&own_form(reach), &own_name]), document).await;
        if *own {
            assert_opens(coordinate, "by the owner's own form", &by_owner);
            assert_opens(coordinate, "by the owner with the own form alone", &alone);
            let by_other = stage.ask(sam, &with_own, document).await;
            if is_scoped(coordinate) {
                assert!(!by_other.codes().contains(&"FORBIDDEN"), "{coordinate}: {}", by_other.body);
            } else {
                assert_refused(coordinate, "by another's own form", permission, &by_other);
            }
        } else {
            assert_refused(coordinate, "by the owner's own form", permission, &by_owner);
        }
    }
}

/// Row-level security lets a DELETE find only what may be seen; the refusal says so instead of doing nothing.
#[tokio::test(flavor = "multi_thread")]
async fn who_may_end_sessions_need_not_see_them() {
    let app = App::demo().await;
    for permissions in [&["session:revoke"][..], &["session:revoke", "session:read:own"]] {
        let (staff, bob) = (app.staff(permissions).await, app.user("bob").await);
        let id = bob.run("{ viewer { sessions { nodes { id } } } }").await.data("/viewer/sessions/nodes/0/id").clone();
        let document = "mutation ($id: ID!) { revokeSession(input: { id: $id }) { sessionId } }";
        staff.run_with(document, json!({ "id": id })).await.ok();
        assert_eq!(bob.run("{ __typename }").await.status, 401);
    }

    let (one, other) = (app.user("ada").await, app.user("ada").await);
    app.maintain("UPDATE roles SET permissions = permissions - 'session:read:own' WHERE name = 'user'").await;
    let reply = one.run("mutation { revokeOtherSessions { revokedCount } }").await;
    assert_eq!(reply.data("/revokeOtherSessions/revokedCount"), 1);
    assert_eq!(other.run("{ __typename }").await.status, 401);
}
