//! The states of a ticket, walked: every state, every event, everybody. What is expected is written down here once
//! more, as the design says it; the mutation, the row and `allowedActions` have to agree with it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::harness::{Actor, App, Reply};
use crate::rows::{fill, rows, text};

const STATES: [&str; 6] = ["open", "in_progress", "waiting_customer", "on_hold", "resolved", "closed"];

/// An event, what else its input has, the permission that it needs, whether its `:own` form is enough for the ticket's
/// customer, and where it leads from each of [`STATES`]: for the customer and for staff. `=` stays and does something,
/// `.` is satisfied, `-` is refused.
type Event = (&'static str, &'static str, &'static str, bool, [&'static str; 6], [&'static str; 6]);

const NEVER: [&str; 6] = ["-"; 6];

const EVENTS: &[Event] = &[
    (
        "replyToTicket",
        r#", content: "Hello.""#,
        "ticket:reply",
        true,
        ["=", "=", "open", "=", "open", "-"],
        ["waiting_customer", "waiting_customer", "=", "waiting_customer", "=", "-"],
    ),
    ("addTicketNote", r#", content: "Hush.""#, "ticket:note", false, NEVER, ["="; 6]),
    ("assignTicket", r#", userId: "{sam}""#, "ticket:assign", false, NEVER, ["in_progress", "=", "=", "=", "-", "-"]),
    ("unassignTicket", "", "ticket:assign", false, NEVER, ["=", "open", "=", "=", "-", "-"]),
    ("startTicketWork", "", "ticket:update", false, NEVER, ["in_progress", ".", "-", "-", "-", "-"]),
    (
        "holdTicket",
        r#", reason: "Waits.""#,
        "ticket:update",
        false,
        NEVER,
        ["on_hold", "on_hold", "on_hold", ".", "-", "-"],
    ),
    ("resumeTicket", "", "ticket:update", false, NEVER, ["-", ".", "-", "in_progress", "-", "-"]),
    ("resolveTicket", "", "ticket:close", true, RESOLVES, RESOLVES),
    ("closeTicket", "", "ticket:close", true, CLOSES, CLOSES),
    ("reopenTicket", "", "ticket:reopen", true, REOPENS, REOPENS),
    (
        "mergeTickets",
        r#", intoId: "{into}""#,
        "ticket:merge",
        false,
        NEVER,
        ["closed", "closed", "closed", "closed", "closed", "closed"],
    ),
    ("unmergeTickets", "", "ticket:merge", false, NEVER, NEVER),
    ("updateTicket", ", priority: HIGH", "ticket:update", false, NEVER, ["="; 6]),
];

const RESOLVES: [&str; 6] = ["resolved", "resolved", "resolved", "resolved", ".", "-"];
const CLOSES: [&str; 6] = ["closed", "closed", "closed", "closed", "closed", "."];
const REOPENS: [&str; 6] = [".", "-", "-", "-", "open", "open"];

/// Somebody, and what of a ticket of Ada's he may do.
struct Walker<'a> {
    name: &'static str,
    actor: Actor<'a>,
    permissions: Option<Vec<String>>,
}

impl Walker<'_> {
    fn is_customer(&self) -> bool {
        self.name == "customer"
    }

    fn may(&self, permission: &str, own: bool) -> bool {
        match &self.permissions {
            Some(held) => held.iter().any(|name| name == permission || name == "*"),
            None => own,
        }
    }
}

const SELECTION: &str = "{ ticket { id status allowedActions { action allowed code reason requiredPermission } } \
                         userErrors { code field transition { from event allowed } } }";

/// Puts the ticket into a state as if it had come there, a minute ago.
async fn place(app: &App, id: &str, state: &str, assignee: &str) {
    let closed = if state == "closed" { "now()" } else { "NULL" };
    app.maintain(&format!(
        "UPDATE tickets SET status = '{state}', priority = 'medium', closed_at = {closed}, assigned_to = {assignee}, hold_reason = NULL, \
         merged_into = NULL, before_merge = NULL, \
         response_due_at = NULL, resolution_due_at = NULL, resolution_seconds_left = NULL WHERE id = '{id}'"
    ))
    .await;
}

async fn row(app: &App, id: &str) -> Value {
    let query = format!(
        "SELECT *, (SELECT count(*) FROM ticket_messages m WHERE m.ticket_id = t.id) AS messages FROM tickets t WHERE id = '{id}'"
    );
    rows(app, &query).await.remove(0)
}

fn actions(ticket: &Value) -> BTreeMap<String, Value> {
    let list = ticket["allowedActions"].as_array().unwrap().iter();
    list.map(|action| (action["action"].as_str().unwrap().to_owned(), action.clone())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_state_and_event_by_everybody() {
    let app = App::demo().await;
    let id = text(&app, "SELECT id::text AS value FROM tickets WHERE subject = 'Reverse DNS for the web server'").await;
    let sam =
        text(&app, "SELECT 'usr_' || replace(id::text, '-', '') AS value FROM users WHERE username = 'support'").await;
    let into =
        text(&app, "SELECT 'tkt_' || replace(id::text, '-', '') AS value FROM tickets WHERE status = 'in_progress'")
            .await;
    let everything: Vec<String> = [
        "ticket:read",
        "ticket:reply",
        "ticket:note",
        "ticket:assign",
        "ticket:update",
        "ticket:close",
        "ticket:reopen",
        "ticket:merge",
    ]
    .map(str::to_owned)
    .to_vec();
    let mut walkers = vec![
        Walker { name: "customer", actor: app.user("ada").await, permissions: None },
        Walker { name: "admin", actor: app.user("admin").await, permissions: Some(vec!["*".to_owned()]) },
    ];
    // Staff who lack one permission each.
    for lacks in &everything[1..] {
        let held: Vec<String> = everything.iter().filter(|name| *name != lacks).cloned().collect();
        let actor = app.staff(&held.iter().map(String::as_str).collect::<Vec<_>>()).await;
        walkers.push(Walker { name: "staff", actor, permissions: Some(held) });
    }

    let mut walked = 0;
    for walker in &walkers {
        for event in EVENTS {
            let outcomes = if walker.is_customer() { event.4 } else { event.5 };
            for (state, outcome) in STATES.iter().zip(outcomes) {
                // Nobody has it, unless it is to be taken from somebody.
                let somebody = "(SELECT id FROM users WHERE username = 'admin')";
                let assignee = if event.0 == "unassignTicket" { somebody } else { "NULL" };
                place(&app, &id, state, assignee).await;
                let walk = walk(&app, walker, event, (&id, &sam, &into)).await;
                let at = format!("{} of {state} by {} with {:?}", event.0, walker.name, walker.permissions);
                walk.check(&at, walker, event, (state, outcome));
                walked += 1;
            }
        }
    }
    assert_eq!(walked, walkers.len() * EVENTS.len() * STATES.len());
}

/// What came of an event: what was told of it before, the answer, and the row before and after.
struct Walk {
    told: Value,
    reply: Reply,
    before: Value,
    after: Value,
}

async fn walk(app: &App, walker: &Walker<'_>, (event, more, ..): &Event, (id, sam, into): (&str, &str, &str)) -> Walk {
    let ticket = format!("tkt_{}", id.replace('-', ""));
    let before = row(app, id).await;
    let asked =
        format!("{{ ticket(id: \"{ticket}\") {{ allowedActions {{ action allowed code requiredPermission }} }} }}");
    let told = actions(&walker.actor.run(&asked).await.ok()["ticket"])[*event].clone();
    let more = more.replace("{sam}", sam).replace("{into}", into);
    let document = format!("mutation {{ it: {event}(input: {{ id: \"{ticket}\"{more} }}) {SELECTION} }}");
    let reply = walker.actor.run(&document).await;
    Walk { told, reply, before, after: row(app, id).await }
}

impl Walk {
    /// The answer, the row and what was told before agree with what is expected.
    fn check(&self, at: &str, walker: &Walker<'_>, event: &Event, (state, outcome): (&str, &str)) {
        let (event, _, permission, own, ..) = event;
        assert_eq!(self.told["requiredPermission"], *permission, "{at}");
        if !walker.may(permission, *own) {
            assert_eq!(self.reply.codes(), ["FORBIDDEN"], "{at}: {}", self.reply.body);
            return self.nothing_was_done(at, "PERMISSION_REQUIRED");
        }
        let payload = &self.reply.ok()["it"];
        let error = &payload["userErrors"][0];
        match outcome {
            // Whoever begins with a ticket that nobody has gets it, and has to be able to answer it.
            "in_progress" if *event == "startTicketWork" && !walker.may("ticket:reply", false) => {
                assert_eq!(error["code"], "NOT_ELIGIBLE", "{at}");
                self.nothing_was_done(at, "NOT_ELIGIBLE");
            }
            "-" => {
                assert_eq!(error["code"], "INVALID_TRANSITION", "{at}: {}", self.reply.body);
                assert_eq!(error["transition"]["from"], state.to_uppercase(), "{at}");
                assert_eq!(error["transition"]["event"], *event, "{at}");
                assert!(!error["transition"]["allowed"].as_array().unwrap().contains(&json!(event)), "{at}");
                self.nothing_was_done(at, "INVALID_TRANSITION");
            }
            "." => {
                assert_eq!(payload["userErrors"], json!([]), "{at}");
                self.nothing_was_done(at, "INVALID_TRANSITION");
            }
            outcome => self.was_done(at, event, if outcome == "=" { state } else { outcome }),
        }
    }

    fn nothing_was_done(&self, at: &str, told: &str) {
        assert_eq!((&self.told["allowed"], &self.told["code"]), (&json!(false), &json!(told)), "{at}");
        assert_eq!(self.after, self.before, "{at}");
    }

    fn was_done(&self, at: &str, event: &str, target: &str) {
        let (payload, before, after) = (&self.reply.ok()["it"], &self.before, &self.after);
        assert_eq!(payload["userErrors"], json!([]), "{at}");
        assert_eq!((&self.told["allowed"], &self.told["code"]), (&json!(true), &Value::Null), "{at}");
        assert_eq!(after["status"], target, "{at}");
        assert_eq!(payload["ticket"]["status"], target.to_uppercase(), "{at}");
        assert_eq!(after["closed_at"].is_null(), target != "closed", "{at}");
        if event == "addTicketNote" {
            // Nobody can tell from the ticket that there is a note.
            assert_eq!(after["updated_at"], before["updated_at"], "{at}");
            assert_eq!(after["revision"], before["revision"], "{at}");
        } else {
            assert!(after["updated_at"].as_str() > before["updated_at"].as_str(), "{at}");
        }
    }
}

/// The table of the program has these events and no others.
#[tokio::test]
async fn a_ticket_tells_of_every_event() {
    let app = App::demo().await;
    let reply = app.user("admin").await.run("{ tickets(first: 1) { nodes { allowedActions { action } } } }").await;
    let told: Vec<&str> = reply
        .data("/tickets/nodes/0/allowedActions")
        .as_array()
        .unwrap()
        .iter()
        .map(|action| action["action"].as_str().unwrap())
        .collect();
    let events: Vec<&str> = EVENTS.iter().map(|(event, ..)| *event).collect();
    assert_eq!(told, events);
}

/// A ticket that was merged goes on elsewhere: nothing happens to it here, but that it is taken out again.
#[tokio::test]
async fn nothing_happens_to_a_merged_ticket() {
    let app = App::demo().await;
    let admin = app.user("admin").await;
    let id =
        text(&app, "SELECT 'tkt_' || replace(id::text, '-', '') AS value FROM tickets WHERE merged_into IS NOT NULL")
            .await;
    for (event, more, ..) in EVENTS.iter().filter(|(event, ..)| *event != "unmergeTickets") {
        let into = fill(&app, "\"{tkt}\"").await;
        let more = more.replace("{sam}", "usr_00000000000000000000000000000000").replace("\"{into}\"", &into);
        let reply =
            admin.run(&format!("mutation {{ it: {event}(input: {{ id: \"{id}\"{more} }}) {SELECTION} }}")).await;
        let code = &reply.ok()["it"]["userErrors"][0]["code"];
        let expected = if *event == "assignTicket" { "NOT_ELIGIBLE" } else { "INVALID_TRANSITION" };
        assert_eq!(code, expected, "{event}: {}", reply.body);
    }
    let reply = admin.run(&format!("{{ ticket(id: \"{id}\") {{ allowedActions {{ action allowed }} }} }}")).await;
    let told = actions(&reply.ok()["ticket"]);
    let allowed: Vec<&String> = told.iter().filter(|(_, told)| told["allowed"] == true).map(|(name, _)| name).collect();
    assert_eq!(allowed, ["unmergeTickets"]);
}

/// Sets the clock of the business ahead.
pub async fn ahead(app: &App, by: &str) {
    use diesel_async::SimpleAsyncConnection as _;
    let mut owner = app.owner().await;
    let set = format!(
        "INSERT INTO app.clock_offset (shift) VALUES ('{by}') ON CONFLICT (is_set) DO UPDATE SET shift = excluded.shift"
    );
    owner.batch_execute(&set).await.unwrap();
}

#[tokio::test]
async fn its_customer_opens_a_closed_ticket_for_fourteen_days() {
    let app = App::demo().await;
    let (ada, support) = (app.user("ada").await, app.user("support").await);
    let id = text(&app, "SELECT id::text AS value FROM tickets WHERE subject = 'Reverse DNS for the web server'").await;
    let ticket = format!("tkt_{}", id.replace('-', ""));
    let reopen = format!("mutation {{ it: reopenTicket(input: {{ id: \"{ticket}\" }}) {SELECTION} }}");
    let may = format!("{{ ticket(id: \"{ticket}\") {{ status allowedActions {{ action allowed code }} }} }}");
    place(&app, &id, "closed", "NULL").await;
    ahead(&app, "13 days 23 hours").await;
    assert_eq!(actions(&ada.run(&may).await.ok()["ticket"])["reopenTicket"]["allowed"], true);
    ahead(&app, "14 days 1 hour").await;
    let told = actions(&ada.run(&may).await.ok()["ticket"])["reopenTicket"].clone();
    assert_eq!(told, json!({ "action": "reopenTicket", "allowed": false, "code": "EXPIRED" }));
    assert_eq!(ada.run(&reopen).await.ok()["it"]["userErrors"][0]["code"], "EXPIRED");
    assert_eq!(support.run(&reopen).await.ok()["it"]["ticket"]["status"], "OPEN");
}

#[tokio::test]
async fn its_clocks_run_and_stand() {
    let app = App::demo().await;
    let (ada, support) = (app.user("ada").await, app.user("support").await);
    let id = text(&app, "SELECT id::text AS value FROM tickets WHERE subject = 'Reverse DNS for the web server'").await;
    let ticket = format!("tkt_{}", id.replace('-', ""));
    let act = async |actor: &Actor<'_>, event: &str, more: &str| {
        let reply =
            actor.run(&format!("mutation {{ it: {event}(input: {{ id: \"{ticket}\"{more} }}) {SELECTION} }}")).await;
        assert_eq!(reply.ok()["it"]["userErrors"], json!([]), "{event}: {}", reply.body);
    };
    // Minutes from now, by the clock of the business, until what is due.
    let due = async |column: &str| {
        let query = format!(
            "SELECT round(extract(epoch FROM {column} - app.now()) / 60) AS value FROM tickets WHERE id = '{id}'"
        );
        rows(&app, &query).await.remove(0)["value"].clone()
    };
    place(&app, &id, "closed", "NULL").await;

    // Technical and medium: half of eight hours, half of three days.
    act(&support, "reopenTicket", "").await;
    assert_eq!((due("response_due_at").await, due("resolution_due_at").await), (json!(240), json!(2160)));
    ahead(&app, "1 hour").await;
    act(&support, "replyToTicket", r#", content: "Is it better now?""#).await;
    assert_eq!((due("response_due_at").await, due("resolution_due_at").await), (Value::Null, Value::Null));
    // The customer takes his time, and that is not the desk's.
    ahead(&app, "30 hours").await;
    act(&support, "holdTicket", r#", reason: "Waits for the provider.""#).await;
    assert_eq!(due("resolution_due_at").await, Value::Null);
    ahead(&app, "40 hours").await;
    act(&ada, "replyToTicket", r#", content: "No.""#).await;
    assert_eq!(due("resolution_due_at").await, Value::Null, "on hold it stays on hold");
    act(&support, "resumeTicket", "").await;
    assert_eq!((due("response_due_at").await, due("resolution_due_at").await), (Value::Null, json!(2100)));
    assert_eq!(row(&app, &id).await["hold_reason"], Value::Null);
    act(&support, "resolveTicket", "").await;
    assert_eq!((due("response_due_at").await, due("resolution_due_at").await), (Value::Null, Value::Null));
}

#[test]
fn the_page_about_states_is_printed_from_the_tables() {
    let page = include_str!("../../docs/STATES.md");
    assert!(
        page.trim_end() == skypanel::graphql::states().trim_end(),
        "docs/STATES.md is not what the program prints: just states"
    );
}
