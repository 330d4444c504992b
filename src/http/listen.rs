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
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tower::ServiceExt;

use super::socket::{Socket, Timers, TrackedBody};
use crate::config::Limits;

/// The request line and all headers; more is 431. A GET carries its document here.
const HEAD_BYTES: usize = 32 * 1024;
const HEADERS: usize = 64;
/// hyper's default of 400 KiB a connection is too much for thousands of them.
const BUFFER_BYTES: usize = 64 * 1024;
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
    limits: Limits,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let limits = Arc::new(limits);
    let places = Arc::new(Semaphore::new(limits.connections.min(Semaphore::MAX_PERMITS)));
    let stage = watch::Sender::new(Stage::Serving);
    let mut shutdown = pin!(shutdown);
    loop {
        let (stream, peer, place) = tokio::select! {
            biased;
            () = &mut shutdown => break,
            accepted = accept(&listener, &places) => accepted,
        };
        tokio::spawn(connection(stream, peer, place, router.clone(), Arc::clone(&limits), stage.subscribe()));
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

/// The next connection, once there is a place for it: further ones wait in the kernel's queue, without a descriptor.
async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
    loop {
        let Ok(place) = Arc::clone(places).acquire_owned().await else {
            // The semaphore is never closed.
            std::future::pending().await
        };
        match listener.accept().await {
            Ok((stream, peer)) => return (stream, peer, place),
            Err(error) if is_theirs(&error) => {}
            Err(error) => {
                tracing::error!(%error, "cannot accept");
                drop(place);
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
async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    place: OwnedSemaphorePermit,
    router: Router,
    limits: Arc<Limits>,
    mut stage: watch::Receiver<Stage>,
) {
    // Answers are written in one piece: to wait for more only delays them. It fails on a socket that is gone.
    let _ = stream.set_nodelay(true);
    let timers = Timers::new();
    let socket = Socket::new(stream, Arc::clone(&timers), place);
    let service = service_fn(|request: Request<Incoming>| {
        let running = timers.start();
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        let answer = router.clone().oneshot(request);
        async move {
            let response = match answer.await {
                Ok(response) => response,
                Err(never) => match never {},
            };
            Ok::<Response<TrackedBody>, Infallible>(response.map(|body| TrackedBody::new(body, running)))
        }
    });
    let mut http = pin!(
        http1::Builder::new()
            .header_read_timeout(None)
            .max_header_size(HEAD_BYTES)
            .max_headers(HEADERS)
            .max_buf_size(BUFFER_BYTES)
            .serve_connection(TokioIo::new(socket), service)
            .with_upgrades()
    );
    let mut clock = interval((limits.header_timeout / 5).max(Duration::from_millis(10)));
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
                if let Some(reason) = timers.overdue(&limits) {
                    tracing::debug!(reason, "connection closed");
                    return;
                }
            }
            told = stage.changed() => {
                let now = *stage.borrow_and_update();
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
