//! Connections on which something is missing.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::{address, report_memory};
use crate::bystander::Bystander;
use crate::client::connect;
use crate::requests::head;
use crate::stage::Stage;
use crate::table::Table;
use crate::{Failure, memory};

/// As many as may be connected, less some for honest people.
const CONNECTIONS: usize = 4000;
const CLOSED: Duration = Duration::from_secs(12);
/// What may be left of the memory that they took.
const LEFT: f64 = 64.0;
const KIB: usize = 1024;

/// Measures it: each kind of half by itself, as all of them together would take less.
pub async fn run(stage: &Stage, table: &mut Table) -> Result<(), Failure> {
    let long_head = format!("X-Long: {}\r\n", "x".repeat(28 * KIB));
    let body = "x".repeat(200 * KIB);
    let halves = [
        ("nothing", String::new()),
        ("60 KiB of a head", format!("POST /graphql HTTP/1.1\r\n{long_head}{long_head}")),
        ("200 KiB of a body", format!("{}{body}", head("", 250 * KIB))),
        ("a head of 56 KiB and no body", head(&long_head.repeat(2), 10)),
    ];
    for (what, half) in halves {
        let mut server = stage.serve()?;
        let before = memory::held(server.pid())?;
        let bystander = Bystander::start(server.address, &stage.people.honest);
        let mut open = JoinSet::new();
        for number in 0..CONNECTIONS {
            open.spawn(hold(server.address, number, half.clone()));
        }
        let longest = open.join_all().await.into_iter().max().unwrap_or_default();
        table.within(&format!("{what}: the last of them is closed"), CLOSED, longest);
        // What is free goes back to the system while something else is asked for.
        sleep(Duration::from_secs(4)).await;
        bystander.end()?.report(table);
        report_memory(&mut server, table)?;
        let left = memory::held(server.pid())? - before;
        table.memory("memory that is not given back", LEFT, left.max(0.0));
    }
    Ok(())
}

/// Sends half of something and waits for the end; how long that took.
async fn hold(to: SocketAddr, number: usize, half: String) -> Duration {
    let Ok(mut stream) = connect(address(1, number), to).await else { return Duration::MAX };
    let began = Instant::now();
    // Refused amid it, the rest cannot be sent.
    drop(stream.write_all(half.as_bytes()).await);
    let mut bytes = [0; 1024];
    let end = async { while stream.read(&mut bytes).await.is_ok_and(|count| count > 0) {} };
    drop(timeout(2 * CLOSED, end).await);
    began.elapsed()
}
