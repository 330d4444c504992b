//! Wrong passwords, as fast as they are refused.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::{address, report_memory};
use crate::Failure;
use crate::bystander::Bystander;
use crate::client::Client;
use crate::requests::anonymous;
use crate::stage::Stage;
use crate::table::Table;

const CLIENTS: usize = 64;
const LASTS: Duration = Duration::from_secs(10);

/// Measures it: from many addresses, on many accounts.
pub async fn run(stage: &Stage, table: &mut Table) -> Result<(), Failure> {
    let mut server = stage.serve()?;
    let to = server.address;
    let bystander = Bystander::start(to, &stage.people.honest);
    let end = Instant::now() + LASTS;
    let mut flood = JoinSet::new();
    for number in 0..CLIENTS {
        let request = anonymous(&format!(
            "mutation {{ login(input: {{ login: \"user{number}\", password: \"not the password\" }}) {{ token }} }}"
        ));
        flood.spawn(async move {
            let mut tried = 0_u32;
            let mut client = Client::connect(address(1, number), to).await?;
            while Instant::now() < end {
                client.ask(&request).await?;
                tried += 1;
            }
            Ok::<u32, std::io::Error>(tried)
        });
    }
    let tried: Result<Vec<u32>, _> = flood.join_all().await.into_iter().collect();
    let tried: u32 = tried?.into_iter().sum();
    table.holds("tries answered", "all", &tried.to_string(), tried > 0);
    bystander.end()?.report(table);
    report_memory(&mut server, table)
}
