//! `/graphql`.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use futures_util::FutureExt;

use super::negotiate::{self, Media};
use super::observe::{Operation, RequestId};
use super::{AppState, answer, caller, origin, payload};
use crate::error::{Code, Error};
use crate::graphql::Call;

/// Browsers ask the server before they send a header of this kind to another site, and we never agree.
const PREFLIGHT: &str = "graphql-require-preflight";

/// Any method: what is neither GET nor POST is told so in the shape of a GraphQL error. (HEAD is not GET here: it would
/// run a query for nothing.)
pub(super) async fn endpoint(
    State(state): State<Arc<AppState>>,
    Extension(id): Extension<RequestId>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let Some(media) = Media::accepted(&parts.headers) else {
        let message = "Answers are application/graphql-response+json or application/json: name one of them in Accept.";
        return answer::refuse(Media::Json, Error::new(Code::NotAcceptable, message));
    };
    run(&state, &parts, body, media, &id).await.unwrap_or_else(|error| answer::refuse(media, error))
}

async fn run(state: &AppState, parts: &Parts, body: Body, media: Media, id: &RequestId) -> Result<Response, Error> {
    let settings = &state.settings;
    let read_only = reads_only(&parts.method, &parts.headers)?;
    origin::check(&parts.headers, &settings.allowed_origins)?;
    let credential = caller::credential(&parts.headers);

    let text = if read_only { None } else { Some(state.bodies.read(body).await?) };
    let client = caller::client(parts, &settings.trusted_proxies);
    let _place = state.concurrency.acquire(client.ip).await?;
    let request = match &text {
        Some(text) => payload::from_json(text.as_slice(), settings.limits.variables_bytes)?,
        None => payload::from_uri(&parts.uri, settings.limits.variables_bytes)?,
    };
    drop(text);

    let operation = request.operation_name.as_deref().and_then(Operation::harmless);
    let call = Call { request, credential, client, request_id: id.as_str().to_owned(), read_only };
    // A panic in a resolver is this request's misfortune alone. What it left half done belongs to the execution, which
    // is dropped with it; nothing shared is seen half changed, hence the assertion.
    let mut response = if let Ok(answer) = AssertUnwindSafe(state.service.execute(call)).catch_unwind().await {
        answer::answer(media, answer, id)
    } else {
        tracing::error!("the execution panicked");
        answer::internal(media, id)
    };
    if let Some(operation) = operation {
        response.extensions_mut().insert(operation);
    }
    Ok(response)
}

/// Whether only queries may run. Refuses what a page of another site could send without asking: a POST that is not
/// JSON, a GET without the header.
fn reads_only(method: &Method, headers: &HeaderMap) -> Result<bool, Error> {
    let json = negotiate::is_json(headers);
    match *method {
        Method::POST if json => Ok(false),
        Method::POST => Err(Error::new(
            Code::UnsupportedMediaType,
            "The body must be application/json in UTF-8, not compressed, with a Content-Type that says so.",
        )),
        Method::GET if json || headers.contains_key(PREFLIGHT) => Ok(true),
        Method::GET => {
            Err(Error::new(Code::CsrfRejected, "A GET needs the header GraphQL-Require-Preflight, with any value."))
        }
        _ => Err(answer::method_not_allowed()),
    }
}
