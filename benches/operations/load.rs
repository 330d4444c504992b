//! Clients that ask without a pause, for a while.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::client::Client;
use crate::workload::Request;
use crate::{Failure, interrupt};

/// How the asking went.
pub struct Outcome {
    /// How long it took, the last answers included.
    pub elapsed: Duration,
    /// How long each answer took, the quickest first.
    pub latencies: Vec<Duration>,
    /// How many answers were not those of the first look.
    pub wrong: u32,
}

/// Has so many clients ask, a thread and a connection each, until the time is up. Together they go through the
/// requests in turn.
pub fn run(address: SocketAddr, requests: &[Request], clients: u16, duration: Duration) -> Result<Outcome, Failure> {
    // Connecting is not measured.
    let connections = (0..clients).map(|_| Client::connect(address)).collect::<Result<Vec<_>, _>>()?;
    let turn = AtomicUsize::new(0);
    let began = Instant::now();
    let parts = thread::scope(|scope| {
        let ask = |client| ask_until(began + duration, client, requests, &turn);
        let threads: Vec<_> = connections.into_iter().map(|client| scope.spawn(move || ask(client))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| Err("a client panicked".into()))).collect()
    });
    let elapsed = began.elapsed();
    let parts: Result<Vec<_>, Failure> = parts;
    let mut outcome = Outcome { elapsed, latencies: Vec::new(), wrong: 0 };
    for (latencies, wrong) in parts? {
        outcome.latencies.extend(latencies);
        outcome.wrong += wrong;
    }
    outcome.latencies.sort_unstable();
    interrupt::check()?;
    Ok(outcome)
}

fn ask_until(
    end: Instant,
    mut client: Client,
    requests: &[Request],
    turn: &AtomicUsize,
) -> Result<(Vec<Duration>, u32), Failure> {
    let (mut latencies, mut wrong) = (Vec::new(), 0);
    while !interrupt::asked() {
        let at = turn.fetch_add(1, Ordering::Relaxed) % requests.len().max(1);
        let request = requests.get(at).ok_or("nothing to ask for")?;
        let began = Instant::now();
        if began >= end {
            break;
        }
        let answer = client.ask(&request.bytes)?;
        // An error that is told with status 200 has another length.
        wrong += u32::from(answer.status != 200 || answer.body.len() != request.answer);
        latencies.push(began.elapsed());
    }
    Ok((latencies, wrong))
}
