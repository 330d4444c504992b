//! What moves a connection's bytes.

use tokio::sync::watch;
use tokio::task::AbortHandle;

/// The task that moves what a connection sends and receives. It ends when the connection was dropped and the server
/// has answered all that was sent, or with the socket.
#[derive(Clone)]
pub(super) struct Driver {
    task: AbortHandle,
    running: watch::Receiver<()>,
}

impl Driver {
    /// Runs a connection of the driver.
    pub(super) fn start(connection: impl Future + Send + 'static) -> Self {
        let (guard, running) = watch::channel(());
        let task = tokio::spawn(async move {
            let _guard = guard;
            connection.await;
        });
        Self { task: task.abort_handle(), running }
    }

    /// Waits for its end.
    pub(super) async fn ended(&mut self) {
        // Nothing is ever sent: only the sender's end wakes.
        drop(self.running.changed().await);
    }

    /// Closes the socket.
    pub(super) fn cut(&self) {
        self.task.abort();
    }
}
