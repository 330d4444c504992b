//! More requests than can be answered.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::{address, report_memory};
use crate::bystander::{Bystander, percentile};
use crate::client::Client;
use crate::requests::post;
use crate::stage::Stage;
use crate::table::{Table, text};
use crate::{Failure, progress};

/// How long each rate is measured.
const LASTS: Duration = Duration::from_secs(10);
/// As many clients are enough to keep it busy.
const CLIENTS: usize = 32;
/// A page of middling size.
const PAGE: &str = "{ tickets(first: 40) { nodes { id subject status user { username } \
                    messages(first: 10) { nodes { createdAt author { displayName } } } } } }";

/// Measures it.
pub async fn run(stage: &Stage, table: &mut Table) -> Result<(), Failure> {
    let mut server = stage.serve()?;
    let to = server.address;
    let requests: Arc<[Vec<u8>]> = stage.people.staff.iter().map(|token| post(token, PAGE)).collect();
    // What is new to it is prepared and planned first.
    capacity(to, &requests, Duration::from_secs(1)).await?;
    let peak = capacity(to, &requests, LASTS).await?;
    progress!("at most {peak:.0} answers a second");

    let bystander = Bystander::start(to, &stage.people.honest);
    let mut load = offer(to, &requests, 2.0 * peak).await;
    let goodput = rate(load.answered.len(), LASTS);
    let share = goodput / peak;
    let seen = format!("{:.0} % ({goodput:.0} of {peak:.0} a second)", share * 100.0);
    table.holds("goodput at twice the capacity", "80 % of the peak", &seen, share >= 0.8);
    table.within("answers, p99", Duration::from_secs(1), percentile(&mut load.answered, 99));
    let (p99, count) = (percentile(&mut load.refused, 99), load.refused.len());
    let bound = Duration::from_millis(20);
    let seen =
        format!("{} of {count}, the slowest {}", text(p99), text(load.refused.last().copied().unwrap_or_default()));
    table.holds("refusals, p99", &text(bound), &seen, p99 <= bound);
    table.holds("requests without an answer", "0", &load.lost.to_string(), load.lost == 0);
    bystander.end()?.report(table);
    report_memory(&mut server, table)
}

/// How many requests are answered in a second by clients that wait for their answers.
async fn capacity(to: SocketAddr, requests: &Arc<[Vec<u8>]>, lasts: Duration) -> Result<f64, Failure> {
    let end = Instant::now() + lasts;
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        let request = requests.get(number % requests.len()).cloned().unwrap_or_default();
        clients.spawn(async move {
            let mut client = Client::connect(address(1, number), to).await?;
            let mut answered = 0;
            while Instant::now() < end {
                if client.ask(&request).await?.status == 200 {
                    answered += 1;
                }
            }
            Ok::<usize, std::io::Error>(answered)
        });
    }
    let answered: Result<Vec<usize>, _> = clients.join_all().await.into_iter().collect();
    Ok(rate(answered?.into_iter().sum(), lasts))
}

/// What became of requests.
#[derive(Default)]
struct Load {
    answered: Vec<Duration>,
    refused: Vec<Duration>,
    lost: usize,
}

/// Makes so many requests a second, whether earlier ones are answered or not.
async fn offer(to: SocketAddr, requests: &Arc<[Vec<u8>]>, per_second: f64) -> Load {
    let idle: Arc<Mutex<VecDeque<Client>>> = Arc::default();
    let began = Instant::now();
    let mut clock = interval(Duration::from_millis(1));
    clock.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut made = JoinSet::new();
    let mut number = 0_u32;
    while began.elapsed() < LASTS {
        clock.tick().await;
        while f64::from(number) < began.elapsed().as_secs_f64() * per_second {
            let at = usize::try_from(number).unwrap_or_default();
            let (idle, requests) = (Arc::clone(&idle), Arc::clone(requests));
            made.spawn(async move {
                let request = requests.get(at % requests.len()).map(Vec::as_slice).unwrap_or_default();
                let kept = idle.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                let mut client = match kept {
                    Some(client) => client,
                    None => Client::connect(address(1, at), to).await.ok()?,
                };
                let answer = client.ask(request).await.ok()?;
                idle.lock().unwrap_or_else(PoisonError::into_inner).push_back(client);
                Some((answer.status, answer.took))
            });
            number += 1;
        }
    }
    let mut load = Load::default();
    for outcome in made.join_all().await {
        match outcome {
            Some((200, took)) => load.answered.push(took),
            Some((503, took)) => load.refused.push(took),
            _ => load.lost += 1,
        }
    }
    load
}

fn rate(count: usize, time: Duration) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from) / time.as_secs_f64()
}
