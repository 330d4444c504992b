//! The texts of many rows.

use std::sync::Arc;

use super::plan::{Done, Env};
use crate::json;
use crate::memory::Share;

/// One text for each row of a level, one after another in one buffer. Rows may share texts: each distinct child is
/// written once, however many point at it.
#[derive(Default)]
pub struct Pieces {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    /// For each row the place of its text, `None` for `null`; in order when nobody says.
    of: Option<Vec<Option<usize>>>,
    held: Held,
}

/// What of the texts was counted, until they are dropped.
#[derive(Default)]
struct Held {
    bytes: usize,
    by: Option<Arc<Share>>,
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(share) = &self.by {
            share.release(self.bytes);
        }
    }
}

/// Less than this is not counted, until it was written so often.
const STEP: usize = 16 * 1024;

impl Pieces {
    /// Room for this many rows of about this many bytes.
    #[must_use]
    pub fn with_capacity(rows: usize, each: usize) -> Self {
        Self { bytes: Vec::with_capacity(rows.saturating_mul(each)), ends: Vec::with_capacity(rows), ..Self::default() }
    }

    /// Writes the next text.
    pub fn push(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.bytes);
        self.ends.push(self.bytes.len());
    }

    /// Counts what was written since the last time, if that is much.
    ///
    /// # Errors
    /// When an answer may not hold so much: the request is interrupted.
    pub async fn hold(&mut self, env: &Env<'_>) -> Done<()> {
        // What is taken, not what is used: a buffer that grows doubles.
        let more = self.bytes.capacity().saturating_sub(self.held.bytes);
        if more < STEP {
            return Ok(());
        }
        self.held.bytes += more;
        self.held.by.get_or_insert_with(|| Arc::clone(&env.request.work.memory));
        env.afford(env.request.work.memory.draft(more, self.bytes.len())).await
    }

    /// The same texts for other rows.
    #[must_use]
    pub fn shared(self, of: Vec<Option<usize>>) -> Self {
        Self { of: Some(of), ..self }
    }

    /// The text of a row.
    #[must_use]
    pub fn get(&self, row: usize) -> &[u8] {
        let place = match &self.of {
            Some(of) => of.get(row).copied().flatten(),
            None => Some(row),
        };
        place.and_then(|place| self.text(place)).unwrap_or(json::NULL)
    }

    fn text(&self, place: usize) -> Option<&[u8]> {
        let start = match place.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        self.bytes.get(start..*self.ends.get(place)?)
    }

    /// How many bytes a text has, about.
    #[must_use]
    pub fn mean(&self) -> usize {
        self.bytes.len() / self.ends.len().max(1)
    }

    /// The text of the first row, which is all there is.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}
