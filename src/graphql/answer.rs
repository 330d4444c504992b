//! What comes out of the door.

use std::fmt::Write as _;
use std::sync::Arc;

use async_graphql::parser::types::OperationType;
use async_graphql::{PathSegment, Response, ServerError, Value};

use crate::error::{Code, Error};
use crate::memory::Share;

/// The answer to one request.
pub struct Answer {
    /// The data and the errors.
    pub response: Response,
    /// Why the request was refused as a whole; there is no data then. `None`: the resolvers ran, the data may be partial.
    pub refused: Option<Code>,
    /// How many levels were fetched, each in one round trip.
    pub levels: u64,
    /// What it holds in memory, until it was taken.
    pub memory: Option<Arc<Share>>,
}

impl Answer {
    /// What async-graphql answered: it also validates, and what it refuses then never ran.
    pub(super) fn executed(response: Response, operation: OperationType, levels: u64, memory: Arc<Share>) -> Self {
        // What a mutation has committed stays told, also when the database went away afterwards.
        let nothing_told = operation == OperationType::Query || !has_values(&response.data);
        let outage = response.errors.iter().filter_map(ServerError::source::<Error>).find(|e| e.code().is_outage());
        if let Some(outage) = outage.filter(|_| nothing_told) {
            return outage.clone().into();
        }
        let before_execution = response.data == Value::Null
            && !response.errors.is_empty()
            && response.errors.iter().all(|error| error.path.is_empty() && error.extensions.is_none());
        Self {
            response,
            refused: before_execution.then_some(Code::GraphqlValidationFailed),
            levels,
            memory: Some(memory),
        }
    }

    /// Gives every error a code, logs what is ours to mend, and cuts a long list, whose last error says so.
    pub(super) fn finish(mut self, request_id: &str, most: usize) -> Self {
        let default = self.refused.unwrap_or(Code::BadUserInput);
        let mut logged = Vec::new();
        for error in &mut self.response.errors {
            if code_of(error).is_none() {
                error.extensions.get_or_insert_default().set("code", default.as_str());
            }
            if let Some(path) = error.source::<Error>().and_then(Error::path) {
                error.path = path.to_vec();
            }
            report(error, request_id, &mut logged);
        }
        let more = self.response.errors.len().saturating_sub(most);
        self.response.errors.truncate(most);
        if let (Some(last), 1..) = (self.response.errors.last_mut(), more) {
            let _ = write!(last.message, " (And {more} more.)");
        }
        self
    }
}

/// Logs what lies beneath an error, once for each cause, however many fields it failed; the client gets
/// the name to look it up by.
fn report(error: &mut ServerError, request_id: &str, logged: &mut Vec<String>) {
    let internal = code_of(error) == Some(Code::Internal.as_str());
    if internal {
        error.extensions.get_or_insert_default().set("requestId", request_id);
    }
    let cause = error.source::<Error>().and_then(Error::cause).map(|cause| format!("{cause:?}"));
    let Some(cause) = cause.or_else(|| internal.then(|| error.message.clone())) else { return };
    if logged.contains(&cause) {
        return;
    }
    let path = dotted(&error.path);
    if internal {
        tracing::error!(request_id, path, cause, "internal error");
    } else {
        tracing::warn!(request_id, path, cause, "a request failed");
    }
    logged.push(cause);
}

/// A path as people write it: `viewer.servers.edges.0.node`.
fn dotted(path: &[PathSegment]) -> String {
    let segments = path.iter().map(|segment| match segment {
        PathSegment::Field(name) => name.clone(),
        PathSegment::Index(index) => index.to_string(),
    });
    segments.collect::<Vec<_>>().join(".")
}

/// The code of an error in an answer.
fn code_of(error: &ServerError) -> Option<&str> {
    match error.extensions.as_ref()?.get("code")? {
        Value::String(code) => Some(code),
        _ => None,
    }
}

fn has_values(data: &Value) -> bool {
    matches!(data, Value::Object(fields) if fields.values().any(|value| *value != Value::Null))
}

/// The whole request failed by this.
impl From<Error> for Answer {
    fn from(error: Error) -> Self {
        Self { refused: Some(error.code()), response: error.into_response(), levels: 0, memory: None }
    }
}
