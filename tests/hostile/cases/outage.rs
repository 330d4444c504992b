//! The database is killed while people ask.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::{address, report_memory};
use crate::client::ask;
use crate::requests::{HONEST, LIVEZ, post};
use crate::stage::Stage;
use crate::table::{Table, text};
use crate::{Failure, database};

/// How often it is killed.
const KILLS: usize = 3;
/// How many people ask, each ten times a second.
const PEOPLE: usize = 10;
const PAUSE: Duration = Duration::from_millis(100);
/// From one death to the next, which shows whether it has recovered.
const LIFE: Duration = Duration::from_secs(4);

/// An answer: when it was asked for, how long it took, and its status.
type Seen = (Instant, Duration, Option<u16>);

/// Measures it.
pub async fn run(stage: &Stage, table: &mut Table) -> Result<(), Failure> {
    let mut server = stage.serve()?;
    let enough = Arc::new(AtomicBool::new(false));
    let mut people = JoinSet::new();
    for (number, token) in stage.people.customers.iter().cycle().take(PEOPLE).enumerate() {
        people.spawn(repeat(server.address, number, post(token, HONEST), Arc::clone(&enough)));
    }
    let probe = tokio::spawn(repeat(server.address, 19, LIVEZ.to_vec(), Arc::clone(&enough)));
    let mut kills = Vec::new();
    for _ in 0..KILLS {
        sleep(LIFE).await;
        kill(Pid::from_raw(database::postmaster(&stage.program.data)?), Signal::SIGKILL)?;
        kills.push(Instant::now());
    }
    sleep(LIFE).await;
    enough.store(true, Ordering::Relaxed);
    let seen: Vec<Seen> = people.join_all().await.concat();
    let probes = probe.await?;

    let others = seen.iter().filter(|(_, _, status)| !matches!(status, Some(200 | 503))).count();
    let refused = seen.iter().filter(|(_, _, status)| *status == Some(503)).count();
    table.holds("answers other than 200 and 503", "0", &format!("{others} of {}", seen.len()), others == 0);
    let slowest = seen.iter().map(|(_, took, _)| *took).max().unwrap_or(Duration::MAX);
    let bound = Duration::from_millis(1500);
    let told = format!("{}, {refused} times 503", text(slowest));
    table.holds("the slowest answer", &text(bound), &told, slowest <= bound);
    let recovery = kills.iter().map(|killed| recovered(*killed, &seen)).max().unwrap_or(Duration::MAX);
    table.within("from its death to the last refusal", Duration::from_secs(3), recovery);
    let dead = probes.iter().filter(|(_, _, status)| *status != Some(200)).count();
    table.holds("/livez other than 200", "0", &format!("{dead} of {}", probes.len()), dead == 0);
    report_memory(&mut server, table)
}

/// When the last answer was in that was none, of those that were asked for until the next death.
fn recovered(killed: Instant, seen: &[Seen]) -> Duration {
    let refused = seen
        .iter()
        .filter(|(asked, _, status)| *status != Some(200) && *asked + LIFE / 4 > killed && *asked < killed + LIFE);
    refused.map(|(asked, took, _)| (*asked + *took).saturating_duration_since(killed)).max().unwrap_or_default()
}

async fn repeat(to: SocketAddr, number: usize, request: Vec<u8>, enough: Arc<AtomicBool>) -> Vec<Seen> {
    let mut seen = Vec::new();
    while !enough.load(Ordering::Relaxed) {
        let asked = Instant::now();
        let status = ask(address(1, number), to, &request).await.ok().map(|answer| answer.status);
        seen.push((asked, asked.elapsed(), status));
        sleep(PAUSE).await;
    }
    seen
}
