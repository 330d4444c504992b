//! What was acknowledged is there after the program was killed.

use std::sync::Arc;
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::address;
use crate::Failure;
use crate::client::{Client, ask};
use crate::requests::{HONEST, post};
use crate::stage::Stage;
use crate::table::Table;

const CLIENTS: usize = 8;
/// How long it writes before it is killed.
const WRITES: Duration = Duration::from_millis(1500);

/// Measures it: sessions end one after another, and whichever was told to have ended must not work any more.
pub async fn run(stage: &Stage, table: &mut Table) -> Result<(), Failure> {
    let mut server = stage.serve()?;
    let to = server.address;
    let left = Arc::new(Mutex::new(stage.people.leaving.clone()));
    let mut writers = JoinSet::new();
    for number in 0..CLIENTS {
        let left = Arc::clone(&left);
        writers.spawn(async move {
            let mut acknowledged = Vec::new();
            let Ok(mut client) = Client::connect(address(1, number), to).await else { return acknowledged };
            while let Some(token) = left.lock().await.pop() {
                match client.ask(&post(&token, "mutation { logout { loggedOut } }")).await {
                    Ok(answer) if answer.status == 200 => acknowledged.push(token),
                    _ => break,
                }
            }
            acknowledged
        });
    }
    sleep(WRITES).await;
    server.signal(Signal::SIGKILL)?;
    server.ended().await?;
    let acknowledged: Vec<String> = writers.join_all().await.concat();
    let untouched = left.lock().await.len();

    let server = stage.serve()?;
    let mut lost = 0;
    let mut client = Client::connect(address(1, 0), server.address).await?;
    for token in &acknowledged {
        // 401 ends the connection.
        let answer = ask(address(1, 0), server.address, &post(token, HONEST)).await?;
        lost += usize::from(answer.status != 401);
    }
    let kept = match left.lock().await.last() {
        Some(token) => client.ask(&post(token, HONEST)).await?.status == 200,
        None => false,
    };
    let seen = format!("{lost} of {}", acknowledged.len());
    table.holds("acknowledged writes lost by kill -9", "0", &seen, lost == 0 && acknowledged.len() > 100);
    table.holds("what was not asked for did not happen", "", &format!("{untouched} sessions left"), kept);
    Ok(())
}
