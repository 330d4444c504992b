//! The HTTP layer: everything between a socket and [`Service::execute`].
//!
//! ```text
//! listen    accepts, bounds and times connections, drains them at the end
//!   places  who may be connected when not all can
//!   heads   what heads hold in memory
//!   timers  one connection's timeouts: silent, half-sent head, idle, slow reader; told by socket, ahead, tracked
//! observe   request id, access log, the headers every answer carries
//! head      what every request's head needs (400, 414, 501), and 503 where only probes are answered
//! graphql   POST and GET /graphql, in this order:
//!   negotiate  what the client takes (406) and sends (415)
//!   caller     who asks: credential, address behind proxies, user agent
//!   origin     cookies from foreign pages (403)
//!   body       read, bounded in bytes and time (413, 408)
//!   concurrency  a place among the requests in flight (503)
//!   payload    JSON or a query string into a GraphQL request (400)
//!   answer     an answer or an error into status, headers and JSON
//! health    /livez and /readyz
//! admin     the second door, for probes
//! ```
//!
//! What a document may cost is not decided here but behind the one door, for all transports alike.

mod admin;
mod ahead;
mod answer;
mod body;
mod caller;
mod concurrency;
mod graphiql;
mod graphql;
mod head;
mod heads;
mod health;
mod listen;
mod negotiate;
mod observe;
mod origin;
mod payload;
mod places;
mod proxies;
mod socket;
mod timers;
mod tracked;

use std::sync::Arc;

use axum::Router;
use axum::http::header::ALLOW;
use axum::middleware::from_fn;
use axum::response::Response;
use axum::routing::{any, get};

use crate::config::Limits;
use crate::error::{Code, Error};
use crate::graphql::Service;

pub use admin::{AdminDoor, open_admin_door};
pub use listen::serve;
pub use proxies::Proxies;

use self::body::BodyReader;
use self::concurrency::ConcurrencyLimit;
use self::negotiate::Media;

/// What the HTTP layer has to be told.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The bounds of requests.
    pub limits: Limits,
    /// Reverse proxies; only behind them `X-Forwarded-For` is believed.
    pub trusted_proxies: Proxies,
    /// Origins (`https://panel.example`) whose pages may use the session cookie.
    pub allowed_origins: Vec<String>,
}

/// What the handlers share.
struct AppState {
    service: Service,
    settings: Settings,
    bodies: BodyReader,
    concurrency: ConcurrencyLimit,
}

/// The whole site: `/graphql`, `/livez`, `/readyz` and GraphiQL.
///
/// It needs no socket: tests call it with `oneshot`. Behind [`serve`], requests carry their peer's address.
pub fn router(service: Service, settings: Settings) -> Router {
    let state = Arc::new(AppState {
        service,
        bodies: BodyReader::new(&settings.limits),
        concurrency: ConcurrencyLimit::new(&settings.limits),
        settings,
    });
    Router::new()
        .route("/graphql", any(graphql::endpoint))
        .route("/livez", get(health::live))
        .route("/readyz", get(health::ready))
        .merge(graphiql::router())
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn(head::check))
        .layer(from_fn(observe::observe))
        .with_state(state)
}

async fn not_found() -> Response {
    answer::refuse(Media::Json, Error::new(Code::NotFound, "There is nothing at this path."))
}

async fn method_not_allowed() -> Response {
    let mut response = answer::refuse(Media::Json, answer::method_not_allowed());
    // axum knows the methods of the route and names them, unless somebody did.
    response.headers_mut().remove(ALLOW);
    response
}
