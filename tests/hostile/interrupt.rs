//! Ctrl-C. A run that is cut off still stops what it started: destructors do, so `main` has to return.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// SIGINT and SIGTERM, which end the program at once until somebody listens.
pub struct Interrupt(Signal, Signal);

impl Interrupt {
    /// Begins to listen; within a runtime.
    pub fn listen() -> io::Result<Self> {
        Ok(Self(signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?))
    }

    /// Ready when somebody wants the run to end.
    pub async fn asked(&mut self) {
        tokio::select! { _ = self.0.recv() => {}, _ = self.1.recv() => {} }
    }
}
