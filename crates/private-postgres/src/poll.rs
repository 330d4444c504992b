//! Waiting for something that gives no notice.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use super::Error;

const STEP: Duration = Duration::from_millis(20);

/// Asks until there is an answer or the time is up; `None` says it was.
pub(super) fn poll<T>(limit: Duration, mut ask: impl FnMut() -> Result<Option<T>, Error>) -> Result<Option<T>, Error> {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask()? {
            return Ok(Some(answer));
        }
        if began.elapsed() > limit {
            return Ok(None);
        }
        sleep(STEP);
    }
}
