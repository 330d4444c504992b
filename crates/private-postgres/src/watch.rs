//! A server that is started again when it ends by itself.

use std::{
    convert::Infallible,
    process::ExitStatus,
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use super::{Error, Server};

/// How often the server is looked at.
const STEP: Duration = Duration::from_millis(50);
/// The waits before the tries, in milliseconds: at once first, since whatever killed it may be over, and never so long
/// that an end of the trouble goes unnoticed. After the last, it is given up.
const WAITS: [u64; 10] = [0, 250, 500, 1000, 2000, 2000, 2000, 2000, 2000, 2000];
/// A server that ran for so long has recovered: what happens next is new trouble.
const RECOVERED: Duration = Duration::from_mins(1);

/// A running server, watched by a thread that starts it again when it ends by itself: killed, out of memory, or on a
/// full disk. Processes that the dead one left behind end first. After ten tries without success it is given up.
/// Dropping this stops the server.
#[derive(Debug)]
pub struct Watch {
    /// Dropped to tell the thread that the server is to stop.
    alive: Option<Sender<Infallible>>,
    thread: Option<JoinHandle<Result<(), Error>>>,
}

impl Watch {
    /// Watches a server from now on. `lost` hears why, should it be given up.
    ///
    /// # Errors
    ///
    /// When the system has no thread to give. The server is stopped then.
    pub fn over(server: Server, lost: impl FnOnce(Error) + Send + 'static) -> Result<Self, Error> {
        let (alive, told) = channel();
        let place = server.dir().to_path_buf();
        let watching = move || Watching { server, told, failed: 0 }.run(lost);
        let thread = thread::Builder::new().name("postgresql watch".into()).spawn(watching);
        let thread = thread.map_err(super::error::io("start a thread for", &place))?;
        Ok(Self { alive: Some(alive), thread: Some(thread) })
    }

    /// Stops the server, as [`Server::stop`] does.
    ///
    /// # Errors
    ///
    /// When the server's process can be neither signalled nor waited for.
    pub fn stop(mut self) -> Result<(), Error> {
        self.end()
    }

    fn end(&mut self) -> Result<(), Error> {
        drop(self.alive.take());
        // A thread that panicked has dropped its server, and with it stopped it.
        self.thread.take().and_then(|thread| thread.join().ok()).unwrap_or(Ok(()))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            tracing::warn!("{error}");
        }
    }
}

/// The thread's own.
struct Watching {
    server: Server,
    told: Receiver<Infallible>,
    /// How many tries were of no use, since the server last ran for long.
    failed: usize,
}

impl Watching {
    fn run(mut self, lost: impl FnOnce(Error)) -> Result<(), Error> {
        let mut since = Instant::now();
        while !self.is_told_within(STEP) {
            let Some(status) = self.server.ended()? else { continue };
            if since.elapsed() > RECOVERED {
                self.failed = 0;
            }
            if let Err(error) = self.revive(status) {
                lost(error);
                return Ok(());
            }
            since = Instant::now();
        }
        self.server.stop()
    }

    /// Starts the server again, or says why that is of no use.
    fn revive(&mut self, status: ExitStatus) -> Result<(), Error> {
        tracing::error!("PostgreSQL ended by itself ({status}): it is started again");
        let began = Instant::now();
        let mut cause = None;
        while let Some(wait) = WAITS.get(self.failed) {
            if self.is_told_within(Duration::from_millis(*wait)) {
                return Ok(());
            }
            self.failed += 1;
            match self.server.restart() {
                Ok(()) => {
                    tracing::info!("PostgreSQL runs again, {} ms after its end was seen", began.elapsed().as_millis());
                    return Ok(());
                }
                Err(Error::GivenUp) => {
                    // Nothing is left to do but to be told.
                    let _ = self.told.recv();
                    return Ok(());
                }
                Err(error) => {
                    tracing::warn!("try {} of {}: {error}", self.failed, WAITS.len());
                    cause = Some(error.to_string());
                }
            }
        }
        let cause = cause.unwrap_or_else(|| format!("it ends soon after every start ({status})"));
        Err(Error::Lost { tries: WAITS.len(), cause })
    }

    /// Whether the server is to stop, now or within so long.
    fn is_told_within(&self, wait: Duration) -> bool {
        self.told.recv_timeout(wait) == Err(RecvTimeoutError::Disconnected)
    }
}
