//! The second door: for probes, on a thread of its own, so that they are answered whatever the first one is busy with.

use std::io;
use std::net::TcpListener;
use std::thread;

use axum::Router;
use axum::middleware::from_fn;
use axum::routing::get;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::{Settings, health, listen, not_found, observe};
use crate::graphql::Service;

/// The door is open until this is dropped.
pub struct AdminDoor {
    _open: oneshot::Sender<()>,
}

/// Opens the door: `/livez` and `/readyz` alone.
///
/// # Errors
/// When the system has no thread, or the listener cannot be used.
pub fn open_admin_door(listener: TcpListener, service: Service, settings: Settings) -> io::Result<AdminDoor> {
    listener.set_nonblocking(true)?;
    let router = router(service, Handle::current());
    let (open, closed) = oneshot::channel::<()>();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    thread::Builder::new().name("admin door".into()).spawn(move || {
        let served = runtime.block_on(async {
            let closed = async { drop(closed.await) };
            listen::serve(tokio::net::TcpListener::from_std(listener)?, router, &settings, closed).await
        });
        if let Err(error) = served {
            tracing::error!(%error, "the admin door is closed");
        }
    })?;
    Ok(AdminDoor { _open: open })
}

/// The connections of the pool belong to the main runtime, which therefore looks after the database.
fn router(service: Service, main: Handle) -> Router {
    let ready = move || {
        let look = main.spawn({
            let service = service.clone();
            async move { service.ready().await }
        });
        health::readiness(async { look.await.unwrap_or(false) })
    };
    Router::new()
        .route("/livez", get(health::live))
        .route("/readyz", get(ready))
        .fallback(not_found)
        .layer(from_fn(observe::observe))
}
