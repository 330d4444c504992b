//! A GraphQL response into an HTTP response.

use std::collections::BTreeMap;

use async_graphql::{ServerError, Value};
use axum::body::Body;
use axum::http::header::{ALLOW, CONNECTION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use serde::Serialize;

use super::negotiate::Media;
use super::observe::RequestId;
use super::refusal::Refusal;
use crate::graphql::{Answer, Outcome};
use crate::json;

/// A response without data: async-graphql would write `"data":null`, which says that something ran.
#[derive(Serialize)]
struct WithoutData<'a> {
    errors: &'a [ServerError],
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    extensions: &'a BTreeMap<String, Value>,
}

/// What the service answered, in the media type that the client takes.
pub(super) fn answer(media: Media, answer: Answer, id: &RequestId) -> Response {
    let Answer { response, outcome, .. } = answer;
    match outcome {
        Outcome::Executed => match body(&response) {
            Ok(body) => write(media, StatusCode::OK, body, response.http_headers),
            Err(error) => {
                tracing::error!(%error, "a response could not be serialised");
                Refusal::internal(id).respond(media)
            }
        },
        // The legacy type has no statuses of its own: 200 says that the document was looked at.
        Outcome::Refused(400) if media == Media::Json => refused(media, StatusCode::OK, &response, ""),
        Outcome::Refused(status) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            // The service knows no method but GET that it would refuse: a mutation belongs into a POST.
            refused(media, status, &response, "POST")
        }
    }
}

/// The JSON of what ran: the data, whose rows may be written already, then errors and extensions if there are any.
fn body(response: &async_graphql::Response) -> serde_json::Result<Vec<u8>> {
    let mut body = b"{\"data\":".to_vec();
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

/// Errors alone, with the headers that their status asks for; `allow` is what a 405 names.
pub(super) fn refused(
    media: Media,
    status: StatusCode,
    response: &async_graphql::Response,
    allow: &'static str,
) -> Response {
    let body = WithoutData { errors: &response.errors, extensions: &response.extensions };
    let body = serde_json::to_vec(&body).unwrap_or_default();
    let mut headers = response.http_headers.clone();
    match status {
        StatusCode::UNAUTHORIZED => {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        StatusCode::METHOD_NOT_ALLOWED => {
            headers.insert(ALLOW, HeaderValue::from_static(allow));
        }
        StatusCode::SERVICE_UNAVAILABLE => {
            headers.entry(RETRY_AFTER).or_insert(HeaderValue::from_static("1"));
        }
        // The rest of the body is still on its way: the connection cannot be used again.
        StatusCode::REQUEST_TIMEOUT | StatusCode::PAYLOAD_TOO_LARGE => {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        _ => {}
    }
    write(media, status, body, headers)
}

fn write(media: Media, status: StatusCode, body: Vec<u8>, mut headers: HeaderMap) -> Response {
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media.content_type()));
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}
