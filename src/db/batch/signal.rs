//! Whether an execution was woken since it was last polled.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Wake, Waker};

use crate::lock::lock;

/// Tells whether the execution was woken since it was last polled.
pub(super) struct Signal {
    woken: AtomicBool,
    outer: Mutex<Option<Waker>>,
}

impl Default for Signal {
    /// Woken, so that the first look polls.
    fn default() -> Self {
        Self { woken: AtomicBool::new(true), outer: Mutex::default() }
    }
}

impl Signal {
    pub(super) fn listen(&self, waker: &Waker) {
        lock(&self.outer).get_or_insert_with(|| waker.clone()).clone_from(waker);
    }

    pub(super) fn take(&self) -> bool {
        self.woken.swap(false, Ordering::AcqRel)
    }
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.woken.swap(true, Ordering::AcqRel)
            && let Some(outer) = lock(&self.outer).as_ref()
        {
            outer.wake_by_ref();
        }
    }
}
