//! The end of the program, as those who wait here have to know it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::{Error, poll::poll_while};

/// When everything has to have ended, once the program was told to end. Whoever was told shares it with those who
/// wait in this crate, on whichever thread: a start is given up then, and a stop has until then.
#[derive(Clone, Debug, Default)]
pub struct Shutdown(Arc<Mutex<Option<Instant>>>);

impl Shutdown {
    /// Everything has to have ended by then. The earliest instant counts.
    pub fn by(&self, deadline: Instant) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Some(known.map_or(deadline, |known| known.min(deadline)));
    }

    /// When everything has to have ended, once that is known.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks until there is an answer or the time is up; fails when the program ends meanwhile.
    pub(super) fn poll_start<T>(
        &self,
        limit: Duration,
        mut ask: impl FnMut() -> Result<Option<T>, Error>,
    ) -> Result<Option<T>, Error> {
        let began = Instant::now();
        let ask = || if self.deadline().is_some() { Err(Error::GivenUp) } else { ask() };
        poll_while(|| began.elapsed() < limit, ask)
    }

    /// Asks until there is an answer, the time is up, or the program has to have ended.
    pub(super) fn poll_stop<T>(
        &self,
        limit: Duration,
        ask: impl FnMut() -> Result<Option<T>, Error>,
    ) -> Result<Option<T>, Error> {
        let began = Instant::now();
        let in_time = || self.deadline().is_none_or(|deadline| Instant::now() < deadline);
        poll_while(|| began.elapsed() < limit && in_time(), ask)
    }
}
