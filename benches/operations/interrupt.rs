//! Ctrl-C. A run that is cut off still stops what it started: destructors do, so `main` has to return.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tokio::signal::unix::{SignalKind, signal};

use crate::Failure;

static ASKED: AtomicBool = AtomicBool::new(false);

/// Begins to listen for SIGINT and SIGTERM. Without a listener they end the program at once, as usual.
pub fn listen() {
    thread::spawn(|| {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        runtime.block_on(async {
            let (Ok(mut terminate), Ok(mut interrupt)) =
                (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
            else {
                return;
            };
            tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
            ASKED.store(true, Ordering::Relaxed);
        });
    });
}

/// Whether somebody wants the run to end.
pub fn asked() -> bool {
    ASKED.load(Ordering::Relaxed)
}

/// Ends the run when somebody wants that.
pub fn check() -> Result<(), Failure> {
    if asked() { Err("interrupted".into()) } else { Ok(()) }
}
