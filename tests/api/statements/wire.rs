//! Round trips, counted on the wire: a proxy of the test's own stands between the pool and PostgreSQL.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use serde_json::Value;
use skypanel::graphql::DocumentLimits;
use tokio::net::{UnixListener, UnixStream};

use super::{cost, crowd};
use crate::harness::{Actor, App, Options, Plain, unique};

/// Counts the bursts of a client: what it sends before it has heard the answer to what it sent earlier
/// belongs to one burst, and a burst that waits for an answer is a round trip.
struct Proxy {
    dir: PathBuf,
    bursts: Arc<AtomicU64>,
}

impl Proxy {
    /// Listens in a directory of its own and leads to the server's socket.
    fn start(server: PathBuf) -> Self {
        let dir = std::env::temp_dir().join(format!("skypanel-wire-{}", unique()));
        std::fs::create_dir(&dir).unwrap();
        let listener = UnixListener::bind(dir.join(".s.PGSQL.5432")).unwrap();
        let bursts = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&bursts);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = UnixStream::connect(&server).await.unwrap();
                tokio::spawn(relay(Arc::new(client), Arc::new(server), Arc::clone(&counter)));
            }
        });
        Self { dir, bursts }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.dir));
    }
}

async fn relay(client: Arc<UnixStream>, server: Arc<UnixStream>, bursts: Arc<AtomicU64>) {
    let answered = Arc::new(AtomicBool::new(true));
    let heard = Arc::clone(&answered);
    let down =
        tokio::spawn(pump(Arc::clone(&server), Arc::clone(&client), move || heard.store(true, Ordering::SeqCst)));
    pump(client, server, || {
        if answered.swap(false, Ordering::SeqCst) {
            bursts.fetch_add(1, Ordering::SeqCst);
        }
    })
    .await;
    down.abort();
}

/// Passes on all that is there at once: a burst that fills several reads must not look like several.
async fn pump(from: Arc<UnixStream>, to: Arc<UnixStream>, passing: impl Fn()) {
    while from.readable().await.is_ok() {
        let mut data = Vec::new();
        let mut end = false;
        loop {
            match from.try_read_buf(&mut data) {
                Ok(0) => end = true,
                Ok(_) => continue,
                Err(_) => {}
            }
            break;
        }
        if !data.is_empty() {
            passing();
        }
        let mut rest = data.as_slice();
        while !rest.is_empty() && to.writable().await.is_ok() {
            rest = to.try_write(rest).map_or(rest, |written| &rest[written..]);
        }
        if end {
            return;
        }
    }
}

/// `postgres://role@%2Fdirectory:5432/database`, with another directory.
pub fn through(url: &str, dir: &Path) -> String {
    let (head, tail) = (url.find('@').unwrap() + 1, url.rfind(":5432").unwrap());
    format!("{}{}{}", &url[..head], dir.to_str().unwrap().replace('/', "%2F"), &url[tail..])
}

/// Where a server listens, by its address.
pub fn socket(url: &str) -> PathBuf {
    let host = &url[url.find('@').unwrap() + 1..url.rfind(":5432").unwrap()];
    Path::new(&host.replace("%2F", "/")).join(".s.PGSQL.5432")
}

/// Staff behind a proxy, on a pool of one connection.
struct Stage {
    app: App,
    token: Option<String>,
    proxy: Proxy,
}

impl Stage {
    async fn set() -> Self {
        let direct = crowd().await;
        let token = direct.staff(&["*"]).await.token;
        let App { database, .. } = direct;
        let proxy = Proxy::start(socket(&database.pool_url));
        let url = through(&database.pool_url, &proxy.dir);
        let document = DocumentLimits { cost: 10_000, ..DocumentLimits::default() };
        let app = App::over(database, &url, Options { pool_size: 1, document, ..Options::default() });
        Self { app, token, proxy }
    }

    fn staff(&self) -> Actor<'_> {
        Actor { app: &self.app, token: self.token.clone() }
    }

    /// The levels of a document, and the bursts that it took.
    async fn bursts(&self, document: &str) -> (u64, u64) {
        let before = self.proxy.bursts.load(Ordering::SeqCst);
        let ((levels, _), _) = cost(&self.staff(), document).await;
        // A COMMIT that is not waited for is on its way.
        tokio::time::sleep(Duration::from_millis(20)).await;
        (levels, self.proxy.bursts.load(Ordering::SeqCst) - before)
    }
}

const INBOX: &str = "{ tickets(filter: { status: [OPEN] }, first: 20) { nodes { id subject user { id username } \
    assignedTo { user { id username } } messages(first: 10) { nodes { id content author { user { id username } } } } } \
    pageInfo { hasNextPage endCursor } } }";

/// On one thread, which is what makes the count exact: the client has written a whole level before the
/// proxy is polled.
#[tokio::test(flavor = "current_thread")]
async fn a_document_is_one_round_trip_a_level_once_its_viewer_is_known() {
    let stage = Stage::set().await;
    for (document, levels) in [
        ("{ tickets(first: 20) { nodes { subject } } }", 1),
        ("{ tickets(first: 20) { nodes { subject } totalCount } servers(first: 20) { nodes { name } } }", 2),
        (
            "{ tickets(first: 20) { nodes { user { email } assignedTo { displayName } \
             messages(first: 10) { nodes { author { displayName } } } } } }",
            3,
        ),
        // The crowd answers itself: who wrote is known from who opened, and what comes after the second level is the
        // COMMIT that is not waited for.
        (INBOX, 2),
        (
            "{ users(first: 3) { nodes { roles { name } credits { amount } invoices(first: 2) { nodes { amountDue { amount } } } \
             servers(first: 2) { nodes { package { name } actions(first: 2) { nodes { requestedBy { displayName } } } } } } } }",
            4,
        ),
    ] {
        // The first run prepares the statements, which costs a round trip each, once a connection.
        stage.bursts(document).await;
        // The authentication leaves with the first level, and the COMMIT with the last.
        let behind = u64::from(document == INBOX);
        assert_eq!(stage.bursts(document).await, (levels, levels + behind), "{document}");
    }
    // Without rows: the authentication, and the COMMIT that is not waited for.
    stage.bursts("{ __typename }").await;
    assert_eq!(stage.bursts("{ __typename }").await, (0, 2));
    // Where nobody knows which level is the last, the COMMIT comes after it.
    let roles = "{ roles { name users(first: 2) { nodes { email } } } }";
    stage.bursts(roles).await;
    assert_eq!(stage.bursts(roles).await, (3, 4));
}

/// A point read: what hangs on a known id comes with its row.
#[tokio::test(flavor = "current_thread")]
async fn a_row_by_its_id_comes_with_what_hangs_on_the_id() {
    let stage = Stage::set().await;
    let user = Plain::connect(&stage.app.database.pool_url).await.value("SELECT 'usr_' || md5('user1')").await;
    for (selection, levels) in [
        ("email roles { name } credits { amount } servers(first: 3) { nodes { name } totalCount }", 2),
        ("email roles { name } invoices(first: 3) { nodes { status transactions(first: 2) { nodes { status } } } }", 2),
        ("email roles { name permissions }", 1),
    ] {
        let document = format!("{{ user(id: \"{user}\") {{ {selection} }} }}");
        stage.bursts(&document).await;
        assert_eq!(stage.bursts(&document).await, (levels, levels), "{document}");
    }
}

/// The guess of who asks is no more than a guess.
#[tokio::test(flavor = "current_thread")]
async fn what_was_taken_away_is_gone_at_the_next_request() {
    let stage = Stage::set().await;
    let staff = stage.staff();
    let document = "{ users(first: 1) { nodes { email virtfusionId } } }";
    // Somebody else has to stay an administrator.
    stage.app.staff(&["*"]).await;
    stage.app.maintain("UPDATE users SET virtfusion_id = 'vf'").await;
    for _ in 0..2 {
        assert_eq!(staff.run(document).await.data("/users/nodes/0/virtfusionId"), "vf");
    }
    // A role for the other: the guess knows more than the database, then less.
    let role = "(SELECT role_id FROM user_roles JOIN sessions USING (user_id) WHERE token = ";
    let set = |permissions: &str| {
        format!(
            "UPDATE roles SET is_default = false, permissions = '{permissions}' WHERE id = {role}'{}' LIMIT 1)",
            staff.digest()
        )
    };
    stage.app.maintain(&set(r#"["ticket:read"]"#)).await;
    for _ in 0..2 {
        let reply = staff.run(document).await;
        assert_eq!((reply.codes(), reply.data("/users")), (vec!["FORBIDDEN"], &Value::Null));
    }
    stage.app.maintain(&set(r#"["user:read"]"#)).await;
    for _ in 0..2 {
        assert_eq!(staff.run(document).await.data("/users/nodes/0/virtfusionId"), "vf");
    }
    stage.app.maintain(&format!("DELETE FROM sessions WHERE token = '{}'", staff.digest())).await;
    for _ in 0..2 {
        let reply = staff.run(document).await;
        assert_eq!((reply.status.as_u16(), reply.body.get("data")), (401, None));
    }
}

#[tokio::test]
async fn the_schema_opens_and_closes_at_the_next_request() {
    let app = App::with(Options { open_introspection: false, ..Options::default() }).await;
    let ada = app.user("ada").await;
    let document = "{ __schema { queryType { name } } }";
    let set = |permissions: &str| {
        format!("UPDATE roles SET is_default = false, permissions = '{permissions}' WHERE name = 'user'")
    };
    for (permissions, status) in [(r#"["user:read:own"]"#, 400), (r#"["*"]"#, 200), (r#"["user:read:own"]"#, 400)] {
        app.maintain(&set(permissions)).await;
        assert_eq!(ada.run(document).await.status, status, "{permissions}");
        assert_eq!(ada.run("{ viewer { id } }").await.status, 200);
        assert_eq!(ada.run(document).await.status, status, "{permissions}");
    }
}
