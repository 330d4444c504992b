//! One connection's timeouts.
//!
//! hyper times a request's head only, and counts the idle time between two requests with it: with its 5 s, every
//! keep-alive connection would die after 5 s. So the socket notes what happens on it, and [`Timers::overdue`], asked by
//! the connection's task, tells a half-sent head from an idle client and both from one that does not read its answer.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes};
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Sleep, sleep};

use crate::config::Limits;

/// After our last byte: how long, and for how many bytes, a client that still sends is listened to. To close at once
/// would reset the connection, and the reset could overtake the answer (a 413, say) on its way.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 8 * 1024 * 1024;

/// What happens on a connection.
pub(super) struct Timers(Mutex<State>);

struct State {
    /// Requests being answered, up to the end of their answer's body.
    running: usize,
    /// Whether there was a request at all.
    served: bool,
    /// When the last answer ended, or the connection began.
    quiet: Instant,
    /// When the first bytes of the next request came.
    head: Option<Instant>,
    /// Since when the client takes none of what we write.
    blocked: Option<Instant>,
}

impl Timers {
    pub(super) fn new() -> Arc<Self> {
        let state = State { running: 0, served: false, quiet: Instant::now(), head: None, blocked: None };
        Arc::new(Self(Mutex::new(state)))
    }

    /// A request's head is complete.
    pub(super) fn start(self: &Arc<Self>) -> InFlight {
        let mut state = self.state();
        state.running = state.running.saturating_add(1);
        state.served = true;
        state.head = None;
        InFlight(Arc::clone(self))
    }

    /// Why the connection has to end, if it has to. While a request runs, its body and its execution have timeouts of
    /// their own.
    pub(super) fn overdue(&self, limits: &Limits) -> Option<&'static str> {
        let state = self.state();
        let over = |since: Instant, limit: Duration| since.elapsed() > limit;
        if state.blocked.is_some_and(|since| over(since, limits.write_stall)) {
            return Some("the client does not read");
        }
        if state.running > 0 {
            return None;
        }
        if state.head.is_some_and(|since| over(since, limits.header_timeout)) {
            return Some("half a head");
        }
        if !state.served && over(state.quiet, limits.header_timeout) {
            return Some("silent");
        }
        over(state.quiet, limits.idle_timeout).then_some("idle")
    }

    fn read(&self, bytes: usize) {
        let mut state = self.state();
        if bytes > 0 && state.running == 0 {
            state.head.get_or_insert_with(Instant::now);
        }
    }

    fn wrote<T>(&self, outcome: &Poll<T>) {
        let mut state = self.state();
        match outcome {
            Poll::Ready(_) => state.blocked = None,
            Poll::Pending => {
                state.blocked.get_or_insert_with(Instant::now);
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request being answered; dropped with the answer's body, or when the client goes away.
pub(super) struct InFlight(Arc<Timers>);

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.running = state.running.saturating_sub(1);
        state.quiet = Instant::now();
    }
}

/// An answer's body, which ends its request when it ends.
pub(super) struct TrackedBody {
    body: Body,
    /// Held for its drop alone.
    _running: InFlight,
}

impl TrackedBody {
    pub(super) fn new(body: Body, running: InFlight) -> Self {
        Self { body, _running: running }
    }
}

impl HttpBody for TrackedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A TCP stream that tells its [`Timers`], and holds its place among the connections for as long as it is open, also
/// after an upgrade.
pub(super) struct Socket {
    stream: TcpStream,
    timers: Arc<Timers>,
    linger: Option<Linger>,
    _place: OwnedSemaphorePermit,
}

struct Linger {
    end: Pin<Box<Sleep>>,
    bytes: usize,
}

impl Socket {
    pub(super) fn new(stream: TcpStream, timers: Arc<Timers>, place: OwnedSemaphorePermit) -> Self {
        Self { stream, timers, linger: None, _place: place }
    }
}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let outcome = Pin::new(&mut self.stream).poll_read(cx, buf);
        self.timers.read(buf.filled().len().saturating_sub(before));
        outcome
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.timers.wrote(&outcome);
        outcome
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(cx, bytes);
        self.timers.wrote(&outcome);
        outcome
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.linger.is_none() {
            ready!(Pin::new(&mut this.stream).poll_shutdown(cx))?;
        }
        let linger = this.linger.get_or_insert_with(|| Linger { end: Box::pin(sleep(LINGER)), bytes: LINGER_BYTES });
        let mut scrap = [0; 8 * 1024];
        while linger.bytes > 0 && linger.end.as_mut().poll(cx).is_pending() {
            let mut buf = ReadBuf::new(&mut scrap);
            let read = ready!(Pin::new(&mut this.stream).poll_read(cx, &mut buf));
            if read.is_err() || buf.filled().is_empty() {
                break;
            }
            linger.bytes = linger.bytes.saturating_sub(buf.filled().len());
        }
        Poll::Ready(Ok(()))
    }
}
