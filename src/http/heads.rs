//! What the heads of requests hold in memory.
//!
//! hyper keeps a head until all of it is there, and the request until it is answered. Thousands of connections with half
//! a head each, or a whole one whose body does not come, would hold more than all answers may: so large heads share a
//! budget. Small ones never ask for it, and ordinary requests pass while somebody uses it up.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Every head may have so much.
const FREE: usize = 8 * 1024;
/// All heads together may have so much beyond that: hundreds of large ones.
const ALL: usize = 16 * 1024 * 1024;
/// What one permit stands for.
const UNIT: usize = 1024;

/// The budget of all heads. Cheap to clone.
#[derive(Clone)]
pub(super) struct Heads(Arc<Semaphore>);

impl Heads {
    pub(super) fn new() -> Self {
        Self(Arc::new(Semaphore::new(ALL / UNIT)))
    }

    /// The head of a connection's next request, of which nothing has come yet.
    pub(super) fn head(&self) -> Head {
        Head { heads: Arc::clone(&self.0), bytes: 0, share: None }
    }
}

/// What a connection holds for the head of its request.
pub(super) struct Head {
    heads: Arc<Semaphore>,
    bytes: usize,
    share: Option<OwnedSemaphorePermit>,
}

impl Head {
    /// Counts bytes that came. False when there is no room for them.
    #[must_use]
    pub(super) fn grow(&mut self, bytes: usize) -> bool {
        self.bytes = self.bytes.saturating_add(bytes);
        let wanted = self.bytes.saturating_sub(FREE).div_ceil(UNIT);
        let held = self.share.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let Some(more) = wanted.checked_sub(held).filter(|more| *more > 0) else { return true };
        let more = u32::try_from(more).ok().and_then(|more| Arc::clone(&self.heads).try_acquire_many_owned(more).ok());
        match (&mut self.share, more) {
            (_, None) => return false,
            (Some(share), Some(more)) => share.merge(more),
            (none, more) => *none = more,
        }
        true
    }

    /// Its request has been answered.
    pub(super) fn end(&mut self) {
        self.bytes = 0;
        self.share = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_heads_share_a_budget_and_small_ones_need_none() {
        let heads = Heads::new();
        let mut large = Vec::new();
        loop {
            let mut head = heads.head();
            if !(0..8).all(|_| head.grow(FREE)) {
                break;
            }
            large.push(head);
        }
        assert_eq!(large.len(), ALL / (7 * FREE), "heads of 64 KiB");
        let mut small = heads.head();
        assert!(small.grow(FREE));
        assert!(!(0..7).all(|_| small.grow(FREE)), "there is no room for another large one");
        small.end();
        large.pop();
        assert!((0..8).all(|_| small.grow(FREE)), "what has ended or is dropped is free again");
    }
}
