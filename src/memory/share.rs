//! What one answer holds.

use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::OwnedSemaphorePermit;

use super::{Inner, UNIT, permits};
use crate::error::{Error, Result};
use crate::lock::lock;
use crate::shares::Who;

/// What one answer holds, until it is dropped.
pub struct Share {
    memory: Arc<Inner>,
    who: Who,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    /// Bytes of all rows that arrived.
    rows: usize,
    /// Bytes of all text that was written for the answer.
    text: usize,
    /// Bytes that are held now.
    held: usize,
    /// How many permits were asked for.
    asked: usize,
    permit: Option<OwnedSemaphorePermit>,
}

impl Share {
    pub(super) fn new(memory: Arc<Inner>, who: Who) -> Self {
        Self { memory, who, counts: Mutex::default() }
    }

    /// Counts rows that arrived.
    ///
    /// # Errors
    /// `RESPONSE_TOO_LARGE` when they are too many for an answer, `OVERLOADED` when too much is held by all.
    pub async fn rows(&self, bytes: usize) -> Result<()> {
        self.count(bytes, |counts| &mut counts.rows)?;
        self.hold(bytes).await
    }

    /// Counts text that stays a part of the answer.
    ///
    /// # Errors
    /// Like [`Share::rows`].
    pub async fn text(&self, bytes: usize) -> Result<()> {
        self.count(bytes, |counts| &mut counts.text)?;
        self.hold(bytes).await
    }

    /// Makes room for text that may become a part of another.
    ///
    /// # Errors
    /// Like [`Share::rows`]: `whole` is how much there is of it.
    pub async fn draft(&self, bytes: usize, whole: usize) -> Result<()> {
        if whole > self.memory.bounds.answer {
            return Err(Error::response_too_large());
        }
        self.hold(bytes).await
    }

    /// So many bytes are held no more.
    pub fn release(&self, bytes: usize) {
        let mut counts = self.counts();
        let held = counts.held.saturating_sub(bytes);
        self.shrink(&mut counts, held);
    }

    /// Whose it is.
    #[must_use]
    pub fn who(&self) -> &Who {
        &self.who
    }

    /// How much text was counted.
    #[must_use]
    pub fn written(&self) -> usize {
        self.counts().text
    }

    /// The answer is written: this is all that is held from here on.
    ///
    /// # Errors
    /// `RESPONSE_TOO_LARGE`.
    pub fn finish(&self, bytes: usize) -> Result<()> {
        if bytes > self.memory.bounds.answer {
            return Err(Error::response_too_large());
        }
        self.shrink(&mut self.counts(), bytes);
        Ok(())
    }

    fn count(&self, bytes: usize, which: impl FnOnce(&mut Counts) -> &mut usize) -> Result<()> {
        let mut counts = self.counts();
        let count = which(&mut counts);
        *count += bytes;
        if *count > self.memory.bounds.answer { Err(Error::response_too_large()) } else { Ok(()) }
    }

    async fn hold(&self, bytes: usize) -> Result<()> {
        let more = {
            let mut counts = self.counts();
            counts.held += bytes;
            // What no wait would make room for.
            if permits(counts.held) * UNIT > self.memory.bounds.all / 4 {
                return Err(Error::response_too_large());
            }
            let more = permits(counts.held).saturating_sub(counts.asked);
            counts.asked += more;
            more
        };
        if more == 0 {
            return Ok(());
        }
        let Some(permit) = self.memory.take(&self.who, more).await else {
            self.counts().asked -= more;
            return Err(Error::overloaded());
        };
        match &mut self.counts().permit {
            Some(held) => held.merge(permit),
            none => *none = Some(permit),
        }
        Ok(())
    }

    fn shrink(&self, counts: &mut Counts, held: usize) {
        counts.held = counts.held.min(held);
        let spare = counts.asked.saturating_sub(permits(counts.held));
        if let Some(given_back) = counts.permit.as_mut().and_then(|permit| permit.split(spare)) {
            counts.asked -= spare;
            self.memory.discount(&self.who, given_back.num_permits());
        }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        lock(&self.counts)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        if let Some(permit) = self.counts().permit.take() {
            self.memory.discount(&self.who, permit.num_permits());
        }
    }
}
