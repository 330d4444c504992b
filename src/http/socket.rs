//! One connection's clocks.
//!
//! hyper times a request's head only, and counts the idle time between two requests with it: with its 5 s, every
//! keep-alive connection would die after 5 s. So the socket notes what happens on it, and [`Pulse::overdue`], asked by
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
pub(super) struct Pulse(Mutex<Beat>);

struct Beat {
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

impl Pulse {
    pub(super) fn new() -> Arc<Self> {
        let beat = Beat { running: 0, served: false, quiet: Instant::now(), head: None, blocked: None };
        Arc::new(Self(Mutex::new(beat)))
    }

    /// A request's head is complete.
    pub(super) fn start(self: &Arc<Self>) -> Running {
        let mut beat = self.beat();
        beat.running = beat.running.saturating_add(1);
        beat.served = true;
        beat.head = None;
        Running(Arc::clone(self))
    }

    /// Why the connection has to end, if it has to. While a request runs, its body and its execution have clocks of
    /// their own.
    pub(super) fn overdue(&self, limits: &Limits) -> Option<&'static str> {
        let beat = self.beat();
        let over = |since: Instant, limit: Duration| since.elapsed() > limit;
        if beat.blocked.is_some_and(|since| over(since, limits.write_stall)) {
            return Some("the client does not read");
        }
        if beat.running > 0 {
            return None;
        }
        if beat.head.is_some_and(|since| over(since, limits.header_timeout)) {
            return Some("half a head");
        }
        if !beat.served && over(beat.quiet, limits.header_timeout) {
            return Some("silent");
        }
        over(beat.quiet, limits.idle_timeout).then_some("idle")
    }

    fn read(&self, bytes: usize) {
        let mut beat = self.beat();
        if bytes > 0 && beat.running == 0 {
            beat.head.get_or_insert_with(Instant::now);
        }
    }

    fn wrote<T>(&self, outcome: &Poll<T>) {
        let mut beat = self.beat();
        match outcome {
            Poll::Ready(_) => beat.blocked = None,
            Poll::Pending => {
                beat.blocked.get_or_insert_with(Instant::now);
            }
        }
    }

    fn beat(&self) -> MutexGuard<'_, Beat> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request being answered; dropped with the answer's body, or when the client goes away.
pub(super) struct Running(Arc<Pulse>);

impl Drop for Running {
    fn drop(&mut self) {
        let mut beat = self.0.beat();
        beat.running = beat.running.saturating_sub(1);
        beat.quiet = Instant::now();
    }
}

/// An answer's body, which ends its request when it ends.
pub(super) struct Tracked {
    body: Body,
    /// Held for its drop alone.
    _running: Running,
}

impl Tracked {
    pub(super) fn new(body: Body, running: Running) -> Self {
        Self { body, _running: running }
    }
}

impl HttpBody for Tracked {
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

/// A TCP stream that tells its [`Pulse`], and holds its place among the connections for as long as it is open, also
/// after an upgrade.
pub(super) struct Socket {
    stream: TcpStream,
    pulse: Arc<Pulse>,
    linger: Option<Linger>,
    _place: OwnedSemaphorePermit,
}

struct Linger {
    end: Pin<Box<Sleep>>,
    bytes: usize,
}

impl Socket {
    pub(super) fn new(stream: TcpStream, pulse: Arc<Pulse>, place: OwnedSemaphorePermit) -> Self {
        Self { stream, pulse, linger: None, _place: place }
    }
}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let outcome = Pin::new(&mut self.stream).poll_read(cx, buf);
        self.pulse.read(buf.filled().len().saturating_sub(before));
        outcome
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.pulse.wrote(&outcome);
        outcome
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(cx, bytes);
        self.pulse.wrote(&outcome);
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
