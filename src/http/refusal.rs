//! A request refused before it reaches GraphQL.

use std::borrow::Cow;

use async_graphql::Value;
use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;

use super::answer;
use super::negotiate::Media;
use super::observe::RequestId;
use crate::error::{self, Code};

/// A status, a code and a message that says what to do.
///
/// Messages are written here, never taken from a library: nothing inner can leak through them.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    code: Code,
    message: Cow<'static, str>,
    /// Set where somebody will have to look the request up in the log.
    request_id: Option<String>,
}

impl Refusal {
    pub(super) const NOWHERE: Self = Self::new(StatusCode::NOT_FOUND, Code::NotFound, "There is nothing at this path.");
    pub(super) const METHOD: Self =
        Self::new(StatusCode::METHOD_NOT_ALLOWED, Code::MethodNotAllowed, "This method is not allowed here.");
    pub(super) const NOT_ACCEPTABLE: Self = Self::new(
        StatusCode::NOT_ACCEPTABLE,
        Code::NotAcceptable,
        "Answers are application/graphql-response+json or application/json: name one of them in Accept.",
    );
    pub(super) const NOT_JSON: Self = Self::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Code::UnsupportedMediaType,
        "The body must be application/json in UTF-8, not compressed, with a Content-Type that says so.",
    );
    pub(super) const TOO_LARGE: Self =
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, Code::PayloadTooLarge, "The body is too large.");
    pub(super) const TOO_SLOW: Self =
        Self::new(StatusCode::REQUEST_TIMEOUT, Code::Timeout, "The body took too long to arrive.");
    pub(super) const OVERLOADED: Self = Self::new(
        StatusCode::SERVICE_UNAVAILABLE,
        Code::Overloaded,
        "Too many requests at once. Try again in a moment.",
    );
    pub(super) const PREFLIGHT: Self = Self::new(
        StatusCode::FORBIDDEN,
        Code::CsrfRejected,
        "A GET needs the header GraphQL-Require-Preflight, with any value.",
    );
    pub(super) const FOREIGN_ORIGIN: Self =
        Self::new(StatusCode::FORBIDDEN, Code::CsrfRejected, "The session cookie does not work from this origin.");
    pub(super) const BATCH: Self = Self::new(
        StatusCode::BAD_REQUEST,
        Code::BatchingDisabled,
        "A request is one JSON object: batches are not supported.",
    );
    pub(super) const VARIABLES_TOO_LARGE: Self =
        Self::new(StatusCode::BAD_REQUEST, Code::QueryTooLarge, "The variables or the extensions are too large.");
    pub(super) const CREDENTIAL: Self = Self::new(
        StatusCode::UNAUTHORIZED,
        Code::Unauthenticated,
        "Authorization must be `Bearer` and one session token.",
    );

    const fn new(status: StatusCode, code: Code, message: &'static str) -> Self {
        Self { status, code, message: Cow::Borrowed(message), request_id: None }
    }

    /// 400: the request is not a GraphQL request.
    pub(super) const fn input(message: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Code::BadUserInput, message)
    }

    /// 400, with the place where the JSON breaks.
    pub(super) fn broken_json(line: usize, column: usize) -> Self {
        let message = Cow::Owned(format!("The body is not valid JSON: line {line}, column {column}."));
        Self { message, ..Self::input("") }
    }

    /// 500: a bug of ours.
    pub(super) fn internal(id: &RequestId) -> Self {
        Self {
            request_id: Some(id.as_str().to_owned()),
            ..Self::new(StatusCode::INTERNAL_SERVER_ERROR, Code::Internal, "internal error")
        }
    }

    /// The refusal in the shape of a GraphQL response, without data. Its status holds for both media types.
    pub(super) fn respond(self, media: Media) -> Response {
        let mut response = error::refusal(self.code, &self.message);
        if let Some(id) = &self.request_id {
            for error in &mut response.errors {
                error.extensions.get_or_insert_default().set("requestId", Value::from(id.as_str()));
            }
        }
        let mut response = answer::refused(media, self.status, &response, "GET, POST");
        if self.leaves_the_body() {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }

    /// What is refused by its head alone: the body may still be on its way, and would be taken for the next
    /// request on the connection.
    fn leaves_the_body(&self) -> bool {
        matches!(self.status.as_u16(), 401 | 403 | 405 | 406 | 415)
    }
}
