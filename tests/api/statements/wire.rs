//! Round trips, counted on the wire: a proxy of the test's own stands between the pool and PostgreSQL.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::net::{UnixListener, UnixStream};

use super::{cost, crowd};
use crate::harness::{Actor, App, Options, unique};

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
fn through(url: &str, dir: &Path) -> String {
    let (head, tail) = (url.find('@').unwrap() + 1, url.rfind(":5432").unwrap());
    format!("{}{}{}", &url[..head], dir.to_str().unwrap().replace('/', "%2F"), &url[tail..])
}

fn socket(url: &str) -> PathBuf {
    let host = &url[url.find('@').unwrap() + 1..url.rfind(":5432").unwrap()];
    Path::new(&host.replace("%2F", "/")).join(".s.PGSQL.5432")
}

/// On one thread, which is what makes the count exact: the client has written a whole level before the
/// proxy is polled.
#[tokio::test(flavor = "current_thread")]
async fn a_document_is_one_round_trip_a_level_and_two_for_its_unit() {
    let direct = crowd().await;
    let token = direct.staff(&["*"]).await.token;
    let App { database, .. } = direct;
    let proxy = Proxy::start(socket(&database.pool_url));
    let url = through(&database.pool_url, &proxy.dir);
    let app = App::over(database, &url, Options { pool_size: 1, ..Options::default() });
    let staff = Actor { app: &app, token };
    for (document, levels) in [
        ("{ __typename }", 0),
        ("{ tickets(first: 20) { nodes { subject } } }", 1),
        ("{ tickets(first: 20) { nodes { subject } totalCount } servers(first: 20) { nodes { name } } }", 2),
        (
            "{ tickets(first: 20) { nodes { user { email } assignedTo { displayName } \
             messages(first: 10) { nodes { author { displayName } } } } } }",
            3,
        ),
        (
            "{ users(first: 3) { nodes { roles { name } credits { amount } invoices(first: 2) { nodes { amountDue { amount } } } \
             servers(first: 2) { nodes { package { name } actions(first: 2) { nodes { requestedBy { displayName } } } } } } } }",
            4,
        ),
    ] {
        // The first run prepares the statements, which costs a round trip each, once a connection.
        cost(&staff, document).await;
        let before = proxy.bursts.load(Ordering::SeqCst);
        let ((found, _), _) = cost(&staff, document).await;
        assert_eq!(found, levels, "{document}");
        assert_eq!(proxy.bursts.load(Ordering::SeqCst) - before, 1 + levels + 1, "{document}");
    }
}
