//! Large answers, and clients that take them slowly.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::{address, report_memory};
use crate::bystander::Bystander;
use crate::client::ask;
use crate::requests::post;
use crate::stage::Stage;
use crate::table::{Table, text};
use crate::{Failure, progress};

const AT_ONCE: usize = 256;
const ROUNDS: usize = 3;
const SLOW: usize = 500;
/// A client that takes less than 8 KiB a second is cut off after 15 s, and that is looked at every second.
const CUT: Duration = Duration::from_secs(15);
const NOTICE: Duration = Duration::from_secs(3);
/// For how long the slow readers come back.
const LASTS: Duration = Duration::from_secs(40);
/// An honest reader's bytes a tenth of a second, and for how long it is in no hurry.
const FAIR: usize = 8_000;
const FAIRLY: Duration = Duration::from_secs(32);

/// Nearly as much as an answer may hold: in its rows.
const ROWS: &str = "{ tickets(first: 90) { nodes { messages(first: 8) { nodes { content } } } } }";

/// The same in its text, of few rows.
fn text_of_few_rows() -> String {
    let names: Vec<String> = (0..29).map(|number| format!("a{number}: content")).collect();
    format!("{{ tickets(first: 5) {{ nodes {{ messages(first: 7) {{ nodes {{ {} }} }} }} }} }}", names.join(" "))
}

/// Measures it.
pub async fn run(stage: &Stage, table: &mut Table) -> Result<(), Failure> {
    let mut server = stage.serve()?;
    let to = server.address;
    let (own, others) = stage.people.staff.split_first().ok_or("there is no staff")?;
    let documents = [ROWS.to_owned(), text_of_few_rows()];
    let requests: Vec<Vec<u8>> =
        others.iter().flat_map(|token| documents.iter().map(|document| post(token, document))).collect();
    let requests: Arc<[Vec<u8>]> = requests.into();
    for request in requests.iter() {
        let answer = ask(address(1, 0), to, request).await?;
        if answer.status != 200 || answer.body.len() < 4_000_000 {
            let start = String::from_utf8_lossy(answer.body.get(..200).unwrap_or(&answer.body)).into_owned();
            return Err(format!("{}, {} bytes: {start}", answer.status, answer.body.len()).into());
        }
    }
    let fair = tokio::spawn(read_fairly(to, post(own, ROWS)));
    sleep(Duration::from_millis(500)).await;

    let bystander = Bystander::start(to, &stage.people.honest);
    let mut slow = JoinSet::new();
    let end = Instant::now() + LASTS;
    for number in 0..SLOW {
        slow.spawn(read_slowly(to, Arc::clone(&requests), number, end));
    }
    for _ in 0..ROUNDS {
        sleep(Duration::from_secs(3)).await;
        progress!("{:?}", all_at_once(to, &requests).await);
    }
    let cuts: Vec<Cut> = slow.join_all().await.into_iter().flatten().collect();
    bystander.end()?.report(table);
    report_memory(&mut server, table)?;
    let first = cuts.iter().map(|cut| cut.since_asked).min().unwrap_or_default();
    let last = cuts.iter().map(|cut| cut.since_answered).max().unwrap_or_default();
    let seen = format!("{} of them, after {} to {}", cuts.len(), text(first), text(last));
    let in_time = !cuts.is_empty() && first >= CUT && last <= CUT + NOTICE;
    table.holds("who takes 1 KiB/s is cut off after 15 s", "15 to 18 s", &seen, in_time);
    let (read, whole) = fair.await??;
    table.holds("who takes 80 kB/s for 32 s is not", "all of it", &format!("{read} of {whole} bytes"), read == whole);
    Ok(())
}

/// The statuses of many requests that are made at the same time.
async fn all_at_once(to: SocketAddr, requests: &Arc<[Vec<u8>]>) -> BTreeMap<String, usize> {
    let each = (0..AT_ONCE).zip(requests.iter().cycle()).map(|(number, request)| async move {
        let answer = ask(address(2, number), to, request).await;
        answer.map_or_else(|cause| cause.kind().to_string(), |answer| answer.status.to_string())
    });
    let mut statuses = BTreeMap::new();
    for status in join_all(each).await {
        *statuses.entry(status).or_default() += 1;
    }
    statuses
}

/// Opens a connection on which little is in flight, and sends a request.
async fn open(from: std::net::Ipv4Addr, to: SocketAddr, request: &[u8]) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(4096)?;
    socket.bind((IpAddr::V4(from), 0).into())?;
    let mut stream = socket.connect(to).await?;
    stream.write_all(request).await?;
    Ok(stream)
}

/// When a slow reader was cut off. The program's clock starts between the two.
struct Cut {
    since_asked: Duration,
    since_answered: Duration,
}

/// Asks until there is an answer, takes it by drops until it is cut off, and begins again.
async fn read_slowly(to: SocketAddr, requests: Arc<[Vec<u8>]>, number: usize, end: Instant) -> Vec<Cut> {
    let mut cuts = Vec::new();
    let Some(request) = requests.get(number % requests.len()) else { return cuts };
    let mut bytes = [0; 1024];
    while Instant::now() < end {
        let asked = Instant::now();
        let Ok(mut stream) = open(address(1, number), to, request).await else { continue };
        // A refusal begins with another number, and is no answer to be taken slowly.
        let read = timeout(Duration::from_secs(12), stream.read(&mut bytes)).await;
        if !read.is_ok_and(|read| read.is_ok_and(|count| bytes.get(..count).is_some_and(is_answer))) {
            sleep(Duration::from_secs(1)).await;
            continue;
        }
        let answered = Instant::now();
        while Instant::now() < end {
            sleep(Duration::from_secs(1)).await;
            // What lies in the buffers of the kernels still comes when the program has cut it off; a byte to a socket
            // that is closed is refused, so that the next one cannot be sent.
            let cut = stream.write_all(b"x").await.is_err();
            if cut || !stream.read(&mut bytes).await.is_ok_and(|count| count > 0) {
                cuts.push(Cut { since_asked: asked.elapsed(), since_answered: answered.elapsed() });
                break;
            }
        }
    }
    cuts
}

fn is_answer(bytes: &[u8]) -> bool {
    bytes.starts_with(b"HTTP/1.1 200")
}

/// Takes an answer at a rate that is allowed, then the rest of it; how much came, and how much there was.
async fn read_fairly(to: SocketAddr, request: Vec<u8>) -> std::io::Result<(usize, usize)> {
    let mut stream = open(address(3, 0), to, &request).await?;
    let mut bytes = vec![0; 64 * 1024];
    let mut head = Vec::new();
    let mut read = 0;
    let fairly = Instant::now() + FAIRLY;
    loop {
        let hurry = Instant::now() > fairly;
        let room = if hurry { bytes.len() } else { FAIR };
        let count = match stream.read(bytes.get_mut(..room).unwrap_or_default()).await {
            Ok(0) | Err(_) => break,
            Ok(count) => count,
        };
        if head.len() < 1024 {
            head.extend_from_slice(bytes.get(..count).unwrap_or_default());
        }
        read += count;
        if !hurry {
            sleep(Duration::from_millis(100)).await;
        }
    }
    let text = String::from_utf8_lossy(&head).into_owned();
    let (head, _) = text.split_once("\r\n\r\n").unwrap_or_default();
    let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    Ok((read, length.map_or(usize::MAX, |body: usize| head.len() + 4 + body)))
}
