//! A GraphQL response into an HTTP response.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use async_graphql::{ServerError, Value};
use axum::body::{Body, Bytes, HttpBody};
use axum::http::header::{ALLOW, CONNECTION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use hyper::body::{Frame, SizeHint};
use serde::Serialize;

use super::negotiate::Media;
use super::observe::RequestId;
use crate::error::{Code, Error};
use crate::graphql::Answer;
use crate::json;
use crate::memory::Share;

/// A response without data: async-graphql would write `"data":null`, which says that something ran.
#[derive(Serialize)]
struct WithoutData<'a> {
    errors: &'a [ServerError],
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    extensions: &'a BTreeMap<String, Value>,
}

/// What the service answered, in the media type that the client takes.
pub(super) fn answer(media: Media, answer: Answer, id: &RequestId) -> Response {
    let Answer { response, refused, memory, .. } = answer;
    match refused.map(Code::status) {
        None => match body(&response, memory.as_ref().map_or(0, |share| share.written())) {
            Ok(body) => match memory.as_ref().map_or(Ok(()), |share| share.finish(body.len())) {
                Ok(()) => write(media, StatusCode::OK, taken(body, memory), response.http_headers),
                Err(error) => refuse(media, error),
            },
            Err(error) => {
                tracing::error!(%error, "a response could not be serialised");
                internal(media, id)
            }
        },
        // The legacy type has no statuses of its own: 200 says that the document was looked at.
        Some(400) if media == Media::Json => errors_alone(media, 200, &response, ""),
        // The service knows no method but GET that it would refuse: a mutation belongs into a POST.
        Some(status) => errors_alone(media, status, &response, "POST"),
    }
}

/// The JSON of what ran: the data, whose rows may be written already, then errors and extensions if there are any.
/// `text`: about how many bytes that will be.
fn body(response: &async_graphql::Response, text: usize) -> serde_json::Result<Vec<u8>> {
    let mut body = Vec::with_capacity(text + 256);
    body.extend_from_slice(b"{\"data\":");
    json::value(&mut body, &response.data);
    if !response.errors.is_empty() {
        body.extend_from_slice(b",\"errors\":");
        serde_json::to_writer(&mut body, &response.errors)?;
    }
    if !response.extensions.is_empty() {
        body.extend_from_slice(b",\"extensions\":");
        serde_json::to_writer(&mut body, &response.extensions)?;
    }
    body.push(b'}');
    Ok(body)
}

/// A request that did not get as far as the service, in the shape of a GraphQL response. Its status holds for both
/// media types.
pub(super) fn refuse(media: Media, error: Error) -> Response {
    let status = error.code().status();
    let mut response = errors_alone(media, status, &error.into_response(), "GET, POST");
    // Refused by its head, or amid its body: the rest may still be on its way, and would be taken for the next request
    // on the connection.
    if matches!(status, 401 | 403 | 405 | 406 | 408 | 413 | 415) {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// What [`refuse`] names the methods for.
pub(super) fn method_not_allowed() -> Error {
    Error::new(Code::MethodNotAllowed, "This method is not allowed here.")
}

/// 500: a bug of ours, which somebody will have to look up in the log.
pub(super) fn internal(media: Media, id: &RequestId) -> Response {
    let mut response = Error::new(Code::Internal, "internal error").into_response();
    for error in &mut response.errors {
        error.extensions.get_or_insert_default().set("requestId", id.as_str());
    }
    errors_alone(media, Code::Internal.status(), &response, "")
}

/// Errors without data, with the headers that their status asks for; `allow` is what a 405 names.
fn errors_alone(media: Media, status: u16, response: &async_graphql::Response, allow: &'static str) -> Response {
    let body = WithoutData { errors: &response.errors, extensions: &response.extensions };
    let body = serde_json::to_vec(&body).unwrap_or_default();
    let mut headers = response.http_headers.clone();
    match status {
        401 => drop(headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))),
        405 => drop(headers.insert(ALLOW, HeaderValue::from_static(allow))),
        503 => drop(headers.entry(RETRY_AFTER).or_insert(HeaderValue::from_static("1"))),
        _ => {}
    }
    write(media, StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), body.into(), headers)
}

/// A body that holds its share of the memory for as long as it is in memory: also what lies in the buffers of a
/// connection keeps the whole text alive.
fn taken(text: Vec<u8>, memory: Option<Arc<Share>>) -> Body {
    if text.len() <= CHUNK {
        return text.into();
    }
    Body::new(Taken(Bytes::from_owner(Held { text, _memory: memory })))
}

/// The most that is handed on at once: a request is over when its last piece is handed on.
const CHUNK: usize = 16 * 1024;

struct Held {
    text: Vec<u8>,
    /// Held for its drop alone.
    _memory: Option<Arc<Share>>,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.text
    }
}

/// What is not handed on yet.
struct Taken(Bytes);

impl HttpBody for Taken {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.0.is_empty() {
            return Poll::Ready(None);
        }
        let next = self.0.len().min(CHUNK);
        Poll::Ready(Some(Ok(Frame::data(self.0.split_to(next)))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(u64::try_from(self.0.len()).unwrap_or(u64::MAX))
    }
}

fn write(media: Media, status: StatusCode, body: Body, mut headers: HeaderMap) -> Response {
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media.content_type()));
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}
