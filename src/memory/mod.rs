//! What answers hold in memory: while their rows arrive, while they are written, and until their clients have taken
//! them.
//!
//! One answer is bounded, and so is the sum of all: a page of long texts under thirty aliases is megabytes, and whoever
//! reads slowly keeps them. Each answer counts what it holds in a [`Share`]; small ones need no leave, larger ones take
//! from one budget and wait a moment for it. Of that budget one neighbour has a quarter at most.

mod share;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

pub use share::Share;

use crate::lock::lock;
use crate::shares::Who;

/// What every answer may hold without asking.
const FREE: usize = 16 * 1024;
/// What one permit of the budget stands for.
const UNIT: usize = 1024;

/// How much may be held, in bytes.
#[derive(Debug, Clone)]
pub struct Bounds {
    /// The rows of one answer, and its text.
    pub answer: usize,
    /// All answers together, beyond what each has free.
    pub all: usize,
    /// How long an answer waits for others to be taken. It has a connection to the database meanwhile, which others
    /// wait for: long enough for answers on their way to a client that reads, and no longer.
    pub wait: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { answer: 8 * 1024 * 1024, all: 96 * 1024 * 1024, wait: Duration::from_millis(100) }
    }
}

/// The budget of all answers. Cheap to clone.
#[derive(Clone)]
pub struct Memory(Arc<Inner>);

struct Inner {
    bounds: Bounds,
    room: Arc<Semaphore>,
    held: Mutex<HashMap<Who, usize>>,
}

impl Memory {
    /// A budget within these bounds.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        let room = Arc::new(Semaphore::new((bounds.all / UNIT).min(Semaphore::MAX_PERMITS)));
        Self(Arc::new(Inner { bounds, room, held: Mutex::default() }))
    }

    /// The share of an answer for somebody, of which nothing is used yet.
    #[must_use]
    pub fn share(&self, who: Who) -> Share {
        Share::new(Arc::clone(&self.0), who)
    }
}

impl Inner {
    async fn take(&self, who: &Who, permits: usize) -> Option<OwnedSemaphorePermit> {
        {
            let mut held = lock(&self.held);
            let theirs = held.get(who).copied().unwrap_or_default() + permits;
            if theirs * UNIT > self.bounds.all / 4 {
                return None;
            }
            held.insert(Arc::clone(who), theirs);
        }
        let wanted = Arc::clone(&self.room).acquire_many_owned(u32::try_from(permits).ok()?);
        let taken = timeout(self.bounds.wait, wanted).await.ok().and_then(std::result::Result::ok);
        if taken.is_none() {
            self.discount(who, permits);
        }
        taken
    }

    fn discount(&self, who: &Who, permits: usize) {
        let mut held = lock(&self.held);
        if let Some(theirs) = held.get_mut(who) {
            *theirs -= permits;
            if *theirs == 0 {
                held.remove(who);
            }
        }
    }
}

fn permits(held: usize) -> usize {
    held.saturating_sub(FREE).div_ceil(UNIT)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;
    use crate::error::{Code, Result};
    use crate::shares::Neighbour;

    fn memory(answer: usize, all: usize) -> Memory {
        Memory::new(Bounds { answer, all, wait: Duration::from_millis(20) })
    }

    fn who(name: &str) -> Who {
        Arc::new([Neighbour::Account(name.into())])
    }

    fn code(outcome: Result<()>) -> Option<Code> {
        outcome.err().map(|error| error.code())
    }

    #[tokio::test]
    async fn an_answer_has_its_bound_in_rows_and_in_text() {
        let memory = memory(100_000, 10_000_000);
        let share = memory.share(who("ada"));
        assert_eq!(code(share.rows(100_000).await), None);
        assert_eq!(code(share.text(100_000).await), None);
        assert_eq!(code(share.rows(1).await), Some(Code::ResponseTooLarge));
        assert_eq!(code(share.draft(1, 100_001).await), Some(Code::ResponseTooLarge));
        assert_eq!(code(share.finish(100_001)), Some(Code::ResponseTooLarge));
    }

    #[tokio::test]
    async fn one_neighbour_has_a_quarter_and_all_of_them_the_whole() {
        let memory = memory(1_000_000, 400 * UNIT);
        let share = |name| memory.share(who(name));
        let ada = share("ada");
        assert_eq!(code(ada.rows(FREE + 100 * UNIT).await), None);
        assert_eq!(code(share("ada").rows(FREE + UNIT).await), Some(Code::Overloaded), "a quarter is theirs");
        assert_eq!(code(share("ada").rows(FREE).await), None, "small answers need no leave");
        let others = ["b", "c", "d"].map(share);
        for other in &others {
            assert_eq!(code(other.text(FREE + 100 * UNIT).await), None);
        }
        let late = share("e");
        assert_eq!(code(late.rows(FREE + UNIT).await), Some(Code::Overloaded), "after the wait");
        let waiting = share("f");
        let mut waits = Box::pin(waiting.rows(FREE + UNIT));
        assert!((&mut waits).now_or_never().is_none());
        ada.release(50 * UNIT);
        assert_eq!(code(waits.await), None);
    }

    #[tokio::test]
    async fn what_is_released_finished_or_dropped_is_free_again() {
        let memory = memory(1_000_000, 400 * UNIT);
        for _ in 0..10 {
            let share = memory.share(who("ada"));
            share.rows(FREE + 60 * UNIT).await.unwrap();
            share.text(40 * UNIT).await.unwrap();
            share.finish(FREE + 10 * UNIT).unwrap();
            assert_eq!(memory.0.room.available_permits(), 390);
            share.release(5 * UNIT);
            assert_eq!(memory.0.room.available_permits(), 395);
        }
        assert_eq!(memory.0.room.available_permits(), 400);
        assert!(lock(&memory.0.held).is_empty());
    }
}
