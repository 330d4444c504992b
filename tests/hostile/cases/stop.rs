//! It is told to end while it answers.

use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::address;
use crate::client::ask;
use crate::requests::post;
use crate::server::STOP;
use crate::stage::Stage;
use crate::table::Table;
use crate::{Failure, database};

/// As many are in flight.
const IN_FLIGHT: usize = 50;
/// How long a lock holds them up: less than a request waits for a connection.
const HELD_UP: Duration = Duration::from_millis(600);

/// Measures it.
pub async fn run(stage: &Stage, table: &mut Table) -> Result<(), Failure> {
    let mut server = stage.serve()?;
    let to = server.address;
    let locker = database::connect(&stage.program.data).await?;
    locker.batch_execute("BEGIN; LOCK TABLE servers").await?;
    let mut requests = JoinSet::new();
    for (number, token) in stage.people.staff.iter().cycle().take(IN_FLIGHT).enumerate() {
        let request = post(token, "{ servers(first: 20) { nodes { id hostname } } }");
        requests.spawn(async move { ask(address(1, number), to, &request).await });
    }
    sleep(HELD_UP / 2).await;
    server.signal(Signal::SIGTERM)?;
    let told = std::time::Instant::now();
    sleep(HELD_UP / 2).await;
    locker.batch_execute("COMMIT").await?;
    let answers = requests.join_all().await;
    let answered = answers.iter().filter(|answer| answer.as_ref().is_ok_and(|answer| answer.status == 200)).count();
    let (status, ended) = server.ended().await?;
    let seen = format!("{answered} of {IN_FLIGHT}");
    table.holds("in flight at SIGTERM, and answered", &IN_FLIGHT.to_string(), &seen, answered == IN_FLIGHT);
    table.holds("it ends with", "exit status: 0", &status.to_string(), status.success());
    table.within("it ends within", STOP, ended.saturating_duration_since(told));
    Ok(())
}
