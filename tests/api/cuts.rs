//! The wire between the program and PostgreSQL is cut after the first, the second, … the last message of a change, in
//! either direction, and the client tries again: what is there in the end is what one undisturbed run leaves.
//!
//! Not a sample. A pool of one connection, warm statements and messages told apart by their frames make the number of
//! messages exact, which two undisturbed runs confirm; then every one of them is the last in turn.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;

use crate::harness::{Actor, App, Options, unique};
use crate::rows::{rows, text};
use crate::statements::wire::{socket, through};

/// Which way messages go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    ToServer,
    ToClient,
}

/// What the proxy counts, and when it cuts.
#[derive(Debug, Default)]
struct Count {
    to_server: usize,
    to_client: usize,
    /// No message passes beyond this one.
    last: Option<(Way, usize)>,
}

impl Count {
    /// Counts a message that comes; whether it may pass.
    fn passes(&mut self, way: Way) -> bool {
        let count = match way {
            Way::ToServer => &mut self.to_server,
            Way::ToClient => &mut self.to_client,
        };
        *count += 1;
        self.last.is_none_or(|(at, last)| at != way || *count <= last)
    }
}

/// A proxy that takes messages apart and can cut between two of them.
struct Proxy {
    dir: PathBuf,
    count: Arc<Mutex<Count>>,
}

impl Proxy {
    fn start(server: PathBuf) -> Self {
        let dir = std::env::temp_dir().join(format!("skypanel-cuts-{}", unique()));
        std::fs::create_dir(&dir).unwrap();
        let listener = UnixListener::bind(dir.join(".s.PGSQL.5432")).unwrap();
        let count = Arc::<Mutex<Count>>::default();
        let counter = Arc::clone(&count);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = UnixStream::connect(&server).await.unwrap();
                let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
                let (cut, is_cut) = watch::channel(false);
                let cut = Arc::new(cut);
                let up = Pump { way: Way::ToServer, count: Arc::clone(&counter), cut: Arc::clone(&cut) };
                let down = Pump { way: Way::ToClient, count: Arc::clone(&counter), cut };
                tokio::spawn(up.run(from_client, to_server, is_cut.clone()));
                tokio::spawn(down.run(from_server, to_client, is_cut));
            }
        });
        Self { dir, count }
    }

    /// Counts from nothing, and cuts behind this message.
    fn arm(&self, last: Option<(Way, usize)>) {
        *self.count.lock().unwrap() = Count { last, ..Count::default() };
    }

    fn counted(&self) -> (usize, usize) {
        let count = self.count.lock().unwrap();
        (count.to_server, count.to_client)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.dir));
    }
}

/// One direction of one connection.
struct Pump {
    way: Way,
    count: Arc<Mutex<Count>>,
    cut: Arc<watch::Sender<bool>>,
}

impl Pump {
    async fn run(self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut is_cut: watch::Receiver<bool>) {
        // The first message of a client has no type.
        let mut is_first = self.way == Way::ToServer;
        let passed = async {
            loop {
                let message = read(&mut from, is_first).await?;
                is_first = false;
                if !self.count.lock().unwrap().passes(self.way) {
                    break;
                }
                to.write_all(&message).await?;
            }
            std::io::Result::Ok(())
        };
        tokio::select! {
            _ = passed => {}
            _ = is_cut.wait_for(|cut| *cut) => {}
        }
        // Both ends of both directions go with it.
        self.cut.send_replace(true);
    }
}

/// A message in its frame: a type, and its length without the type.
async fn read(from: &mut OwnedReadHalf, is_first: bool) -> std::io::Result<Vec<u8>> {
    let mut message = Vec::new();
    if !is_first {
        message.push(from.read_u8().await?);
    }
    let length = from.read_u32().await?;
    message.extend_from_slice(&length.to_be_bytes());
    let body = message.len();
    message.resize(body + length as usize - 4, 0);
    from.read_exact(&mut message[body..]).await?;
    Ok(message)
}

/// A mutation: its name, what else is in its input, what it answers beside the ticket, and the state of the ticket.
type Change = (&'static str, &'static str, &'static str, &'static str);

/// Support behind the proxy, on a pool of one connection.
struct Stage {
    direct: App,
    behind: App,
    proxy: Proxy,
    token: Option<String>,
    sam: String,
    ticket: String,
}

impl Stage {
    async fn set() -> Self {
        let direct = App::demo().await;
        let token = direct.user("support").await.token;
        let url = direct.database.pool_url.clone();
        let proxy = Proxy::start(socket(&url));
        let database = direct.database.clone();
        let behind = App::over(database, &through(&url, &proxy.dir), Options { pool_size: 1, ..Options::default() });
        let id = |query: &str| format!("SELECT replace(id::text, '-', '') AS value FROM {query}");
        let sam = format!("usr_{}", text(&direct, &id("users WHERE username = 'support'")).await);
        let ticket =
            format!("tkt_{}", text(&direct, &id("tickets WHERE subject = 'Reverse DNS for the web server'")).await);
        Self { direct, behind, proxy, token, sam, ticket }
    }

    /// The ticket as it was, and nothing kept of what was done to it.
    async fn reset(&self, state: &str) {
        let closed = if state == "closed" { "now()" } else { "NULL" };
        let due = if state == "closed" { "NULL" } else { "now() + interval '1 hour'" };
        self.direct
            .maintain(&format!(
                "UPDATE tickets SET status = '{state}', closed_at = {closed}, assigned_to = NULL, hold_reason = NULL, revision = 1, \
                 response_due_at = {due}, resolution_due_at = NULL, resolution_seconds_left = NULL \
                 WHERE subject = 'Reverse DNS for the web server'; \
                 DELETE FROM ticket_messages WHERE content IN ('Good news.', 'Hush.'); \
                 DELETE FROM outbox; DELETE FROM idempotency_keys; DELETE FROM audit_details"
            ))
            .await;
    }

    /// All that a change leaves, without ids and times.
    async fn left(&self) -> Value {
        let query = "SELECT t.status, t.revision, t.assigned_to, t.hold_reason, t.closed_at IS NULL AS open, t.response_due_at IS NULL AS answered, \
             (SELECT array_agg(content || is_internal ORDER BY m.id) FROM ticket_messages m WHERE m.ticket_id = t.id) AS messages, \
             (SELECT array_agg(kind || summary) FROM outbox) AS outbox, \
             (SELECT count(*) FROM audit_details) AS events \
             FROM tickets t WHERE subject = 'Reverse DNS for the web server'";
        rows(&self.direct, query).await.remove(0)
    }

    fn support(&self) -> Actor<'_> {
        Actor { app: &self.behind, token: self.token.clone() }
    }

    fn document(&self, (name, more, selection, _): &Change) -> String {
        let more = more.replace("{sam}", &self.sam).replace("{key}", name);
        let payload = format!("{selection} ticket {{ status }} userErrors {{ code }}");
        format!("mutation {{ it: {name}(input: {{ id: \"{}\"{more} }}) {{ {payload} }} }}", self.ticket)
    }

    /// Runs a change on a warm connection, up to some message. Whether it was answered.
    async fn run(&self, change: &Change, last: Option<(Way, usize)>) -> bool {
        self.reset(change.3).await;
        self.proxy.arm(None);
        self.support().run(&self.document(change)).await.ok();
        self.reset(change.3).await;
        self.proxy.arm(last);
        self.support().run(&self.document(change)).await.body.get("errors").is_none()
    }
}

/// Cuts one change everywhere.
async fn cut_everywhere(change: &Change) {
    let stage = Stage::set().await;
    assert!(stage.run(change, None).await);
    let messages = stage.proxy.counted();
    let left = stage.left().await;
    assert!(stage.run(change, None).await);
    assert_eq!(stage.proxy.counted(), messages, "undisturbed runs count alike");
    assert_eq!(stage.left().await, left);
    assert!(messages.0 > 20 && messages.1 > 20, "{messages:?}");

    let places = (0..messages.0).map(|last| (Way::ToServer, last));
    let mut answered = 0;
    for last in places.chain((0..messages.1).map(|last| (Way::ToClient, last))) {
        answered += usize::from(stage.run(change, Some(last)).await);
        stage.proxy.arm(None);
        let again = stage.support().run(&stage.document(change)).await;
        assert_eq!(again.ok()["it"]["userErrors"], json!([]), "cut behind {last:?}");
        assert_eq!(stage.left().await, left, "cut behind {last:?}");
    }
    // Only what comes behind the last answer can be cut without anybody noticing.
    assert!(answered <= 4, "{answered} answers in spite of a cut");
    eprintln!("{}: {} cuts", change.0, messages.0 + messages.1);
}

/// A test for each change: they take some seconds, and run side by side.
macro_rules! cuts {
    ($($test:ident: $name:literal $more:literal $selection:literal $state:literal;)*) => {
        /// Every change that is cut.
        const CUT: &[&str] = &[$($name),*];

        $(
            #[tokio::test(flavor = "current_thread")]
            async fn $test() {
                cut_everywhere(&($name, $more, $selection, $state)).await;
            }
        )*
    };
}

cuts! {
    an_answer: "replyToTicket" r#", content: "Good news.", idempotencyKey: "{key}""# "message { id }" "open";
    a_note: "addTicketNote" r#", content: "Hush.", idempotencyKey: "{key}""# "message { id }" "open";
    an_assignment: "assignTicket" r#", userId: "{sam}""# "" "open";
    the_end_of_an_assignment: "unassignTicket" "" "" "in_progress";
    the_start_of_work: "startTicketWork" "" "" "open";
    a_hold: "holdTicket" r#", reason: "Waits.""# "" "open";
    the_end_of_a_hold: "resumeTicket" "" "" "on_hold";
    a_resolution: "resolveTicket" "" "" "open";
    a_closing: "closeTicket" "" "" "open";
    a_reopening: "reopenTicket" "" "" "closed";
}

/// Mutations of which no state is left that could be compared: who is signed in alone.
const OF_SESSIONS: [&str; 4] = ["login", "logout", "revokeSession", "revokeOtherSessions"];

/// Those whose rows the stage here does not compare yet.
const NOT_YET: [&str; 22] = [
    "createTicket",
    "updateTicket",
    "mergeTickets",
    "unmergeTickets",
    "createDepartment",
    "updateDepartment",
    "createCannedReply",
    "updateCannedReply",
    "deleteCannedReply",
    "createUser",
    "updateUser",
    "suspendUser",
    "reinstateUser",
    "activateUser",
    "closeUser",
    "reopenUser",
    "createRole",
    "updateRole",
    "deleteRole",
    "assignRole",
    "unassignRole",
    "retryMail",
];

#[test]
fn every_change_is_cut() {
    let named: Vec<&str> = CUT.iter().chain(&OF_SESSIONS).chain(&NOT_YET).copied().collect();
    for (name, _) in skypanel::graphql::commands() {
        assert!(named.contains(&name), "{name} is new: cut it");
    }
}
