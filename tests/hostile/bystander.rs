//! Somebody who only wants an answer, and a probe, while others are greedy.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::time::sleep;

use crate::Failure;
use crate::client::Client;
use crate::requests::{HONEST, LIVEZ, post};
use crate::table::{Table, text};

const HOME: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 8);
const MONITOR: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 9);
/// Between two requests.
const PAUSE: Duration = Duration::from_millis(20);
/// What both are promised.
const BOUND: Duration = Duration::from_millis(250);

/// Asks until it is ended, on a thread of its own: the load must not delay what it measures.
pub struct Bystander {
    thread: JoinHandle<Result<Seen, Failure>>,
    enough: Arc<AtomicBool>,
}

/// How long answers took; one that was not given, or not with 200, took for ever.
pub struct Seen {
    livez: Vec<Duration>,
    honest: Vec<Duration>,
}

impl Bystander {
    /// Begins to ask, on a kept connection, and to probe, on new ones.
    pub fn start(address: SocketAddr, token: &str) -> Self {
        let enough = Arc::new(AtomicBool::new(false));
        let until = Arc::clone(&enough);
        let request = post(token, HONEST);
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let honest = repeat(HOME, address, &request, true, &until);
            let livez = repeat(MONITOR, address, LIVEZ, false, &until);
            let (honest, livez) = runtime.block_on(async { tokio::join!(honest, livez) });
            Ok(Seen { livez, honest })
        });
        Self { thread, enough }
    }

    /// Ends it, and tells what it saw.
    pub fn end(self) -> Result<Seen, Failure> {
        self.enough.store(true, Ordering::Relaxed);
        self.thread.join().map_err(|_| "the bystander panicked")?
    }
}

async fn repeat(from: Ipv4Addr, to: SocketAddr, request: &[u8], keeps: bool, enough: &AtomicBool) -> Vec<Duration> {
    let mut times = Vec::new();
    let mut kept: Option<Client> = None;
    while !enough.load(Ordering::Relaxed) {
        times.push(once(&mut kept, from, to, request).await.unwrap_or(Duration::MAX));
        if !keeps {
            kept = None;
        }
        sleep(PAUSE).await;
    }
    times
}

async fn once(kept: &mut Option<Client>, from: Ipv4Addr, to: SocketAddr, request: &[u8]) -> Option<Duration> {
    let began = tokio::time::Instant::now();
    let mut client = match kept.take() {
        Some(client) => client,
        None => Client::connect(from, to).await.ok()?,
    };
    let answer = client.ask(request).await.ok()?;
    *kept = Some(client);
    (answer.status == 200).then(|| began.elapsed())
}

impl Seen {
    /// Holds both to their promise.
    pub fn report(mut self, table: &mut Table) {
        let slowest = self.livez.iter().max().copied().unwrap_or(Duration::MAX);
        table.within("/livez, the slowest", BOUND, slowest);
        let refused = self.honest.iter().filter(|took| **took == Duration::MAX).count();
        let p99 = percentile(&mut self.honest, 99);
        let seen = format!("{} of {}, {refused} not answered", text(p99), self.honest.len());
        table.holds("an honest query, p99", &text(BOUND), &seen, p99 <= BOUND);
    }
}

/// So many of a hundred took at most so long; for ever if there is none.
pub fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    let at = (times.len() * percent).div_ceil(100).saturating_sub(1);
    times.get(at).copied().unwrap_or(Duration::MAX)
}
