//! The server over real sockets: what a client may do on a connection, and when it ends.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::get;
use futures_util::stream;
use skypanel::config::Limits;
use skypanel::http::{self, Settings};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};

use crate::harness::{App, Options, Start};

const HOME: Ipv4Addr = Ipv4Addr::LOCALHOST;
const ELSEWHERE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const PATIENCE: Duration = Duration::from_secs(5);

/// Serves a router until the test ends.
async fn serve(router: Router, limits: Limits) -> SocketAddr {
    let listener = TcpListener::bind((HOME, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let settings = Settings { limits, ..Settings::default() };
    tokio::spawn(async move { http::serve(listener, router, &settings, std::future::pending()).await });
    address
}

async fn connect(from: Ipv4Addr, address: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((IpAddr::V4(from), 0).into()).unwrap();
    socket.connect(address).await.unwrap()
}

/// Everything that comes until the server closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.unwrap_or_else(|_| panic!("still open")).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// One answer on a connection that stays open, or nothing.
async fn answer(stream: &mut TcpStream, request: &str) -> String {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = vec![0; 64 * 1024];
    let read = timeout(PATIENCE, stream.read(&mut bytes)).await.unwrap_or_else(|_| panic!("no answer")).unwrap_or(0);
    String::from_utf8(bytes[..read].to_vec()).unwrap()
}

/// Sends a request on a connection of its own, and closes neither side.
async fn ask(from: Ipv4Addr, address: SocketAddr, request: &str) -> String {
    let mut stream = connect(from, address).await;
    stream.write_all(request.as_bytes()).await.unwrap();
    rest(&mut stream).await
}

async fn is_open(stream: &mut TcpStream) -> bool {
    timeout(Duration::from_millis(20), stream.read(&mut [0])).await.is_err()
}

fn get_request(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: panel.example\r\n\r\n")
}

/// Tells when it is dropped.
struct Guard(mpsc::UnboundedSender<Instant>);

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.0.send(Instant::now());
    }
}

/// A router with a request that is never answered, and when such requests are dropped.
fn endless() -> (Router, mpsc::UnboundedReceiver<Instant>) {
    let (dropped, drops) = mpsc::unbounded_channel();
    let hang = move || {
        let guard = Guard(dropped.clone());
        async move {
            std::future::pending::<()>().await;
            drop(guard);
        }
    };
    (Router::new().route("/hang", get(hang)), drops)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_closes_its_side_is_answered() {
    let slow = async || {
        sleep(Duration::from_millis(300)).await;
        "x".repeat(4_000_000)
    };
    let address = serve(Router::new().route("/", get(slow)), Limits::default()).await;
    let mut stream = connect(HOME, address).await;
    stream.write_all(get_request("/").as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let reply = rest(&mut stream).await;
    assert!(reply.starts_with("HTTP/1.1 200 OK\r\n"), "{reply:.300}");
    assert_eq!(reply.split_once("\r\n\r\n").unwrap().1.len(), 4_000_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_ends_with_its_client() {
    let (router, mut drops) = endless();
    let address = serve(router, Limits::default()).await;
    let mut after = async |stream: TcpStream, began: Instant| {
        let ended = timeout(PATIENCE, drops.recv()).await.unwrap_or_else(|_| panic!("it still runs")).unwrap();
        drop(stream);
        ended - began
    };
    let open = async || {
        let mut stream = connect(HOME, address).await;
        stream.write_all(get_request("/hang").as_bytes()).await.unwrap();
        sleep(Duration::from_millis(100)).await;
        stream
    };

    let mut closed = open().await;
    let began = Instant::now();
    closed.shutdown().await.unwrap();
    let took = after(closed, began).await;
    assert!((1900..2500).contains(&took.as_millis()), "half-closed: {took:?}");

    for is_half_closed in [false, true] {
        let mut reset = open().await;
        if is_half_closed {
            reset.shutdown().await.unwrap();
            sleep(Duration::from_millis(100)).await;
        }
        reset.set_zero_linger().unwrap();
        let began = Instant::now();
        drop(reset);
        let took = timeout(PATIENCE, drops.recv()).await.unwrap_or_else(|_| panic!("it still runs")).unwrap() - began;
        assert!(took < Duration::from_millis(500), "reset, half-closed {is_half_closed}: {took:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_needs_a_host_a_plain_coding_and_a_short_target() {
    let app = App::with(Options { start: Start::Empty, ..Options::default() }).await;
    let address = serve(app.router.clone(), Limits::default()).await;
    let post = |headers: &str| {
        let body = r#"{"query":"{ __typename }"}"#;
        let chunk = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
        format!("POST /graphql HTTP/1.1\r\nContent-Type: application/json\r\n{headers}\r\n\r\n{chunk}")
    };
    let long = format!("/graphql?query={}", "x".repeat(40_000));
    for (what, request, status) in [
        ("no Host", "GET /livez HTTP/1.1\r\n\r\n".to_owned(), 400),
        ("two Hosts", "GET /livez HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n".into(), 400),
        ("an empty Host", "GET /livez HTTP/1.1\r\nHost:\r\n\r\n".into(), 400),
        ("a garbage Host", "GET /livez HTTP/1.1\r\nHost: a b/c\r\n\r\n".into(), 400),
        ("a user in Host", "GET /livez HTTP/1.1\r\nHost: root@a\r\n\r\n".into(), 400),
        ("no Host at nowhere", "GET /nowhere HTTP/1.1\r\n\r\n".into(), 400),
        ("no Host, HTTP/1.0", "GET /livez HTTP/1.0\r\n\r\n".into(), 200),
        ("a Host", "GET /livez HTTP/1.1\r\nHost: [::1]:8080\r\nConnection: close\r\n\r\n".into(), 200),
        ("gzip, chunked", post("Host: a\r\nTransfer-Encoding: gzip, chunked"), 501),
        ("gzip and chunked", post("Host: a\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked"), 501),
        ("chunked", post("Host: a\r\nTransfer-Encoding: Chunked\r\nConnection: close"), 200),
        ("a long URL", get_request(&long), 414),
        ("a long URL at nowhere", get_request(&"/x".repeat(20_000)), 414),
    ] {
        let reply = ask(HOME, address, &request).await;
        assert!(
            reply.starts_with(&format!("HTTP/1.1 {status} ")) || reply.starts_with(&format!("HTTP/1.0 {status} ")),
            "{what}: {reply}"
        );
        if status > 200 {
            assert!(
                reply.contains(r#""errors":[{"message":""#) && reply.contains("\r\nconnection: close\r\n"),
                "{what}: {reply}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_head_behind_a_request_is_not_idleness() {
    let limits = Limits { header_timeout: Duration::from_millis(400), ..Limits::default() };
    let address = serve(Router::new().route("/", get(async || "here")), limits).await;
    for (ahead, answers) in [("G", 1), ("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /", 2)] {
        let mut stream = connect(HOME, address).await;
        let began = Instant::now();
        stream.write_all(format!("{}{ahead}", get_request("/")).as_bytes()).await.unwrap();
        let replies = rest(&mut stream).await;
        assert_eq!(replies.matches("here").count(), answers, "{replies}");
        assert!((300..1500).contains(&began.elapsed().as_millis()), "{:?}", began.elapsed());
    }
    // Whoever sent whole requests may be silent for longer.
    let mut idle = connect(HOME, address).await;
    for _ in 0..2 {
        assert!(answer(&mut idle, &get_request("/")).await.ends_with("here"));
        sleep(Duration::from_millis(700)).await;
    }
    let body = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab";
    assert!(answer(&mut idle, body).await.starts_with("HTTP/1.1 405"));
    sleep(Duration::from_millis(700)).await;
    assert!(answer(&mut idle, &get_request("/")).await.ends_with("here"));
}

#[tokio::test(flavor = "multi_thread")]
async fn large_heads_that_do_not_end_share_what_they_may_hold() {
    let limits = Limits { header_timeout: Duration::from_mins(1), ..Limits::default() };
    let address = serve(Router::new().route("/", get(async || "here")), limits).await;
    let half = get_request("/").replace("\r\n\r\n", &format!("\r\nX-Long: {}", "x".repeat(60 * 1024)));
    let mut halves = Vec::new();
    for _ in 0..400 {
        let mut stream = connect(ELSEWHERE, address).await;
        // Refused amid it, the rest cannot be sent.
        drop(stream.write_all(half.as_bytes()).await);
        halves.push(stream);
    }
    let began = Instant::now();
    let open = loop {
        let mut open = 0;
        for stream in &mut halves {
            open += usize::from(timeout(Duration::from_millis(1), stream.read(&mut [0])).await.is_err());
        }
        if open <= 320 {
            break open;
        }
        assert!(began.elapsed() < PATIENCE, "{open} of them are kept");
    };
    assert!(open > 200, "{open} of them were kept");
    let whole = format!("{half}\r\nConnection: close\r\n\r\n");
    assert!(
        ask(HOME, address, &get_request("/").replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"))
            .await
            .ends_with("here")
    );
    drop(halves);
    sleep(Duration::from_millis(200)).await;
    assert!(ask(HOME, address, &whole).await.ends_with("here"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_with_most_connections_makes_room_for_another() {
    let app = App::with(Options { start: Start::Empty, ..Options::default() }).await;
    let address = serve(app.router.clone(), Limits { connections: 8, ..Limits::default() }).await;
    let live = get_request("/livez");
    let mut idle = Vec::new();
    for _ in 0..8 {
        let mut stream = connect(ELSEWHERE, address).await;
        assert!(answer(&mut stream, &live).await.starts_with("HTTP/1.1 200"));
        idle.push(stream);
    }
    let mut other = connect(HOME, address).await;
    let query = "POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 26\r\n\r\n{\"query\":\"{ __typename }\"}";
    for _ in 0..2 {
        assert!(answer(&mut other, query).await.contains(r#"{"__typename":"Query"}"#));
    }
    // The oldest went. Those who want more than all others together only take from themselves.
    let mut found = Vec::new();
    for _ in 0..20 {
        let mut stream = connect(ELSEWHERE, address).await;
        assert!(answer(&mut stream, &live).await.starts_with("HTTP/1.1 200"));
        idle.push(stream);
    }
    for stream in &mut idle {
        found.push(is_open(stream).await);
    }
    assert_eq!(found.iter().filter(|is_open| **is_open).count(), 7, "{found:?}");
    assert!(found[21..].iter().all(|is_open| *is_open), "{found:?}");
    assert!(answer(&mut other, query).await.contains(r#"{"__typename":"Query"}"#));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_probe_is_answered_while_all_places_are_taken() {
    let app = App::with(Options { start: Start::Empty, ..Options::default() }).await;
    let (hang, _drops) = endless();
    let address = serve(app.router.clone().merge(hang), Limits { connections: 3, ..Limits::default() }).await;
    let mut busy = Vec::new();
    for _ in 0..3 {
        let mut stream = connect(HOME, address).await;
        stream.write_all(get_request("/hang").as_bytes()).await.unwrap();
        busy.push(stream);
    }
    sleep(Duration::from_millis(100)).await;
    for from in [HOME, ELSEWHERE] {
        for (path, status) in [("/livez", "200 OK"), ("/readyz", "200 OK"), ("/graphql", "503 Service Unavailable")] {
            let reply = ask(from, address, &get_request(path)).await;
            assert!(reply.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{path}: {reply}");
            assert_eq!(reply.contains("retry-after: 1"), status.starts_with("503"), "{path}: {reply}");
        }
    }
    for stream in &mut busy {
        assert!(is_open(stream).await, "a running request made room");
    }
    for stream in busy {
        stream.set_zero_linger().unwrap();
    }
    sleep(Duration::from_millis(200)).await;
    let reply = ask(HOME, address, &get_request("/graphql").replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n")).await;
    assert!(reply.starts_with("HTTP/1.1 403"), "{reply}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_and_not_a_touch_keeps_a_slow_reader() {
    const CHUNK: usize = 32 * 1024;
    const CHUNKS: usize = 180;
    let (dropped, mut drops) = mpsc::unbounded_channel();
    let large = |chunks: usize| {
        let dropped = dropped.clone();
        get(async move || {
            let guard = Guard(dropped.clone());
            Body::from_stream(stream::unfold((0, guard), move |(sent, guard)| async move {
                (sent < chunks).then(|| (Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; CHUNK])), (sent + 1, guard)))
            }))
        })
    };
    let router = Router::new().route("/large", large(CHUNKS)).route("/huge", large(10 * CHUNKS));
    let limits = Limits {
        header_timeout: Duration::from_millis(100),
        write_window: Duration::from_millis(400),
        write_rate: 128 * 1024,
        ..Limits::default()
    };
    let address = serve(router, limits).await;
    let open = async |path: &str| {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(8 * 1024).unwrap();
        let mut stream = socket.connect(address).await.unwrap();
        stream.write_all(get_request(path).as_bytes()).await.unwrap();
        stream
    };

    let mut honest = open("/large").await;
    let (mut read, mut bytes) = (0, vec![0; 20 * 1024]);
    let ended = loop {
        let some = honest.read(&mut bytes).await.unwrap();
        read += some;
        if some == 0 || read > CHUNKS * CHUNK {
            break read;
        }
        // Ten times what is asked for, as ten times 8 KiB a second are of the real bound.
        sleep(Duration::from_micros(u64::try_from(some).unwrap() * 1_000_000 / (1280 * 1024))).await;
    };
    assert!(ended > CHUNKS * CHUNK, "an honest reader was cut off after {ended} bytes");
    drop((honest, drops.recv().await));

    let mut slow = open("/huge").await;
    let began = Instant::now();
    let took = loop {
        drop(slow.read(&mut bytes[..1024]).await);
        if let Ok(ended) = timeout(Duration::from_millis(100), drops.recv()).await {
            break ended.unwrap() - began;
        }
        assert!(began.elapsed() < PATIENCE, "a slow reader is kept");
    };
    assert!(took > Duration::from_millis(300), "{took:?}");
}
