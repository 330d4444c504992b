//! Whether the process lives, and whether it can answer.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, StatusCode};

use super::AppState;

/// A probe that waits longer learns nothing more.
const PATIENCE: Duration = Duration::from_secs(1);

type Health = (StatusCode, [(HeaderName, &'static str); 1], &'static str);

const fn health(status: StatusCode, body: &'static str) -> Health {
    (status, [(CONTENT_TYPE, "application/json")], body)
}

/// `/livez`: 200 as long as the process answers at all; a dead database is no reason to restart it.
pub(super) async fn live() -> Health {
    health(StatusCode::OK, r#"{"status":"live"}"#)
}

/// `/readyz`: 200 when the database answers, else 503.
pub(super) async fn ready(State(state): State<Arc<AppState>>) -> Health {
    readiness(state.service.ready()).await
}

/// What a probe is told of a look at the database.
pub(super) async fn readiness(ready: impl Future<Output = bool>) -> Health {
    match tokio::time::timeout(PATIENCE, ready).await {
        Ok(true) => health(StatusCode::OK, r#"{"status":"ready"}"#),
        _ => health(StatusCode::SERVICE_UNAVAILABLE, r#"{"status":"unavailable"}"#),
    }
}
