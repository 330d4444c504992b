//! Hostile texts in every argument that takes one: found literally or refused by design, never run, never a 500, and
//! no message tells of the inside.

use std::collections::BTreeSet;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};
use serde_json::{Value, json};

use crate::harness::{App, Reply};
use crate::rows::{fill, text};

/// What a text argument does with a text that means nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Takes {
    /// It is an id, a cursor or a name of the API: BAD_USER_INPUT at this field.
    Nothing(&'static str),
    /// It is looked for: nothing is found, and a NUL or more than 200 characters are BAD_USER_INPUT at this field.
    Search(&'static str),
    /// It is somebody's name or password: WRONG_CREDENTIALS.
    Credentials,
    /// It is kept as it is, or an outcome of the form at this field.
    Words(&'static str),
    /// It is beside the point: the same outcome of the form, whatever it says.
    Refused,
    /// It is a key: BAD_USER_INPUT where it is not printable ASCII, or too long.
    Key,
}

use Takes::{Credentials, Key, Nothing, Refused, Search, Words};

const SERVERS: &str = "query ($text: String) { it: servers(filter: { FIELD: $text }) { totalCount } }";
const TICKETS_PAGE: &str = "query ($text: String) { it: tickets(CURSOR: $text) { totalCount } }";

/// Input fields of mutations that take a text or an id: which, in what type, the mutation, and its input for [`fill`].
/// They are rehearsed, so that each is met by the same rows.
const INPUTS: &[(&str, &str, &str, &str, Takes)] = &[
    ("ReplyToTicketInput.id", "ID!", "replyToTicket", r#"id: $text, content: "a""#, Nothing("input.id")),
    ("ReplyToTicketInput.content", "String!", "replyToTicket", r#"id: "{tkt}", content: $text"#, Words("content")),
    (
        "ReplyToTicketInput.idempotencyKey",
        "String",
        "replyToTicket",
        r#"id: "{tkt}", content: "a", idempotencyKey: $text"#,
        Key,
    ),
    ("AddTicketNoteInput.id", "ID!", "addTicketNote", r#"id: $text, content: "a""#, Nothing("input.id")),
    ("AddTicketNoteInput.content", "String!", "addTicketNote", r#"id: "{tkt}", content: $text"#, Words("content")),
    (
        "AddTicketNoteInput.idempotencyKey",
        "String",
        "addTicketNote",
        r#"id: "{tkt}", content: "a", idempotencyKey: $text"#,
        Key,
    ),
    ("AssignTicketInput.id", "ID!", "assignTicket", r#"id: $text, userId: "{usr}""#, Nothing("input.id")),
    ("AssignTicketInput.userId", "ID!", "assignTicket", r#"id: "{tkt}", userId: $text"#, Nothing("input.userId")),
    ("UnassignTicketInput.id", "ID!", "unassignTicket", "id: $text", Nothing("input.id")),
    ("StartTicketWorkInput.id", "ID!", "startTicketWork", "id: $text", Nothing("input.id")),
    ("HoldTicketInput.id", "ID!", "holdTicket", r#"id: $text, reason: "a""#, Nothing("input.id")),
    ("HoldTicketInput.reason", "String!", "holdTicket", r#"id: "{tkt}", reason: $text"#, Words("reason")),
    ("ResumeTicketInput.id", "ID!", "resumeTicket", "id: $text", Nothing("input.id")),
    ("ResolveTicketInput.id", "ID!", "resolveTicket", "id: $text", Nothing("input.id")),
    ("CloseTicketInput.id", "ID!", "closeTicket", "id: $text", Nothing("input.id")),
    ("ReopenTicketInput.id", "ID!", "reopenTicket", "id: $text", Nothing("input.id")),
    ("CreateDepartmentInput.slug", "String!", "createDepartment", r#"slug: $text, name: "a""#, Words("slug")),
    ("CreateDepartmentInput.name", "String!", "createDepartment", r#"slug: "mail", name: $text"#, Words("name")),
    (
        "CreateDepartmentInput.idempotencyKey",
        "String",
        "createDepartment",
        r#"slug: "general", name: "a", idempotencyKey: $text"#,
        Key,
    ),
    ("UpdateDepartmentInput.id", "ID!", "updateDepartment", "id: $text", Nothing("input.id")),
    ("UpdateDepartmentInput.name", "String", "updateDepartment", r#"id: "{dep}", name: $text"#, Words("name")),
    (
        "CreateTicketInput.subject",
        "String!",
        "createTicket",
        r#"subject: $text, content: "a", departmentId: "{dep}""#,
        Words("subject"),
    ),
    (
        "CreateTicketInput.content",
        "String!",
        "createTicket",
        r#"subject: "a", content: $text, departmentId: "{dep}""#,
        Words("content"),
    ),
    (
        "CreateTicketInput.departmentId",
        "ID!",
        "createTicket",
        r#"subject: "a", content: "a", departmentId: $text"#,
        Nothing("input.departmentId"),
    ),
    (
        "CreateTicketInput.serverId",
        "ID",
        "createTicket",
        r#"subject: "a", content: "a", departmentId: "{dep}", serverId: $text"#,
        Nothing("input.serverId"),
    ),
    (
        "CreateTicketInput.userId",
        "ID",
        "createTicket",
        r#"subject: "a", content: "a", departmentId: "{dep}", userId: $text"#,
        Nothing("input.userId"),
    ),
    (
        "CreateTicketInput.idempotencyKey",
        "String",
        "createTicket",
        r#"subject: "a", content: "a", departmentId: "{dep}", idempotencyKey: $text"#,
        Key,
    ),
    ("MergeTicketsInput.id", "ID!", "mergeTickets", r#"id: $text, intoId: "{tkt}""#, Nothing("input.id")),
    ("MergeTicketsInput.intoId", "ID!", "mergeTickets", r#"id: "{tkt}", intoId: $text"#, Nothing("input.intoId")),
    ("UnmergeTicketsInput.id", "ID!", "unmergeTickets", "id: $text", Nothing("input.id")),
    ("CreateCannedReplyInput.name", "String!", "createCannedReply", r#"name: $text, content: "a""#, Words("name")),
    (
        "CreateCannedReplyInput.content",
        "String!",
        "createCannedReply",
        r#"name: "a", content: $text"#,
        Words("content"),
    ),
    (
        "CreateCannedReplyInput.departmentId",
        "ID",
        "createCannedReply",
        r#"name: "a", content: "a", departmentId: $text"#,
        Nothing("input.departmentId"),
    ),
    (
        "CreateCannedReplyInput.idempotencyKey",
        "String",
        "createCannedReply",
        r#"name: "a", content: "a", idempotencyKey: $text"#,
        Key,
    ),
    ("UpdateCannedReplyInput.id", "ID!", "updateCannedReply", "id: $text", Nothing("input.id")),
    ("UpdateCannedReplyInput.name", "String", "updateCannedReply", r#"id: "{can}", name: $text"#, Words("name")),
    (
        "UpdateCannedReplyInput.content",
        "String",
        "updateCannedReply",
        r#"id: "{can}", content: $text"#,
        Words("content"),
    ),
    (
        "UpdateCannedReplyInput.departmentId",
        "ID",
        "updateCannedReply",
        r#"id: "{can}", departmentId: $text"#,
        Nothing("input.departmentId"),
    ),
    ("DeleteCannedReplyInput.id", "ID!", "deleteCannedReply", "id: $text", Nothing("input.id")),
    ("UpdateTicketInput.id", "ID!", "updateTicket", "id: $text", Nothing("input.id")),
    (
        "UpdateTicketInput.departmentId",
        "ID",
        "updateTicket",
        r#"id: "{tkt}", departmentId: $text"#,
        Nothing("input.departmentId"),
    ),
    ("UpdateTicketInput.subject", "String", "updateTicket", r#"id: "{tkt}", subject: $text"#, Words("subject")),
    ("CreateUserInput.email", "String!", "createUser", r#"email: $text, username: "new""#, Words("email")),
    (
        "CreateUserInput.username",
        "String!",
        "createUser",
        r#"email: "new@example.com", username: $text"#,
        Words("username"),
    ),
    (
        "CreateUserInput.firstName",
        "String",
        "createUser",
        r#"email: "new@example.com", username: "new", firstName: $text"#,
        Words("firstName"),
    ),
    (
        "CreateUserInput.lastName",
        "String",
        "createUser",
        r#"email: "new@example.com", username: "new", lastName: $text"#,
        Words("lastName"),
    ),
    (
        "CreateUserInput.roleIds",
        "ID!",
        "createUser",
        r#"email: "new@example.com", username: "new", roleIds: [$text]"#,
        Nothing("input.roleIds"),
    ),
    (
        "CreateUserInput.idempotencyKey",
        "String",
        "createUser",
        r#"email: "new@example.com", username: "new", idempotencyKey: $text"#,
        Key,
    ),
    ("UpdateUserInput.id", "ID!", "updateUser", "id: $text", Nothing("input.id")),
    ("UpdateUserInput.email", "String", "updateUser", r#"id: "{usr}", email: $text"#, Words("email")),
    ("UpdateUserInput.username", "String", "updateUser", r#"id: "{usr}", username: $text"#, Words("username")),
    ("UpdateUserInput.firstName", "String", "updateUser", r#"id: "{usr}", firstName: $text"#, Words("firstName")),
    ("UpdateUserInput.lastName", "String", "updateUser", r#"id: "{usr}", lastName: $text"#, Words("lastName")),
    (
        "UpdateUserInput.virtfusionId",
        "String",
        "updateUser",
        r#"id: "{usr}", virtfusionId: $text"#,
        Words("virtfusionId"),
    ),
    ("SuspendUserInput.id", "ID!", "suspendUser", r#"id: $text, reason: "a""#, Nothing("input.id")),
    ("SuspendUserInput.reason", "String!", "suspendUser", r#"id: "{usr}", reason: $text"#, Words("reason")),
    ("ActivateUserInput.id", "ID!", "activateUser", "id: $text", Nothing("input.id")),
    ("ReinstateUserInput.id", "ID!", "reinstateUser", "id: $text", Nothing("input.id")),
    ("ReopenUserInput.id", "ID!", "reopenUser", "id: $text", Nothing("input.id")),
    ("CloseUserInput.id", "ID!", "closeUser", "id: $text", Nothing("input.id")),
    ("CloseUserInput.password", "String", "closeUser", r#"id: "{usr}", password: $text"#, Refused),
    ("CreateRoleInput.name", "String!", "createRole", "name: $text, permissions: []", Words("name")),
    (
        "CreateRoleInput.description",
        "String",
        "createRole",
        r#"name: "a", description: $text, permissions: []"#,
        Words("description"),
    ),
    (
        "CreateRoleInput.permissions",
        "String!",
        "createRole",
        r#"name: "a", permissions: [$text]"#,
        Words("permissions"),
    ),
    (
        "CreateRoleInput.idempotencyKey",
        "String",
        "createRole",
        r#"name: "a", permissions: [], idempotencyKey: $text"#,
        Key,
    ),
    ("UpdateRoleInput.id", "ID!", "updateRole", "id: $text", Nothing("input.id")),
    ("UpdateRoleInput.name", "String", "updateRole", r#"id: "{rol}", name: $text"#, Words("name")),
    ("UpdateRoleInput.description", "String", "updateRole", r#"id: "{rol}", description: $text"#, Words("description")),
    (
        "UpdateRoleInput.permissions",
        "String!",
        "updateRole",
        r#"id: "{rol}", permissions: [$text]"#,
        Words("permissions"),
    ),
    ("DeleteRoleInput.id", "ID!", "deleteRole", "id: $text", Nothing("input.id")),
    ("AssignRoleInput.userId", "ID!", "assignRole", r#"userId: $text, roleId: "{rol}""#, Nothing("input.userId")),
    ("AssignRoleInput.roleId", "ID!", "assignRole", r#"userId: "{usr}", roleId: $text"#, Nothing("input.roleId")),
    ("UnassignRoleInput.userId", "ID!", "unassignRole", r#"userId: $text, roleId: "{rol}""#, Nothing("input.userId")),
    ("UnassignRoleInput.roleId", "ID!", "unassignRole", r#"userId: "{usr}", roleId: $text"#, Nothing("input.roleId")),
];

/// Each argument and input field that takes a text or an id. `after` and `before` of all lists read alike.
fn table() -> Vec<(&'static str, String, Takes)> {
    let list = |list: &str, ty: &str, field: &str| {
        format!("query ($text: {ty}) {{ it: {list}(filter: {{ {field}: $text }}) {{ totalCount }} }}")
    };
    let by_id = |field: &str| format!("query ($text: ID!) {{ it: {field}(id: $text) {{ id }} }}");
    let login = |login: &str, password: &str| {
        format!(
            "mutation ($text: String!) {{ it: login(input: {{ login: {login}, password: {password} }}) {{ userErrors {{ code }} }} }}"
        )
    };
    let inputs = INPUTS.iter().map(|(at, ty, mutation, input, takes)| {
        let document =
            format!("mutation ($text: {ty}) {{ it: {mutation}(input: {{ {input} }}, dryRun: true) {{ userErrors {{ code field }} }} }}");
        (*at, document, *takes)
    });
    let mut table = vec![
        ("(after:)", TICKETS_PAGE.replace("CURSOR", "first: 1, after"), Nothing("after")),
        ("(before:)", TICKETS_PAGE.replace("CURSOR", "last: 1, before"), Nothing("before")),
        ("Query.node(id:)", by_id("node"), Nothing("id")),
        ("Query.nodes(ids:)", "query ($text: ID!) { it: nodes(ids: [$text]) { id } }".to_owned(), Nothing("ids")),
        ("Query.user(id:)", by_id("user"), Nothing("id")),
        ("Query.role(id:)", by_id("role"), Nothing("id")),
        ("Query.server(id:)", by_id("server"), Nothing("id")),
        ("Query.serverPackage(id:)", by_id("serverPackage"), Nothing("id")),
        ("Query.invoice(id:)", by_id("invoice"), Nothing("id")),
        ("Query.transaction(id:)", by_id("transaction"), Nothing("id")),
        ("Query.ticket(id:)", by_id("ticket"), Nothing("id")),
        ("UserFilter.search", list("users", "String", "search"), Search("filter.search")),
        ("UserFilter.roleId", list("users", "ID", "roleId"), Nothing("filter.roleId")),
        ("UserFilter.permission", list("users", "String", "permission"), Nothing("filter.permission")),
        ("ServerFilter.search", SERVERS.replace("FIELD", "search"), Search("filter.search")),
        ("ServerFilter.nodeId", SERVERS.replace("FIELD", "nodeId"), Search("filter.nodeId")),
        ("ServerFilter.packageId", list("servers", "ID", "packageId"), Nothing("filter.packageId")),
        ("ServerFilter.ownerId", list("servers", "ID", "ownerId"), Nothing("filter.ownerId")),
        ("InvoiceFilter.search", list("invoices", "String", "search"), Search("filter.search")),
        ("InvoiceFilter.userId", list("invoices", "ID", "userId"), Nothing("filter.userId")),
        ("TransactionFilter.gateway", list("transactions", "String", "gateway"), Search("filter.gateway")),
        ("TransactionFilter.reference", list("transactions", "String", "reference"), Search("filter.reference")),
        ("TransactionFilter.invoiceId", list("transactions", "ID", "invoiceId"), Nothing("filter.invoiceId")),
        ("TransactionFilter.userId", list("transactions", "ID", "userId"), Nothing("filter.userId")),
        ("TicketFilter.search", list("tickets", "String", "search"), Search("filter.search")),
        ("TicketFilter.departmentIds", list("tickets", "ID!", "departmentIds"), Nothing("filter.departmentIds")),
        ("TicketFilter.serverId", list("tickets", "ID", "serverId"), Nothing("filter.serverId")),
        ("TicketFilter.userId", list("tickets", "ID", "userId"), Nothing("filter.userId")),
        ("TicketFilter.assignedToId", list("tickets", "ID", "assignedToId"), Nothing("filter.assignedToId")),
        (
            "RetryMailInput.id",
            "mutation ($text: ID!) { it: retryMail(input: { id: $text }) { mail { id } } }".to_owned(),
            Nothing("input.id"),
        ),
        (
            "Query.jobRuns(job:)",
            "query ($text: String) { it: jobRuns(job: $text) { totalCount } }".to_owned(),
            Search("job"),
        ),
        ("LoginInput.login", login("$text", "\"skypanel-demo-1\""), Credentials),
        ("LoginInput.password", login("\"ada\"", "$text"), Credentials),
        (
            "RevokeSessionInput.id",
            "mutation ($text: ID!) { it: revokeSession(input: { id: $text }) { sessionId } }".to_owned(),
            Nothing("input.id"),
        ),
    ];
    table.extend(inputs);
    table
}

#[test]
fn every_text_of_the_schema_is_in_the_table() {
    let mut texts = BTreeSet::new();
    for definition in parse_schema(skypanel::graphql::sdl()).unwrap().definitions {
        let TypeSystemDefinition::Type(ty) = definition else { continue };
        let name = &ty.node.name.node;
        let is_text = |ty: &async_graphql::parser::types::Type| {
            ["String", "ID"].contains(&ty.to_string().trim_matches(['[', ']', '!'].as_slice()))
        };
        match &ty.node.kind {
            TypeKind::Object(object) => {
                for field in &object.fields {
                    for argument in field.node.arguments.iter().filter(|argument| is_text(&argument.node.ty.node)) {
                        let argument = &argument.node.name.node;
                        let is_cursor = ["after", "before"].contains(&argument.as_str());
                        let of = if is_cursor { String::new() } else { format!("{name}.{}", field.node.name.node) };
                        texts.insert(format!("{of}({argument}:)"));
                    }
                }
            }
            TypeKind::InputObject(input) => {
                let fields = input.fields.iter().filter(|field| is_text(&field.node.ty.node));
                texts.extend(fields.map(|field| format!("{name}.{}", field.node.name.node)));
            }
            _ => {}
        }
    }
    assert_eq!(texts, table().into_iter().map(|(at, ..)| at.to_owned()).collect());
}

const HOSTILE: &[&str] = &[
    "' OR 1=1 --",
    "'; DROP TABLE users; --",
    "\" OR \"\"=\"",
    "$$; SELECT pg_sleep(10); $$",
    "%",
    "_",
    "\\",
    "\\' OR 1=1",
    "*",
    "a:* & b | !c <-> d",
    "${jndi:ldap://x}",
    "{{7*7}}",
    "\u{0}",
    "ada\u{0}",
    "\u{1f600}\u{1f680}",
    "\u{202e}\u{feff}\u{10ffff}",
    "\r\n\t\u{7f}",
];

/// What no message may tell: SQL, constraints, tables, paths, crates, panics.
const INSIDE: &[&str] = &[
    "select ",
    "insert ",
    "update ",
    " from ",
    "syntax error at",
    "violates",
    "constraint",
    "relation",
    "duplicate key",
    "column",
    "password_reset_tokens",
    "server_packages",
    "server_actions",
    "invoice_items",
    "ticket_messages",
    "user_roles",
    "app.",
    "src/",
    ".rs",
    "/tmp",
    "/home",
    "diesel",
    "tokio",
    "postgres",
    "bb8",
    "serde",
    "async-graphql",
    "async_graphql",
    "panick",
    "unwrap",
];

/// What the client sent may come back; nothing else.
fn assert_silent(reply: &Reply, sent: &str) {
    for error in reply.body["errors"].as_array().into_iter().flatten() {
        let message = error["message"].as_str().unwrap().replace(sent, "").to_lowercase();
        for word in INSIDE {
            assert!(!message.contains(word), "{word}: {message}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_texts_are_refused_or_found_literally() {
    let app = App::demo().await;
    let admin = app.user("admin").await;
    let dump = "SELECT string_agg(row::text, '' ORDER BY row.id) AS value FROM (SELECT id, email, username, password_hash, status FROM users) AS row";
    let before = text(&app, dump).await;
    let long = "x'".repeat(5_000);
    for (at, document, takes) in table() {
        let document = fill(&app, &document).await;
        for hostile in HOSTILE.iter().copied().chain([long.as_str()]) {
            let what = format!("{at} {:?}", &hostile.chars().take(40).collect::<String>());
            let reply = admin.run_with(&document, json!({ "text": hostile })).await;
            assert_silent(&reply, hostile);
            assert_eq!(reply.status, 200, "{what}: {}", reply.body);
            let refused_at = |field: &str| {
                let extensions = json!({ "code": "BAD_USER_INPUT", "field": field });
                reply.body["errors"] == json!([reply.body["errors"][0]])
                    && reply.body["errors"][0]["extensions"] == extensions
            };
            let as_designed = match takes {
                // "*" is the name of a permission.
                Nothing("filter.permission") if hostile == "*" => reply.data("/it/totalCount") == 1,
                Nothing(field) => refused_at(field),
                Search(field) if hostile.contains('\0') || hostile.len() > 200 => refused_at(field),
                Search(_) => reply.ok()["it"]["totalCount"] == 0,
                Words(field) => {
                    let errors = reply.ok()["it"]["userErrors"].as_array().unwrap();
                    errors.iter().all(|error| error["field"] == json!([field]))
                }
                Key if !hostile.bytes().all(|byte| matches!(byte, b' '..=b'~')) || hostile.len() > 255 => {
                    refused_at("input.idempotencyKey")
                }
                Key | Refused => reply.body.get("errors").is_none(),
                Credentials => reply.ok()["it"]["userErrors"] == json!([{ "code": "WRONG_CREDENTIALS" }]),
            };
            assert!(as_designed, "{what}: {takes:?}, got {}", reply.body);
        }
    }
    assert_eq!(text(&app, dump).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_texts_in_the_document_itself_are_refused() {
    let app = App::demo().await;
    let admin = app.user("admin").await;
    for hostile in HOSTILE {
        for document in [
            format!("{{ tickets(orderBy: {{ field: {hostile}, direction: ASC }}) {{ totalCount }} }}"),
            format!("{{ tickets(filter: {{ status: [{hostile}] }}) {{ totalCount }} }}"),
            format!("{{ viewer {{ {hostile} }} }}"),
        ] {
            let reply = admin.run(&document).await;
            assert_silent(&reply, hostile);
            assert_eq!(reply.body.get("data"), None, "{document:?}");
            let code = reply.codes().first().copied().unwrap_or("none").to_owned();
            assert!(
                reply.status == 400 && ["GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"].contains(&code.as_str()),
                "{document:?}: {}",
                reply.body
            );
        }
        let order = json!({ "field": hostile, "direction": "ASC" });
        let reply = admin
            .run_with("query ($by: TicketOrder) { tickets(orderBy: $by) { totalCount } }", json!({ "by": order }))
            .await;
        assert_silent(&reply, hostile);
        assert_eq!((reply.status.as_u16(), reply.codes()), (400, vec!["GRAPHQL_VALIDATION_FAILED"]), "{hostile:?}");
    }
    assert_eq!(admin.run("{ users { totalCount } }").await.ok(), &json!({ "users": { "totalCount": 5 } }));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_search_leaves_out_the_blanks_at_its_edges() {
    const BLANKS: &str = "\t\n\u{b}\u{c}\r \u{85}\u{a0}\u{1680}\u{2000}\u{2003}\u{200a}\u{200b}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}\u{feff}";
    let app = App::demo().await;
    let admin = app.user("admin").await;
    let searches: Vec<_> = table().into_iter().filter(|(at, ..)| at.ends_with(".search")).collect();
    assert!(searches.len() >= 4);
    for (at, document, _) in searches {
        let sought = match at {
            "UserFilter.search" => "bob@example.com",
            "ServerFilter.search" => "Game server",
            "InvoiceFilter.search" => "SP-1005",
            "TicketFilter.search" => "bank transfer",
            _ => panic!("{at} is new: say here what it finds in the demo"),
        };
        let count = async |text: Option<&str>| {
            let reply = admin.run_with(&document, json!({ "text": text })).await;
            reply.ok()["it"]["totalCount"].as_i64().unwrap()
        };
        assert_eq!(count(Some(sought)).await, 1, "{at}");
        for blank in BLANKS.chars() {
            assert_eq!(count(Some(&format!("{blank}{sought}{blank}"))).await, 1, "{at} {blank:?}");
        }
        // Nothing is no condition, however it is written: also more of it than a search may hold.
        let all = count(None).await;
        for nothing in ["", BLANKS, &" ".repeat(1_000)] {
            assert_eq!(count(Some(nothing)).await, all, "{at} {nothing:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_is_looked_for_as_it_is() {
    let app = App::demo().await;
    let admin = app.user("admin").await;
    let strange = "100%_o'clock \\ \"\u{1f600}\"";
    app.maintain(
        "UPDATE servers SET name = E'100%_o''clock \\\\ \"\\U0001F600\"' WHERE name = 'Lab'; \
         UPDATE transactions SET reference = E'100%_o''clock \\\\ \"\\U0001F600\"' WHERE reference = 'pi_demo_1001'",
    )
    .await;
    let document = "query ($text: String) { servers(filter: { search: $text }) { nodes { name } } \
        transactions(filter: { reference: $text }) { nodes { reference } } }";
    let found = admin.run_with(document, json!({ "text": strange })).await;
    let expected = json!({ "servers": { "nodes": [{ "name": strange }] }, "transactions": { "nodes": [{ "reference": strange }] } });
    assert_eq!(found.ok(), &expected);
    let nothing: Value = json!({ "servers": { "nodes": [] }, "transactions": { "nodes": [] } });
    for near in ["1000_o", "100%xo", "%o'clock"] {
        assert_eq!(admin.run_with(document, json!({ "text": near })).await.ok(), &nothing, "{near}");
    }
}
