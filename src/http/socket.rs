//! A TCP stream that tells its [`Timers`], and that ends in good manners.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Interval, Sleep, interval, sleep};

use super::places::Place;
use super::timers::Timers;

/// After our last byte: how long, and for how many bytes, a client that still sends is listened to. To close at once
/// would reset the connection, and the reset could overtake the answer (a 413, say) on its way.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 8 * 1024 * 1024;
/// How long a request runs on when its client has closed its side: it may wait for the answer, or have gone.
const HALF_CLOSED: Duration = Duration::from_secs(2);
/// How often it is looked at meanwhile whether it has gone.
const LOOK: Duration = Duration::from_millis(50);

/// The most that is read at once. hyper makes room for twice as much as came the last time, up to its bound, and keeps
/// that for the life of the connection.
const READ: usize = 8 * 1024;

/// One connection's stream. It holds its place among the connections for as long as it is open, also after an upgrade.
pub(super) struct Socket {
    stream: TcpStream,
    timers: Arc<Timers>,
    half_closed: Option<HalfClosed>,
    linger: Option<Linger>,
    _place: Place,
}

/// A client that has sent its last byte while its request runs.
struct HalfClosed {
    until: Instant,
    looks: Interval,
}

struct Linger {
    end: Pin<Box<Sleep>>,
    bytes: usize,
}

impl Socket {
    pub(super) fn new(stream: TcpStream, timers: Arc<Timers>, place: Place) -> Self {
        Self { stream, timers, half_closed: None, linger: None, _place: place }
    }

    /// Reads what has come, but not too much at once.
    fn poll_some(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let stream = Pin::new(&mut self.stream);
        if buf.remaining() <= READ {
            return stream.poll_read(cx, buf);
        }
        let mut part = ReadBuf::new(buf.initialize_unfilled_to(READ));
        ready!(stream.poll_read(cx, &mut part))?;
        let count = part.filled().len();
        buf.advance(count);
        Poll::Ready(Ok(()))
    }

    /// Keeps the end of what the client sends from hyper, which would drop the request, until the answer is taken, the
    /// client is gone, or the time is up.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let half_closed = self
            .half_closed
            .get_or_insert_with(|| HalfClosed { until: Instant::now() + HALF_CLOSED, looks: interval(LOOK) });
        let timers = &self.timers;
        while timers.is_writing() || timers.is_answering() && Instant::now() < half_closed.until {
            if let Some(error) = self.stream.take_error()? {
                return Poll::Ready(Err(error));
            }
            ready!(half_closed.looks.poll_tick(cx));
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.half_closed.is_some() {
            return this.poll_end(cx);
        }
        let before = buf.filled().len();
        ready!(this.poll_some(cx, buf))?;
        let read = buf.filled().get(before..).unwrap_or_default();
        if read.is_empty() && buf.remaining() > 0 {
            return this.poll_end(cx);
        }
        if !this.timers.read(read) {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::QuotaExceeded, "no room for another large head")));
        }
        Poll::Ready(Ok(()))
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

    /// hyper flushes once it has written all that it had.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.timers.flushed();
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
