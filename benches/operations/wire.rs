//! A proxy between the program and PostgreSQL that counts what passes.

use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;

use tokio_postgres::config::{Config, Host};

use crate::Failure;

/// The name of PostgreSQL's sockets.
const SOCKET: &str = ".s.PGSQL.5432";

/// What has passed so far.
#[derive(Debug, Default)]
pub struct Counters {
    statements: AtomicU32,
    bursts: AtomicU32,
}

impl Counters {
    /// How many statements were run.
    pub fn statements(&self) -> u32 {
        self.statements.load(Ordering::Relaxed)
    }

    /// How often the program spoke after it had been answered: what it sends before it has heard the answer to what
    /// it sent earlier belongs to one burst, and a burst that waits for an answer is a round trip.
    pub fn round_trips(&self) -> u32 {
        self.bursts.load(Ordering::Relaxed)
    }
}

/// A listening proxy, in a directory of its own, which goes when this is dropped.
pub struct Proxy {
    dir: PathBuf,
    /// The server's address, by way of this.
    pub url: String,
    /// What passes.
    pub counters: Arc<Counters>,
}

impl Proxy {
    /// Listens, and leads to the server of `url`.
    pub fn start(url: &str) -> Result<Self, Failure> {
        let config: Config = url.parse()?;
        let Some(Host::Unix(server)) = config.get_hosts().first() else { return Err("not a Unix socket".into()) };
        let server = server.join(SOCKET);
        let dir = std::env::temp_dir().join(format!("skypanel-bench-{}", std::process::id()));
        fs::create_dir(&dir)?;
        let host = dir.to_string_lossy().replace('/', "%2F");
        let (user, database) = (config.get_user().unwrap_or_default(), config.get_dbname().unwrap_or_default());
        let url = format!("postgres://{user}@{host}:5432/{database}");
        let proxy = Self { dir, url, counters: Arc::default() };
        let listener = UnixListener::bind(proxy.dir.join(SOCKET))?;
        let counters = Arc::clone(&proxy.counters);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let counters = Arc::clone(&counters);
                let server = server.clone();
                thread::spawn(move || relay(&client, &server, &counters));
            }
        });
        Ok(proxy)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.dir));
    }
}

/// Passes on both ways until one side ends.
fn relay(client: &UnixStream, server: &Path, counters: &Counters) -> io::Result<()> {
    let server = UnixStream::connect(server)?;
    let answered = AtomicBool::new(true);
    let mut messages = Messages::default();
    thread::scope(|scope| {
        scope.spawn(|| {
            let down = pump(&server, client, |_| answered.store(true, Ordering::SeqCst));
            drop(client.shutdown(std::net::Shutdown::Both));
            down
        });
        let up = pump(client, &server, |bytes| {
            let statements = messages.statements(bytes);
            counters.statements.fetch_add(statements, Ordering::Relaxed);
            if answered.swap(false, Ordering::SeqCst) {
                counters.bursts.fetch_add(1, Ordering::Relaxed);
            }
        });
        drop(server.shutdown(std::net::Shutdown::Both));
        up
    })
}

fn pump(mut from: &UnixStream, mut to: &UnixStream, mut passing: impl FnMut(&[u8])) -> io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let count = from.read(&mut buffer)?;
        let bytes = buffer.get(..count).unwrap_or_default();
        if bytes.is_empty() {
            return Ok(());
        }
        passing(bytes);
        to.write_all(bytes)?;
    }
}

/// The messages of one client: <https://www.postgresql.org/docs/current/protocol-message-formats.html>.
#[derive(Default)]
struct Messages {
    /// Whether the first message has passed, the only one without a letter in front.
    started: bool,
    pending: Vec<u8>,
}

impl Messages {
    /// How many statements these bytes run, with those that were pending.
    fn statements(&mut self, bytes: &[u8]) -> u32 {
        self.pending.extend(bytes);
        let mut statements = 0;
        loop {
            let letter = usize::from(self.started);
            let Some(length) = self.pending.get(letter..).and_then(<[u8]>::first_chunk) else { break };
            let end = letter + usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
            let Some(message) = self.pending.get(..end).filter(|message| !message.is_empty()) else { break };
            if self.started {
                statements += run_by(message);
            }
            self.started = true;
            self.pending.drain(..end);
        }
        statements
    }
}

/// How many statements a message runs: an Execute one, a simple Query those of its text.
fn run_by(message: &[u8]) -> u32 {
    match message {
        [b'E', ..] => 1,
        [b'Q', rest @ ..] => {
            // A semicolon within a literal would count too; the program sends no such text.
            let text = String::from_utf8_lossy(rest.get(4..).unwrap_or_default());
            let each = text.split(';').filter(|part| !part.trim_matches(['\0', ' ', '\n']).is_empty());
            u32::try_from(each.count()).unwrap_or(u32::MAX)
        }
        _ => 0,
    }
}
