//! What comes out of the door.

use async_graphql::parser::types::OperationType;
use async_graphql::{Response, ServerError, Value};

use super::guard::{Refusal, RefusalCode};
use crate::error::{Code, Error, code_of};

/// The answer to one request.
pub struct Answer {
    /// The data and the errors.
    pub response: Response,
    /// How it came about.
    pub outcome: Outcome,
    /// How many levels were fetched, each in one round trip.
    pub levels: u64,
}

/// How an answer came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The resolvers ran; the data may be partial.
    Executed,
    /// Refused as a whole, with this HTTP status; there is no data.
    Refused(u16),
}

impl Answer {
    /// The whole request failed by this.
    pub(super) fn refused(error: Error) -> Self {
        let outcome = Outcome::Refused(error.code().status());
        Self { response: error.into_response(), outcome, levels: 0 }
    }

    /// What async-graphql answered: it also validates, and what it refuses then never ran.
    pub(super) fn executed(response: Response, operation: OperationType, levels: u64) -> Self {
        // What a mutation has committed stays told, also when the database went away afterwards.
        let nothing_told = operation == OperationType::Query || !has_values(&response.data);
        let outage = response.errors.iter().filter_map(ServerError::source::<Error>).find(|e| e.code().is_outage());
        if let Some(outage) = outage.filter(|_| nothing_told) {
            return Self::refused(outage.clone());
        }
        let before_execution = response.data == Value::Null
            && !response.errors.is_empty()
            && response.errors.iter().all(|error| error.path.is_empty() && error.extensions.is_none());
        let outcome = if before_execution { Outcome::Refused(400) } else { Outcome::Executed };
        Self { response, outcome, levels }
    }

    /// Gives every error a code, logs what is ours to mend, and cuts a long list.
    pub(super) fn finish(mut self, request_id: &str, most: usize) -> Self {
        let default = match self.outcome {
            Outcome::Refused(_) => Code::GraphqlValidationFailed,
            Outcome::Executed => Code::BadUserInput,
        };
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
        self.response.errors.truncate(most);
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
    let path: Vec<String> = error.path.iter().map(|segment| format!("{segment:?}")).collect();
    if internal {
        tracing::error!(request_id, path = path.join("."), cause, "internal error");
    } else {
        tracing::warn!(request_id, path = path.join("."), cause, "a request failed");
    }
    logged.push(cause);
}

fn has_values(data: &Value) -> bool {
    matches!(data, Value::Object(fields) if fields.values().any(|value| *value != Value::Null))
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let code = match refusal.code {
            RefusalCode::ParseFailed => Code::GraphqlParseFailed,
            RefusalCode::ValidationFailed | RefusalCode::UnknownOperation => Code::GraphqlValidationFailed,
            RefusalCode::TooLarge => Code::QueryTooLarge,
            RefusalCode::TooDeep => Code::QueryTooDeep,
            RefusalCode::TooComplex => Code::QueryTooComplex,
        };
        Self::new(code, refusal.message).at(refusal.location)
    }
}
