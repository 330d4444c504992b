//! Documents that would cost much, and are refused before they do.

use std::time::Duration;

use super::{address, report_memory};
use crate::Failure;
use crate::bystander::percentile;
use crate::client::Client;
use crate::requests::post;
use crate::stage::Stage;
use crate::table::{Table, text};

const BOUND: Duration = Duration::from_millis(10);
/// How often each is sent.
const TIMES: usize = 100;

/// Measures it.
pub async fn run(stage: &Stage, table: &mut Table) -> Result<(), Failure> {
    let mut server = stage.serve()?;
    let mut client = Client::connect(address(1, 0), server.address).await?;
    let (mut times, mut refused) = (Vec::new(), 0);
    for document in bombs() {
        let request = post(&stage.people.honest, &document);
        for _ in 0..TIMES {
            let answer = client.ask(&request).await?;
            refused += usize::from(answer.status == 400);
            times.push(answer.took);
        }
    }
    let sent = times.len();
    let p99 = percentile(&mut times, 99);
    let slowest = times.last().copied().unwrap_or(Duration::MAX);
    let seen = format!("{}, the slowest {}", text(p99), text(slowest));
    table.holds("a refusal, p99", &text(BOUND), &seen, p99 <= BOUND);
    table.holds("all of them are refused", &sent.to_string(), &refused.to_string(), refused == sent);
    report_memory(&mut server, table)
}

fn bombs() -> Vec<String> {
    let fragments: Vec<String> = (0..22)
        .map(|number| format!("fragment f{number} on Query {{ ...f{0} ...f{0} }}", number + 1))
        .chain(["fragment f22 on Query { __typename }".into()])
        .collect();
    let names = |count| (0..count).map(|number| format!("a{number}: __typename")).collect::<Vec<_>>().join(" ");
    vec![
        // Literals, brackets and selections in each other.
        format!("{{ servers(filter: {}1{}) {{ totalCount }} }}", "[".repeat(2000), "]".repeat(2000)),
        format!("{{ servers(filter: {}1{}) {{ totalCount }} }}", "{a:".repeat(2000), "}".repeat(2000)),
        format!("{} __typename {}", "{ viewer ".repeat(1000), "}".repeat(1000)),
        format!("{{ servers(filter: \"\"\" {}", "[".repeat(15_000)),
        // Fragments that double.
        format!("{{ ...f0 }} {}", fragments.join(" ")),
        "{ ...f } fragment f on Query { ...f }".into(),
        // Much of something.
        format!("{{ {} }}", names(1000)),
        format!("{{ __typename {} }}", "@include(if: true) ".repeat(400)),
        "{ tickets(first: 100) { nodes { messages(first: 100) { nodes { content } } } } }".into(),
        format!("{{ viewer {{ {} }} }}", "username ".repeat(1500)),
        format!("{{ viewer(a: \"{}\") {{ id }} }}", "x".repeat(17_000)),
        "x".repeat(16_000),
    ]
}
