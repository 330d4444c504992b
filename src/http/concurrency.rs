//! How many requests run at once.

use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::config::Limits;
use crate::error::Error;

/// A bounded number of places and a short, bounded queue for them: what cannot be served soon is refused at once,
/// while refusing is still cheap.
pub(super) struct ConcurrencyLimit {
    running: Semaphore,
    queue: Semaphore,
    wait: Duration,
}

impl ConcurrencyLimit {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            running: Semaphore::new(limits.in_flight.min(Semaphore::MAX_PERMITS)),
            queue: Semaphore::new(limits.queued.min(Semaphore::MAX_PERMITS)),
            wait: limits.queue_wait,
        }
    }

    /// A place until the permit is dropped, or 503.
    pub(super) async fn acquire(&self) -> Result<SemaphorePermit<'_>, Error> {
        // The semaphore is fair: this fails while somebody queues, so nobody is overtaken.
        if let Ok(place) = self.running.try_acquire() {
            return Ok(place);
        }
        let Ok(_queued) = self.queue.try_acquire() else {
            return Err(Error::overloaded());
        };
        match tokio::time::timeout(self.wait, self.running.acquire()).await {
            Ok(Ok(place)) => Ok(place),
            _ => Err(Error::overloaded()),
        }
    }
}
