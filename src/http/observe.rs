//! One line in the log for each request, and the headers that every answer carries.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::header::{CACHE_CONTROL, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use tracing::{Instrument, Level};
use uuid::Uuid;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The name of a request in logs, errors and the `x-request-id` header.
#[derive(Clone, Debug)]
pub(super) struct RequestId(HeaderValue);

impl RequestId {
    /// The caller's own id, so that its logs and ours can be joined, if nothing but a name can be in it; else a new one.
    fn of(headers: &HeaderMap) -> Self {
        let own = headers.get(REQUEST_ID).filter(|value| is_name(value.as_bytes(), b"._-"));
        own.map_or_else(Self::new, |id| Self(id.clone()))
    }

    /// In the shape of a UUID, but of a random number for the process and a counter: an id has to differ, not to be
    /// hard to guess.
    fn new() -> Self {
        static PROCESS: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one("request ids"));
        static COUNT: AtomicU64 = AtomicU64::new(1);
        let (process, count) = (*PROCESS, COUNT.fetch_add(1, Ordering::Relaxed));
        let id = Uuid::from_u64_pair(process, count);
        let id = uuid::Builder::from_custom_bytes(id.into_bytes()).into_uuid().to_string();
        Self(HeaderValue::try_from(id).unwrap_or(HeaderValue::from_static("unnamed")))
    }

    pub(super) fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }
}

/// An operation's name, left on a response for the log.
#[derive(Clone, Debug)]
pub(super) struct Operation(String);

impl Operation {
    /// `None` for what may be more than a name: the log is no place for a client's text.
    pub(super) fn harmless(name: &str) -> Option<Self> {
        (is_logging() && is_name(name.as_bytes(), b"_")).then(|| Self(name.to_owned()))
    }
}

fn is_name(text: &[u8], marks: &[u8]) -> bool {
    (1..=64).contains(&text.len()) && text.iter().all(|b| b.is_ascii_alphanumeric() || marks.contains(b))
}

/// Whether requests are logged at all; if not, nothing is prepared for it.
fn is_logging() -> bool {
    tracing::enabled!(Level::INFO)
}

/// Written when it is dropped, so that a request whose client went away is logged too.
struct Entry {
    method: &'static str,
    path: Option<MatchedPath>,
    id: RequestId,
    started: Instant,
    status: Option<StatusCode>,
    operation: Option<Operation>,
}

impl Drop for Entry {
    fn drop(&mut self) {
        tracing::info!(
            method = self.method,
            // The route and not the path: a token that somebody put into a path shall not be logged either.
            path = self.path.as_ref().map_or("(none)", MatchedPath::as_str),
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
    let mut entry = is_logging().then(|| Entry {
        method: name(request.method()),
        path: request.extensions().get().cloned(),
        id: id.clone(),
        started: Instant::now(),
        status: None,
        operation: None,
    });
    let span = tracing::info_span!("request", request_id = id.as_str());
    request.extensions_mut().insert(id.clone());

    let mut response = next.run(request).instrument(span).await;

    if let Some(entry) = &mut entry {
        entry.status = Some(response.status());
        entry.operation = response.extensions_mut().remove();
    }
    let headers = response.headers_mut();
    headers.insert(REQUEST_ID, id.0);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn id(own: &'static [u8]) -> RequestId {
        RequestId::of(&HeaderMap::from_iter([(REQUEST_ID, HeaderValue::from_bytes(own).unwrap())]))
    }

    #[test]
    fn a_request_keeps_the_name_that_its_caller_gave_it() {
        assert_eq!(id(b"a.B_9-z").as_str(), "a.B_9-z");
        for bad in [&b""[..], b"a b", b"a\"", b"\xe9", &[b'a'; 65]] {
            assert_eq!(id(bad).as_str().len(), 36, "{bad:?}");
        }
    }

    #[test]
    fn new_names_differ_and_look_like_those_of_the_process() {
        let (one, other) = (RequestId::of(&HeaderMap::new()), RequestId::of(&HeaderMap::new()));
        assert_ne!(one.as_str(), other.as_str());
        assert_eq!(one.as_str()[..18], other.as_str()[..18]);
        let uuid = Uuid::parse_str(one.as_str()).unwrap();
        assert_eq!(uuid.get_version_num(), 8);
    }
}
