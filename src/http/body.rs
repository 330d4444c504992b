//! Request bodies, bounded in bytes and in time while they arrive.

use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use http_body_util::BodyExt;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::config::Limits;
use crate::error::{Code, Error};

/// Every request may bring so much without asking; what is larger shares [`BodyReader::budget`].
const FREE: usize = 16 * 1024;
/// What one permit of the budget stands for.
const UNIT: usize = 1024;

/// Reads bodies, and knows how much of them is in memory.
pub(super) struct BodyReader {
    bytes: usize,
    time: Duration,
    /// Bodies come in before a request has its place among those in flight, so that a slow sender holds no place.
    /// Then thousands of connections could each hold a large one: this bounds their sum. Small bodies never wait for
    /// it, so ordinary requests pass while somebody fills it up.
    budget: Semaphore,
}

/// A body in memory; its share of the budget comes back when it is dropped.
pub(super) struct Text<'a> {
    bytes: Vec<u8>,
    /// Held for its drop alone.
    share: Option<SemaphorePermit<'a>>,
}

impl Text<'_> {
    pub(super) fn as_slice(&self) -> &[u8] {
        &self.bytes
    }
}

impl BodyReader {
    pub(super) fn new(limits: &Limits) -> Self {
        let all = limits.in_flight.saturating_mul(limits.body_bytes) / UNIT;
        Self {
            bytes: limits.body_bytes,
            time: limits.body_timeout,
            budget: Semaphore::new(all.min(Semaphore::MAX_PERMITS)),
        }
    }

    /// The whole body: 413 at the first byte too many, 408 when it takes too long.
    pub(super) async fn read(&self, body: Body) -> Result<Text<'_>, Error> {
        // A Content-Length over the bound is answered before anything is read.
        if body.size_hint().lower() > u64::try_from(self.bytes).unwrap_or(u64::MAX) {
            return Err(too_large());
        }
        let slow = |_| Err(Error::new(Code::BodyTimeout, "The body took too long to arrive."));
        tokio::time::timeout(self.time, self.collect(body)).await.unwrap_or_else(slow)
    }

    async fn collect(&self, mut body: Body) -> Result<Text<'_>, Error> {
        let mut text = Text { bytes: Vec::new(), share: None };
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| Error::new(Code::BadUserInput, "The body broke off."))?;
            // Trailers mean nothing here.
            if let Ok(data) = frame.into_data() {
                self.append(&mut text, &data)?;
            }
        }
        Ok(text)
    }

    fn append<'a>(&'a self, text: &mut Text<'a>, data: &Bytes) -> Result<(), Error> {
        let size = text.bytes.len().saturating_add(data.len());
        if size > self.bytes {
            return Err(too_large());
        }
        // What is taken, not what is used: a text that grows doubles.
        let room = size.next_power_of_two().min(self.bytes);
        let wanted = room.saturating_sub(FREE).div_ceil(UNIT);
        let held = text.share.as_ref().map_or(0, SemaphorePermit::num_permits);
        if wanted > held {
            let more = u32::try_from(wanted - held).map_err(|_| too_large())?;
            let more = self.budget.try_acquire_many(more).map_err(|_| Error::overloaded())?;
            match &mut text.share {
                Some(share) => share.merge(more),
                none => *none = Some(more),
            }
        }
        if size > text.bytes.capacity() {
            text.bytes.reserve_exact(room - text.bytes.len());
        }
        text.bytes.extend_from_slice(data);
        Ok(())
    }
}

fn too_large() -> Error {
    Error::new(Code::PayloadTooLarge, "The body is too large.")
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    #[tokio::test]
    async fn a_body_counts_with_what_it_takes_until_it_is_dropped() {
        let reader = BodyReader::new(&Limits::default());
        let all = reader.budget.available_permits();
        let chunks = stream::iter((0..43).map(|_| Ok::<_, std::io::Error>(vec![b'x'; 3 * 1024])));
        let text = reader.read(Body::from_stream(chunks)).await.ok().unwrap();
        let counted = FREE + UNIT * (all - reader.budget.available_permits());
        assert_eq!(text.as_slice().len(), 129 * 1024);
        assert!(text.bytes.capacity() <= counted, "{} taken, {counted} counted", text.bytes.capacity());
        drop(text);
        assert_eq!(reader.budget.available_permits(), all);
    }
}
