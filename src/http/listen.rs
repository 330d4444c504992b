//! The accept loop: what `axum::serve` is, with bounds.
//!
//! HTTP/1.1 alone. HTTP/2 without TLS is spoken by no browser and by no proxy unless it is told to, and its streams,
//! which a client may stall one by one while it answers pings, would need timeouts of their own.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, Response};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tower::ServiceExt;

use super::Settings;
use super::head::Crowded;
use super::heads::Heads;
use super::places::{Place, Places};
use super::socket::Socket;
use super::timers::Timers;
use super::tracked::{AnswerBody, RequestBody};
use crate::config::Limits;

/// The request line and all headers; more is 431. (`head` has a smaller bound for the URL alone.) hyper's default of
/// 400 KiB a connection is too much for thousands of them, and so is this: see `heads`.
const BUFFER_BYTES: usize = 64 * 1024;
const HEADERS: usize = 64;
/// What the kernel keeps of an answer that its client has not taken. Left to itself it takes megabytes, tells of
/// progress once a third of them is gone, and so makes a slow reader look like one that does not read at all.
const SEND_BYTES: usize = 128 * 1024;
/// Connections that wait to be accepted. Beyond it the kernel lets their clients try again after a second, honest ones
/// and probes too; with tokio's 1,024 that is what a crowd of a few thousand does.
const BACKLOG: i32 = 4096;
/// Connections beyond the bound, for one request each: a probe is answered, others are told 503.
const SPARE: usize = 64;
/// After an accept that failed for want of descriptors or memory: time for some to come back.
const PAUSE: Duration = Duration::from_millis(200);
/// What is kept of the drain's time to end the connections that did not.
const LAST_MOMENT: Duration = Duration::from_millis(200);

/// What the connections are told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Serving,
    /// Finish what runs, take nothing new.
    Draining,
    /// The time is up.
    Closing,
}

/// Serves until `shutdown` is ready; then closes the listener and idle connections, lets what is in flight finish for
/// at most [`Limits::drain`], and returns. The router finds each peer's address in `ConnectInfo<SocketAddr>`.
///
/// # Errors
///
/// None today: an accept that fails is tried again. The type leaves room for a listener that is lost for good.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    settings: &Settings,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    // Fails only where the kernel would, too.
    let _ = SockRef::from(&listener).listen(BACKLOG);
    let limits = Arc::new(settings.limits.clone());
    let places = Places::new(limits.connections, settings.trusted_proxies.clone());
    let spare = Places::new(SPARE, settings.trusted_proxies.clone());
    let heads = Heads::new();
    let stage = watch::Sender::new(Stage::Serving);
    let mut shutdown = pin!(shutdown);
    loop {
        let (stream, peer) = tokio::select! {
            biased;
            () = &mut shutdown => break,
            accepted = accept(&listener) => accepted,
        };
        let timers = Timers::new(&heads);
        let seat = |places: &Arc<Places>| places.take(peer.ip(), &timers);
        let Some((place, is_spare)) =
            seat(&places).map(|place| (place, false)).or_else(|| seat(&spare).map(|place| (place, true)))
        else {
            continue;
        };
        let connection = Connection { peer, timers, is_spare, limits: Arc::clone(&limits), stage: stage.subscribe() };
        tokio::spawn(connection.run(stream, place, router.clone()));
    }
    drop(listener);

    tracing::info!(connections = stage.receiver_count(), "draining");
    stage.send_replace(Stage::Draining);
    if timeout(limits.drain.saturating_sub(LAST_MOMENT), stage.closed()).await.is_err() {
        tracing::warn!(connections = stage.receiver_count(), "closed while a request was running");
        stage.send_replace(Stage::Closing);
        // A task that does not come back from a poll cannot be waited for.
        let _ = timeout(LAST_MOMENT, stage.closed()).await;
    }
    Ok(())
}

/// The next connection.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if is_theirs(&error) => {}
            Err(error) => {
                tracing::error!(%error, "cannot accept");
                sleep(PAUSE).await;
            }
        }
    }
}

/// Whether one client went away, rather than something being wrong here.
fn is_theirs(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

/// One connection from its first byte to its last.
struct Connection {
    peer: SocketAddr,
    timers: Arc<Timers>,
    /// Beyond the bound: for a probe.
    is_spare: bool,
    limits: Arc<Limits>,
    stage: watch::Receiver<Stage>,
}

impl Connection {
    async fn run(mut self, stream: TcpStream, place: Place, router: Router) {
        // Answers are written in one piece: to wait for more only delays them. Both fail on a socket that is gone.
        let _ = stream.set_nodelay(true);
        let _ = SockRef::from(&stream).set_send_buffer_size(SEND_BYTES);
        let leave = place.leave();
        let timers = Arc::clone(&self.timers);
        let (peer, is_spare) = (self.peer, self.is_spare);
        let socket = Socket::new(stream, Arc::clone(&timers), place);
        let service = service_fn(|request: Request<Incoming>| {
            let running = timers.start(request.body().size_hint().exact());
            let mut request = request.map(|body| Body::new(RequestBody::new(body, Arc::clone(&timers))));
            request.extensions_mut().insert(ConnectInfo(peer));
            if is_spare {
                request.extensions_mut().insert(Crowded);
            }
            let answer = router.clone().oneshot(request);
            async move {
                let response = match answer.await {
                    Ok(response) => response,
                    Err(never) => match never {},
                };
                Ok::<Response<AnswerBody>, Infallible>(response.map(|body| AnswerBody::new(body, running)))
            }
        });
        let mut http = pin!(
            http1::Builder::new()
                .header_read_timeout(None)
                .keep_alive(!is_spare)
                .max_headers(HEADERS)
                .max_buf_size(BUFFER_BYTES)
                .serve_connection(TokioIo::new(socket), service)
                .with_upgrades()
        );
        let mut clock = interval((self.limits.header_timeout / 5).max(Duration::from_millis(10)));
        clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                ended = http.as_mut() => {
                    if let Err(error) = ended {
                        tracing::debug!(%error, "connection failed");
                    }
                    return;
                }
                _ = clock.tick() => {
                    if let Some(reason) = self.timers.overdue(&self.limits) {
                        tracing::debug!(reason, "connection closed");
                        return;
                    }
                }
                () = leave.notified() => {
                    tracing::debug!("connection closed for another");
                    return;
                }
                told = self.stage.changed() => {
                    let now = *self.stage.borrow_and_update();
                    if told.is_err() || now == Stage::Closing {
                        return;
                    }
                    if now == Stage::Draining {
                        http.as_mut().graceful_shutdown();
                    }
                }
            }
        }
    }
}
