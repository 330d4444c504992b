//! What happens on one connection, and when it has to end.
//!
//! hyper times a request's head only, and counts the idle time between two requests with it: with its 5 s, every
//! keep-alive connection would die after 5 s. So the socket notes what happens on it, and [`Timers::overdue`], asked by
//! the connection's task, tells a half-sent head from an idle client and both from one that does not read its answer.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Poll;
use std::time::Duration;

use tokio::time::Instant;

use super::ahead::Ahead;
use super::heads::{Head, Heads};
use crate::config::Limits;
use crate::lock::lock;

/// What happens on a connection.
pub(super) struct Timers(Mutex<State>);

struct State {
    /// Requests being answered, up to the end of their answer's body.
    running: usize,
    /// Whether the body of the one that runs is still on its way.
    receiving: bool,
    /// Whether there was a request at all.
    served: bool,
    /// When the last answer was gone, or the connection began.
    quiet: Instant,
    /// When the first bytes of the next request came.
    head: Option<Instant>,
    /// What they hold, until that request is answered.
    held: Head,
    /// What came behind the request that runs.
    ahead: Ahead,
    /// How much the client has taken since it was first waited for.
    taken: Option<Taken>,
}

struct Taken {
    since: Instant,
    bytes: usize,
}

impl Taken {
    fn nothing_yet() -> Self {
        Self { since: Instant::now(), bytes: 0 }
    }
}

impl Timers {
    pub(super) fn new(heads: &Heads) -> Arc<Self> {
        Arc::new(Self(Mutex::new(State {
            running: 0,
            receiving: false,
            served: false,
            quiet: Instant::now(),
            head: None,
            held: heads.head(),
            ahead: Ahead::default(),
            taken: None,
        })))
    }

    /// A request's head is complete. `body` is the length of what follows it, where that is known.
    pub(super) fn start(self: &Arc<Self>, body: Option<u64>) -> InFlight {
        let mut state = self.state();
        state.running = state.running.saturating_add(1);
        state.receiving = body != Some(0);
        state.served = true;
        state.head = None;
        InFlight { timers: Arc::clone(self), body }
    }

    /// The last of a request's body is in.
    pub(super) fn received(&self) {
        self.state().receiving = false;
    }

    /// Whether the client waits for us, not we for the client: a whole request is in, and nothing of its answer is left
    /// untaken.
    pub(super) fn is_answering(&self) -> bool {
        let state = self.state();
        state.running > 0 && !state.receiving && state.taken.is_none()
    }

    /// Whether something is written that the client has not taken yet.
    pub(super) fn is_writing(&self) -> bool {
        self.state().taken.is_some()
    }

    /// Why the connection has to end, if it has to. While a request runs, its body and its execution have timeouts of
    /// their own.
    pub(super) fn overdue(&self, limits: &Limits) -> Option<&'static str> {
        let mut state = self.state();
        if let Some(taken) = &mut state.taken
            && taken.since.elapsed() >= limits.write_window
        {
            if (taken.bytes as u128) < least(limits.write_rate, taken.since.elapsed()) {
                return Some("the client takes its answer too slowly");
            }
            *taken = Taken::nothing_yet();
        }
        let over = |since: Instant, limit: Duration| since.elapsed() > limit;
        if state.running > 0 || state.taken.is_some() {
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

    /// Bytes came. False when they are of a head for which there is no room.
    #[must_use]
    pub(super) fn read(&self, bytes: &[u8]) -> bool {
        if bytes.is_empty() {
            return true;
        }
        let mut state = self.state();
        state.ahead.read(bytes);
        if state.running > 0 {
            return true;
        }
        state.head.get_or_insert_with(Instant::now);
        state.held.grow(bytes.len())
    }

    /// A write was tried.
    pub(super) fn wrote(&self, outcome: &Poll<io::Result<usize>>) {
        let mut state = self.state();
        match (outcome, &mut state.taken) {
            (Poll::Pending, None) => state.taken = Some(Taken::nothing_yet()),
            (Poll::Ready(Ok(bytes)), Some(taken)) => taken.bytes = taken.bytes.saturating_add(*bytes),
            _ => {}
        }
    }

    /// All that there was to write is written.
    pub(super) fn flushed(&self) {
        let mut state = self.state();
        if state.taken.take().is_some() {
            state.quiet = Instant::now();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.0)
    }
}

/// What a client has to take of its answer in this time.
fn least(rate: usize, time: Duration) -> u128 {
    (rate as u128).saturating_mul(time.as_millis()) / 1000
}

/// A request being answered; dropped with the answer's body, or when the client goes away.
pub(super) struct InFlight {
    timers: Arc<Timers>,
    body: Option<u64>,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut state = self.timers.state();
        state.running = state.running.saturating_sub(1);
        state.receiving = false;
        let now = Instant::now();
        state.quiet = now;
        state.held.end();
        // What came with the request, and is no request yet, would not be read again.
        if state.ahead.end(self.body) {
            state.head = Some(now);
        }
    }
}
