//! The counted pass: statements and round trips of an operation, by one client, through the proxy.

use std::collections::BTreeMap;

use crate::client::Client;
use crate::operation::Operation;
use crate::server::Server;
use crate::stage::Stage;
use crate::wire::Proxy;
use crate::workload::Request;
use crate::{Failure, interrupt};

/// Requests before the counting: every statement is prepared then.
const WARM: usize = 100;
/// Requests that are counted.
const COUNTED: u16 = 200;

/// Of one request, on average.
#[derive(Debug, Clone, Copy)]
pub struct Counts {
    /// SQL statements.
    pub statements: f64,
    /// Round trips between server and database.
    pub round_trips: f64,
}

/// Counts all operations on a server of its own: what is measured runs without the proxy.
pub fn run(stage: &Stage, workload: &[(Operation, Vec<Request>)]) -> Result<BTreeMap<Operation, Counts>, Failure> {
    let proxy = Proxy::start(&stage.pool_url())?;
    let server = Server::start(&stage.program, &proxy.url)?;
    let mut client = Client::connect(server.address)?;
    let mut counts = BTreeMap::new();
    for (operation, requests) in workload {
        let mut cycle = requests.iter().cycle();
        for request in cycle.by_ref().take(WARM) {
            client.ask(&request.bytes)?;
        }
        let before = (proxy.counters.statements(), proxy.counters.round_trips());
        for request in cycle.take(COUNTED.into()) {
            client.ask(&request.bytes)?;
            interrupt::check()?;
        }
        let each = |after: u32, before: u32| f64::from(after - before) / f64::from(COUNTED);
        let statements = each(proxy.counters.statements(), before.0);
        let round_trips = each(proxy.counters.round_trips(), before.1);
        counts.insert(*operation, Counts { statements, round_trips });
    }
    Ok(counts)
}
