//! Being told to end: what runs is finished within bounds, and at a second signal nothing is.

use std::io;
use std::time::{Duration, Instant};

use private_postgres::Shutdown;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// How long requests and what hangs on them get. It ends before [`ALL`] does, for the sake of the private database.
const REQUESTS: Duration = Duration::from_millis(12_500);
/// When all has to have ended that can be waited for. Another second is for what has to be killed, and for the log.
const ALL: Duration = Duration::from_millis(13_500);

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Running,
    Asked,
    AtOnce,
}

/// Hears the signals that end a program.
#[derive(Clone)]
pub(super) struct Stop {
    stage: watch::Receiver<Stage>,
    shutdown: Shutdown,
}

impl Stop {
    /// Listens from now on; until then a signal ends the program as it ends any.
    pub(super) fn listen() -> io::Result<Self> {
        let mut signals = Signals::listen()?;
        let (sender, stage) = watch::channel(Stage::Running);
        let shutdown = Shutdown::default();
        let told = shutdown.clone();
        tokio::spawn(async move {
            signals.next().await;
            tracing::info!("stopping: what is in flight is answered first; a second signal stops it at once");
            told.by(Instant::now() + ALL);
            sender.send_replace(Stage::Asked);
            tokio::select! {
                () = signals.next() => told.by(Instant::now()),
                () = tokio::time::sleep(REQUESTS) => {}
            }
            sender.send_replace(Stage::AtOnce);
            signals.next().await;
            told.by(Instant::now());
            // Dropping the sender would read as a stop as well.
            sender.closed().await;
        });
        Ok(Self { stage, shutdown })
    }

    /// The same for whoever waits on a thread.
    pub(super) fn shutdown(&self) -> Shutdown {
        self.shutdown.clone()
    }

    /// Whether there was a signal.
    pub(super) fn is_asked(&self) -> bool {
        *self.stage.borrow() >= Stage::Asked
    }

    /// Waits for a signal.
    pub(super) async fn asked(&self) {
        self.reaches(Stage::Asked).await;
    }

    /// Waits until there was a second signal, or the time is up.
    pub(super) async fn at_once(&self) {
        self.reaches(Stage::AtOnce).await;
    }

    async fn reaches(&self, stage: Stage) {
        // An error means that whoever listens is gone, which is a stop as well.
        drop(self.stage.clone().wait_for(|now| *now >= stage).await);
    }
}

struct Signals([Signal; 3], Option<Signal>);

impl Signals {
    fn listen() -> io::Result<Self> {
        let ends = [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::quit()].map(signal);
        let [terminate, interrupt, quit] = ends;
        // Under nohup the program is to outlive its terminal.
        let hangup = if ignores_hangup() { None } else { Some(signal(SignalKind::hangup())?) };
        Ok(Self([terminate?, interrupt?, quit?], hangup))
    }

    async fn next(&mut self) {
        let Self([terminate, interrupt, quit], hangup) = self;
        let hangup = async {
            match hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = quit.recv() => {}
            _ = hangup => {}
        }
    }
}

/// Whether SIGHUP is ignored, as the kernel tells it: the standard library cannot be asked.
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}
