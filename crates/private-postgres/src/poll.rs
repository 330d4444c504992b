//! Waiting for something that gives no notice.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use super::Error;

const STEP: Duration = Duration::from_millis(20);

/// Asks until there is an answer or the time is up; `None` says it was.
pub(super) fn poll<T>(limit: Duration, ask: impl FnMut() -> Result<Option<T>, Error>) -> Result<Option<T>, Error> {
    let began = Instant::now();
    poll_while(|| began.elapsed() < limit, ask)
}

/// Asks once, and on for as long as it is told; `None` says that there was no answer.
pub(super) fn poll_while<T>(
    goes_on: impl Fn() -> bool,
    mut ask: impl FnMut() -> Result<Option<T>, Error>,
) -> Result<Option<T>, Error> {
    loop {
        if let Some(answer) = ask()? {
            return Ok(Some(answer));
        }
        if !goes_on() {
            return Ok(None);
        }
        sleep(STEP);
    }
}
