//! Who may call which root field: every field of `Query` and `Mutation`, asked about Ada's rows by six callers.

use std::collections::BTreeSet;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};
use serde_json::{Value, json};

use crate::harness::{Actor, App};
use crate::rows::{fill, rows};

/// What a caller gets.
#[derive(Debug, Clone, Copy)]
enum Outcome {
    /// A value, without error.
    Data,
    /// A connection or a list of so many rows.
    Rows(usize),
    /// Null, without error: what an unknown id answers, too.
    Nothing,
    Unauthenticated,
    NotFound,
    /// With the permission that is missing.
    Forbidden(&'static str),
}

use Outcome::{Data, Forbidden, NotFound, Nothing, Rows, Unauthenticated};

const CALLERS: [&str; 6] = ["anonymous", "ada", "bob", "support", "billing", "admin"];

/// Field, document for [`fill`], and what each of [`CALLERS`] gets.
type Row = (&'static str, &'static str, [Outcome; 6]);

const DEPARTMENT_WRITE: [Outcome; 6] = {
    let refused = Forbidden("department:write");
    [Unauthenticated, refused, refused, refused, refused, Data]
};

const TICKET_MERGE: [Outcome; 6] = {
    let refused = Forbidden("ticket:merge");
    [Unauthenticated, refused, refused, Data, refused, Data]
};

const CANNED_REPLY_WRITE: [Outcome; 6] = {
    let refused = Forbidden("canned_reply:write");
    [Unauthenticated, refused, refused, Data, refused, Data]
};

const QUERIES: &[Row] = &[
    ("viewer", "{ viewer { id } }", [Nothing, Data, Data, Data, Data, Data]),
    ("node", r#"{ node(id: "{srv}") { id } }"#, [Nothing, Data, Nothing, Data, Data, Data]),
    ("nodes", r#"{ nodes(ids: ["{inv}"]) { id } }"#, [Nothing, Data, Nothing, Data, Data, Data]),
    ("user", r#"{ user(id: "{usr}") { id } }"#, [Unauthenticated, Data, Nothing, Data, Data, Data]),
    (
        "users",
        "{ users { totalCount } }",
        [Unauthenticated, Forbidden("user:read"), Forbidden("user:read"), Rows(5), Rows(5), Rows(5)],
    ),
    (
        "role",
        r#"{ role(id: "{rol}") { id } }"#,
        [Unauthenticated, Forbidden("role:read"), Forbidden("role:read"), Data, Data, Data],
    ),
    (
        "roles",
        "{ roles { id } }",
        [Unauthenticated, Forbidden("role:read"), Forbidden("role:read"), Rows(4), Rows(4), Rows(4)],
    ),
    (
        "permissions",
        "{ permissions { name } }",
        [Unauthenticated, Forbidden("role:read"), Forbidden("role:read"), Rows(32), Rows(32), Rows(32)],
    ),
    ("server", r#"{ server(id: "{srv}") { id } }"#, [Unauthenticated, Data, Nothing, Data, Data, Data]),
    ("servers", "{ servers { totalCount } }", [Unauthenticated, Rows(5), Rows(4), Rows(9), Rows(9), Rows(9)]),
    ("serverPackage", r#"{ serverPackage(id: "{pkg}") { id } }"#, [Data, Data, Data, Data, Data, Data]),
    ("serverPackages", "{ serverPackages { totalCount } }", [Rows(4), Rows(4), Rows(4), Rows(4), Rows(4), Rows(4)]),
    ("invoice", r#"{ invoice(id: "{inv}") { id } }"#, [Unauthenticated, Data, Nothing, Data, Data, Data]),
    ("invoices", "{ invoices { totalCount } }", [Unauthenticated, Rows(7), Rows(5), Rows(12), Rows(12), Rows(12)]),
    (
        "transaction",
        r#"{ transaction(id: "{trx}") { id } }"#,
        [Unauthenticated, Data, Nothing, Forbidden("transaction:read"), Data, Data],
    ),
    (
        "transactions",
        "{ transactions { totalCount } }",
        [Unauthenticated, Rows(11), Rows(4), Forbidden("transaction:read"), Rows(15), Rows(15)],
    ),
    ("paymentGateways", "{ paymentGateways { name } }", [Rows(0), Rows(0), Rows(0), Rows(0), Rows(0), Rows(0)]),
    (
        "billingSummary",
        r#"{ billingSummary(since: "2026-01-01", until: "2026-12-31") { currency } }"#,
        [
            Unauthenticated,
            Forbidden("transaction:read"),
            Forbidden("transaction:read"),
            Forbidden("transaction:read"),
            Data,
            Data,
        ],
    ),
    ("ticket", r#"{ ticket(id: "{tkt}") { id } }"#, [Unauthenticated, Data, Nothing, Data, Data, Data]),
    ("tickets", "{ tickets { totalCount } }", [Unauthenticated, Rows(6), Rows(4), Rows(10), Rows(10), Rows(10)]),
    ("departments", "{ departments { slug } }", [Unauthenticated, Rows(4), Rows(4), Rows(5), Rows(5), Rows(5)]),
    (
        "cannedReplies",
        "{ cannedReplies { id } }",
        [Unauthenticated, Forbidden("canned_reply:read"), Forbidden("canned_reply:read"), Rows(3), Rows(3), Rows(3)],
    ),
    (
        "mails",
        "{ mails { totalCount } }",
        [
            Unauthenticated,
            Forbidden("system:read"),
            Forbidden("system:read"),
            Forbidden("system:read"),
            Rows(0),
            Rows(0),
        ],
    ),
    (
        "jobRuns",
        "{ jobRuns { totalCount } }",
        [
            Unauthenticated,
            Forbidden("system:read"),
            Forbidden("system:read"),
            Forbidden("system:read"),
            Rows(0),
            Rows(0),
        ],
    ),
];

const MUTATIONS: &[Row] = &[
    (
        "login",
        r#"mutation { login(input: { login: "ada", password: "skypanel-demo-1" }) { token } }"#,
        [Data, Data, Data, Data, Data, Data],
    ),
    ("logout", "mutation { logout { loggedOut } }", [Unauthenticated, Data, Data, Data, Data, Data]),
    (
        "revokeSession",
        r#"mutation { revokeSession(input: { id: "{ses}" }) { sessionId } }"#,
        [Unauthenticated, Data, NotFound, Data, Forbidden("session:revoke"), Data],
    ),
    (
        "revokeOtherSessions",
        "mutation { revokeOtherSessions { revokedCount } }",
        [Unauthenticated, Data, Data, Data, Forbidden("session:revoke"), Data],
    ),
    (
        "createUser",
        r#"mutation { createUser(input: { email: "new@example.com", username: "new" }) { user { id } userErrors { code } } }"#,
        [
            Unauthenticated,
            Forbidden("user:create"),
            Forbidden("user:create"),
            Forbidden("user:create"),
            Forbidden("user:create"),
            Data,
        ],
    ),
    (
        "updateUser",
        r#"mutation { updateUser(input: { id: "{usr}", firstName: "Adele" }) { user { id } userErrors { code } } }"#,
        [Unauthenticated, Data, NotFound, Forbidden("user:update"), Forbidden("user:update"), Data],
    ),
    (
        "suspendUser",
        r#"mutation { suspendUser(input: { id: "{usr}", reason: "Spam." }, dryRun: true) { user { id } userErrors { code } } }"#,
        [
            Unauthenticated,
            Forbidden("user:suspend"),
            Forbidden("user:suspend"),
            Forbidden("user:suspend"),
            Forbidden("user:suspend"),
            Data,
        ],
    ),
    (
        "reinstateUser",
        r#"mutation { reinstateUser(input: { id: "{usr}" }) { user { id } userErrors { code } } }"#,
        [
            Unauthenticated,
            Forbidden("user:suspend"),
            Forbidden("user:suspend"),
            Forbidden("user:suspend"),
            Forbidden("user:suspend"),
            Data,
        ],
    ),
    (
        "activateUser",
        r#"mutation { activateUser(input: { id: "{usr}" }) { user { id } userErrors { code } } }"#,
        [
            Unauthenticated,
            Forbidden("user:update"),
            Forbidden("user:update"),
            Forbidden("user:update"),
            Forbidden("user:update"),
            Data,
        ],
    ),
    (
        "closeUser",
        r#"mutation { closeUser(input: { id: "{usr}" }) { user { id } userErrors { code } } }"#,
        [Unauthenticated, Data, NotFound, Forbidden("user:close"), Forbidden("user:close"), Data],
    ),
    (
        "reopenUser",
        r#"mutation { reopenUser(input: { id: "{usr}" }) { user { id } userErrors { code } } }"#,
        [
            Unauthenticated,
            Forbidden("user:close"),
            Forbidden("user:close"),
            Forbidden("user:close"),
            Forbidden("user:close"),
            Data,
        ],
    ),
    (
        "createRole",
        r#"mutation { createRole(input: { name: "new", permissions: [] }) { role { id } userErrors { code } } }"#,
        [
            Unauthenticated,
            Forbidden("role:create"),
            Forbidden("role:create"),
            Forbidden("role:create"),
            Forbidden("role:create"),
            Data,
        ],
    ),
    (
        "updateRole",
        r#"mutation { updateRole(input: { id: "{rol}", description: "People." }) { role { id } userErrors { code } } }"#,
        [
            Unauthenticated,
            Forbidden("role:update"),
            Forbidden("role:update"),
            Forbidden("role:update"),
            Forbidden("role:update"),
            Data,
        ],
    ),
    (
        "deleteRole",
        r#"mutation { deleteRole(input: { id: "{rol}" }) { roleId userErrors { code } } }"#,
        [
            Unauthenticated,
            Forbidden("role:delete"),
            Forbidden("role:delete"),
            Forbidden("role:delete"),
            Forbidden("role:delete"),
            Data,
        ],
    ),
    (
        "assignRole",
        r#"mutation { assignRole(input: { userId: "{usr}", roleId: "{rol}" }) { user { id } userErrors { code } } }"#,
        [
            Unauthenticated,
            Forbidden("role:assign"),
            Forbidden("role:assign"),
            Forbidden("role:assign"),
            Forbidden("role:assign"),
            Data,
        ],
    ),
    (
        "unassignRole",
        r#"mutation { unassignRole(input: { userId: "{usr}", roleId: "{rol}" }, dryRun: true) { user { id } userErrors { code } } }"#,
        [
            Unauthenticated,
            Forbidden("role:assign"),
            Forbidden("role:assign"),
            Forbidden("role:assign"),
            Forbidden("role:assign"),
            Data,
        ],
    ),
    (
        "replyToTicket",
        r#"mutation { replyToTicket(input: { id: "{tkt}", content: "Thanks." }) { ticket { id } userErrors { code } } }"#,
        [Unauthenticated, Data, NotFound, Data, Data, Data],
    ),
    (
        "addTicketNote",
        r#"mutation { addTicketNote(input: { id: "{tkt}", content: "A note." }) { ticket { id } userErrors { code } } }"#,
        [Unauthenticated, Forbidden("ticket:note"), Forbidden("ticket:note"), Data, Data, Data],
    ),
    (
        "assignTicket",
        r#"mutation { assignTicket(input: { id: "{tkt}", userId: "{usr}" }) { ticket { id } userErrors { code } } }"#,
        [
            Unauthenticated,
            Forbidden("ticket:assign"),
            Forbidden("ticket:assign"),
            Data,
            Forbidden("ticket:assign"),
            Data,
        ],
    ),
    (
        "unassignTicket",
        r#"mutation { unassignTicket(input: { id: "{tkt}" }) { ticket { id } userErrors { code } } }"#,
        [
            Unauthenticated,
            Forbidden("ticket:assign"),
            Forbidden("ticket:assign"),
            Data,
            Forbidden("ticket:assign"),
            Data,
        ],
    ),
    (
        "startTicketWork",
        r#"mutation { startTicketWork(input: { id: "{tkt}" }) { ticket { id } userErrors { code } } }"#,
        [Unauthenticated, Forbidden("ticket:update"), Forbidden("ticket:update"), Data, Data, Data],
    ),
    (
        "holdTicket",
        r#"mutation { holdTicket(input: { id: "{tkt}", reason: "Waits." }) { ticket { id } userErrors { code } } }"#,
        [Unauthenticated, Forbidden("ticket:update"), Forbidden("ticket:update"), Data, Data, Data],
    ),
    (
        "resumeTicket",
        r#"mutation { resumeTicket(input: { id: "{tkt}" }) { ticket { id } userErrors { code } } }"#,
        [Unauthenticated, Forbidden("ticket:update"), Forbidden("ticket:update"), Data, Data, Data],
    ),
    (
        "resolveTicket",
        r#"mutation { resolveTicket(input: { id: "{tkt}" }) { ticket { id } userErrors { code } } }"#,
        [Unauthenticated, Data, NotFound, Data, Data, Data],
    ),
    (
        "closeTicket",
        r#"mutation { closeTicket(input: { id: "{tkt}" }) { ticket { id } userErrors { code } } }"#,
        [Unauthenticated, Data, NotFound, Data, Data, Data],
    ),
    (
        "reopenTicket",
        r#"mutation { reopenTicket(input: { id: "{tkt}" }) { ticket { id } userErrors { code } } }"#,
        [Unauthenticated, Data, NotFound, Data, Forbidden("ticket:reopen"), Data],
    ),
    (
        "createTicket",
        r#"mutation { createTicket(input: { subject: "A", content: "B", departmentId: "{dep}" }) { ticket { id } userErrors { code } } }"#,
        [Unauthenticated, Data, Data, Data, Data, Data],
    ),
    (
        "updateTicket",
        r#"mutation { updateTicket(input: { id: "{tkt}", priority: HIGH }) { ticket { id } userErrors { code } } }"#,
        [Unauthenticated, Forbidden("ticket:update"), Forbidden("ticket:update"), Data, Data, Data],
    ),
    (
        "mergeTickets",
        r#"mutation { mergeTickets(input: { id: "{tkt}", intoId: "{mtk}" }) { ticket { id } userErrors { code } } }"#,
        TICKET_MERGE,
    ),
    (
        "unmergeTickets",
        r#"mutation { unmergeTickets(input: { id: "{tkt}" }) { ticket { id } userErrors { code } } }"#,
        TICKET_MERGE,
    ),
    (
        "createDepartment",
        r#"mutation { createDepartment(input: { slug: "mail", name: "Mail" }) { department { id } userErrors { code } } }"#,
        DEPARTMENT_WRITE,
    ),
    (
        "updateDepartment",
        r#"mutation { updateDepartment(input: { id: "{dep}", name: "Machines" }) { department { id } userErrors { code } } }"#,
        DEPARTMENT_WRITE,
    ),
    (
        "createCannedReply",
        r#"mutation { createCannedReply(input: { name: "A", content: "B" }) { cannedReply { id } userErrors { code } } }"#,
        CANNED_REPLY_WRITE,
    ),
    (
        "updateCannedReply",
        r#"mutation { updateCannedReply(input: { id: "{can}", name: "C" }) { cannedReply { id } userErrors { code } } }"#,
        CANNED_REPLY_WRITE,
    ),
    (
        "deleteCannedReply",
        r#"mutation { deleteCannedReply(input: { id: "{can}" }) { cannedReplyId userErrors { code } } }"#,
        CANNED_REPLY_WRITE,
    ),
    (
        "retryMail",
        r#"mutation { retryMail(input: { id: "{mal}" }) { mail { id } userErrors { code } } }"#,
        [
            Unauthenticated,
            Forbidden("system:run_job"),
            Forbidden("system:run_job"),
            Forbidden("system:run_job"),
            Forbidden("system:run_job"),
            Data,
        ],
    ),
];

#[test]
fn every_root_field_is_in_the_table() {
    let names = |table: &[Row]| -> BTreeSet<String> { table.iter().map(|(name, _, _)| (*name).to_owned()).collect() };
    assert_eq!(fields_of("Query"), names(QUERIES), "queries of the schema, and of the table");
    assert_eq!(fields_of("Mutation"), names(MUTATIONS), "mutations of the schema, and of the table");
}

fn fields_of(root: &str) -> BTreeSet<String> {
    let schema = parse_schema(skypanel::graphql::sdl()).unwrap();
    let root = schema.definitions.iter().find_map(|definition| match definition {
        TypeSystemDefinition::Type(ty) if ty.node.name.node == root => match &ty.node.kind {
            TypeKind::Object(object) => Some(object),
            _ => None,
        },
        _ => None,
    });
    root.unwrap().fields.iter().map(|field| field.node.name.node.to_string()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_caller_gets_exactly_this() {
    let app = App::demo().await;
    let mut wrong = Vec::new();
    for (field, document, outcomes) in QUERIES.iter().chain(MUTATIONS) {
        for (caller, outcome) in CALLERS.iter().zip(outcomes) {
            let document = fill(&app, document).await;
            let reply = caller_named(&app, caller).await.run(&document).await;
            let as_expected = reply.status == 200 && is(&reply.body, field, *outcome);
            if !as_expected {
                wrong.push(format!("{field} by {caller}: want {outcome:?}, got {} {}", reply.status, reply.body));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A caller in a session of their own: some of the mutations end it.
async fn caller_named<'a>(app: &'a App, name: &str) -> Actor<'a> {
    if name == "anonymous" { app.anonymous() } else { app.user(name).await }
}

fn is(body: &Value, field: &str, outcome: Outcome) -> bool {
    let value = &body["data"][field];
    let error = |code: &str, permission: Value| {
        let [error] = body["errors"].as_array().map_or(&[][..], Vec::as_slice) else { return false };
        let told = (&error["path"], &error["extensions"]["code"], &error["extensions"]["requiredPermission"]);
        *value == Value::Null && told == (&json!([field]), &json!(code), &permission)
    };
    let without_error = body.get("errors").is_none();
    match outcome {
        Data => without_error && *value != Value::Null && *value != json!([null]),
        Nothing => without_error && (*value == Value::Null || *value == json!([null])),
        Rows(rows) => {
            without_error
                && (value["totalCount"] == json!(rows) || value.as_array().is_some_and(|list| list.len() == rows))
        }
        Unauthenticated => error("UNAUTHENTICATED", Value::Null),
        NotFound => error("NOT_FOUND", Value::Null),
        Forbidden(permission) => error("FORBIDDEN", json!(permission)),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mutation_that_is_refused_changes_no_row() {
    let app = App::demo().await;
    let (bob, billing) = (app.user("bob").await, app.user("billing").await);
    let session = fill(&app, "\"{ses}\"").await;
    let revoke = format!("mutation {{ revokeSession(input: {{ id: {session} }}) {{ sessionId }} }}");
    let state = "SELECT id, user_id, expires_at FROM sessions ORDER BY id";
    let before = rows(&app, state).await;
    for (actor, code) in [(&bob, "NOT_FOUND"), (&billing, "FORBIDDEN"), (&app.anonymous(), "UNAUTHENTICATED")] {
        assert_eq!(actor.run(&revoke).await.codes(), [code]);
    }
    assert_eq!(billing.run("mutation { revokeOtherSessions { revokedCount } }").await.codes(), ["FORBIDDEN"]);
    assert_eq!(app.anonymous().run("mutation { logout { loggedOut } }").await.codes(), ["UNAUTHENTICATED"]);
    assert_eq!(rows(&app, state).await, before);
}
