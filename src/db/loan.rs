//! A connection on loan. One whose unit was dropped keeps its place until the server is done with it, so that the
//! pool's size bounds what runs in the server, not only what somebody waits for.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::timeout;
use tokio_postgres::{CancelToken, NoTls};

use super::driver::Driver;
use super::pool::{Connection, Manager};
use crate::memory::Share;
use crate::shares::Place;

/// How long a dropped unit may take to end by itself. Most do at once, as nothing of theirs runs any more, and a
/// cancellation costs a connection of its own.
const GRACE: Duration = Duration::from_millis(10);
/// How long a cancellation may take. One that came before its statement did nothing, and is sent again.
const PATIENCE: Duration = Duration::from_millis(500);
/// How many of them are sent. After that the server itself does not answer, and the socket is closed.
const TRIES: usize = 10;

/// A connection on loan, and its place. The connection goes back before its place does.
pub(super) struct Loan {
    connection: bb8::PooledConnection<'static, Manager>,
    place: Option<Place>,
    /// What counts the rows that come by it.
    pub(super) memory: Option<Arc<Share>>,
}

impl Loan {
    pub(super) fn new(
        connection: bb8::PooledConnection<'static, Manager>,
        place: Place,
        memory: Option<Arc<Share>>,
    ) -> Self {
        Self { connection, place: Some(place), memory }
    }
}

impl std::ops::Deref for Loan {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl std::ops::DerefMut for Loan {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        if self.connection.clean.load(Ordering::Relaxed) {
            return;
        }
        // Without a runtime the program ends, and the server notices by the sockets.
        if let (Some(place), Ok(runtime)) = (self.place.take(), Handle::try_current()) {
            let (driver, token) = (self.connection.inner.driver(), self.connection.inner.cancel_token());
            runtime.spawn(async move {
                end(driver, token).await;
                drop(place);
            });
        }
    }
}

/// Waits until the server is done with a connection that nobody holds any more; tells it to stop.
async fn end(mut driver: Driver, token: CancelToken) {
    if timeout(GRACE, driver.ended()).await.is_ok() {
        return;
    }
    for _ in 0..TRIES {
        let cancelled = async { futures_util::join!(token.cancel_query(NoTls), driver.ended()) };
        if timeout(PATIENCE, cancelled).await.is_ok() {
            return;
        }
    }
    tracing::warn!("the database neither ends nor cancels a statement that nobody waits for: its connection is cut");
    driver.cut();
}
