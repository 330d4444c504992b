//! One line in the log for each request, and the headers that every answer carries.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::header::{CACHE_CONTROL, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;
use uuid::Uuid;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The name of a request in logs, errors and the `x-request-id` header.
#[derive(Clone, Debug)]
pub(super) struct RequestId(String);

impl RequestId {
    /// The caller's own id, so that its logs and ours can be joined, if nothing but a name can be in it; else a new one.
    fn of(headers: &HeaderMap) -> Self {
        headers
            .get(REQUEST_ID)
            .and_then(|value| value.to_str().ok())
            .filter(|id| is_name(id, b"._-"))
            .map_or_else(Self::new, |id| Self(id.to_owned()))
    }

    #[expect(clippy::disallowed_methods, reason = "a name for the log, on which no rule and no row depends")]
    fn new() -> Self {
        Self(Uuid::now_v7().to_string())
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// An operation's name, left on a response for the log.
#[derive(Clone, Debug)]
pub(super) struct Operation(String);

impl Operation {
    /// `None` for what may be more than a name: the log is no place for a client's text.
    pub(super) fn harmless(name: &str) -> Option<Self> {
        is_name(name, b"_").then(|| Self(name.to_owned()))
    }
}

fn is_name(text: &str, marks: &[u8]) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || marks.contains(&b))
}

/// Written when it is dropped, so that a request whose client went away is logged too.
struct Entry {
    method: &'static str,
    path: String,
    id: RequestId,
    started: Instant,
    status: Option<StatusCode>,
    operation: Option<Operation>,
}

impl Drop for Entry {
    fn drop(&mut self) {
        tracing::info!(
            method = self.method,
            path = self.path,
            // No status was sent to a client that left; 499 is what proxies write for it.
            status = self.status.map_or(499, |status| status.as_u16()),
            duration_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX),
            request_id = self.id.as_str(),
            operation = self.operation.as_ref().map(|operation| operation.0.as_str()),
            "request"
        );
    }
}

/// Around every route.
pub(super) async fn observe(mut request: Request, next: Next) -> Response {
    let id = RequestId::of(request.headers());
    let mut entry = Entry {
        method: name(request.method()),
        // The route and not the path: a token that somebody put into a path shall not be logged either.
        path: request.extensions().get::<MatchedPath>().map_or("(none)", MatchedPath::as_str).to_owned(),
        id: id.clone(),
        started: Instant::now(),
        status: None,
        operation: None,
    };
    let span = tracing::info_span!("request", request_id = id.as_str());
    let header = HeaderValue::from_str(id.as_str());
    request.extensions_mut().insert(id);

    let mut response = next.run(request).instrument(span).await;

    entry.status = Some(response.status());
    entry.operation = response.extensions_mut().remove();
    let headers = response.headers_mut();
    if let Ok(header) = header {
        headers.insert(REQUEST_ID, header);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    for (name, value) in [(CACHE_CONTROL, "no-store"), (REFERRER_POLICY, "no-referrer")] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// A client may invent methods of any length.
fn name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        _ => "OTHER",
    }
}
