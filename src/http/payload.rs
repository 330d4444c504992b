//! A POST body or a query string into a GraphQL request.

use std::io;

use async_graphql::{Extensions, Request, Variables};
use axum::extract::Query;
use axum::http::Uri;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::error::{Code, Error};

/// The parameters of GraphQL over HTTP, and of its draft, not yet checked. A key that comes twice is refused: two parsers may
/// disagree about which one counts. Unknown keys are skipped, as the specification asks.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    #[serde(default)]
    query: Option<Value>,
    #[serde(default)]
    operation_name: Option<Value>,
    #[serde(default)]
    variables: Option<Value>,
    #[serde(default)]
    extensions: Option<Value>,
    #[serde(default)]
    on_error: Option<Value>,
}

/// 400: this is not a GraphQL request. Messages are written here, never taken from a library.
fn input(message: impl Into<String>) -> Error {
    Error::new(Code::BadUserInput, message)
}

/// The request of a POST. `bound` is the size of variables, and of extensions, as compact JSON.
pub(super) fn from_json(body: &[u8], bound: usize) -> Result<Request, Error> {
    if body.trim_ascii_start().first() == Some(&b'[') {
        return Err(Error::new(Code::BatchingDisabled, "A request is one JSON object: batches are not supported."));
    }
    match serde_json::from_slice::<Payload>(body) {
        Ok(payload) => payload.check(bound),
        Err(error) if error.is_data() => Err(not_an_object_or_doubled(body)),
        Err(error) => {
            Err(input(format!("The body is not valid JSON: line {}, column {}.", error.line(), error.column())))
        }
    }
}

/// `serde_json` stops at the first surprise and names our types: look once more, to say it in the client's words.
fn not_an_object_or_doubled(body: &[u8]) -> Error {
    if body.trim_ascii_start().first() != Some(&b'{') {
        return input("The body must be a JSON object with a query.");
    }
    match serde_json::from_slice::<IgnoredAny>(body) {
        Ok(_) => input("A parameter of the request stands there twice."),
        Err(_) => input("The body is not valid JSON."),
    }
}

/// The request of a GET. Empty parameters are absent ones; what is no parameter of GraphQL is ignored.
pub(super) fn from_uri(uri: &Uri, bound: usize) -> Result<Request, Error> {
    let Query(pairs) =
        Query::<Vec<(String, String)>>::try_from_uri(uri).map_err(|_| input("The query string is not valid."))?;
    let mut payload = Payload::default();
    for (name, text) in pairs.into_iter().filter(|(_, text)| !text.is_empty()) {
        let (place, value) = match name.as_str() {
            "query" => (&mut payload.query, Value::String(text)),
            "operationName" => (&mut payload.operation_name, Value::String(text)),
            "variables" => (&mut payload.variables, json(&text, "`variables` is not valid JSON.")?),
            "extensions" => (&mut payload.extensions, json(&text, "`extensions` is not valid JSON.")?),
            "onError" => (&mut payload.on_error, Value::String(text)),
            _ => continue,
        };
        if place.replace(value).is_some() {
            return Err(input("A parameter of the request stands there twice."));
        }
    }
    payload.check(bound)
}

fn json(text: &str, message: &'static str) -> Result<Value, Error> {
    serde_json::from_str(text).map_err(|_| input(message))
}

impl Payload {
    fn check(self, bound: usize) -> Result<Request, Error> {
        let Some(Value::String(query)) = self.query else {
            return Err(input("`query` must be a string."));
        };
        let mut request = Request::new(query);
        request.operation_name = match self.operation_name {
            None | Some(Value::Null) => None,
            Some(Value::String(name)) => Some(name),
            Some(_) => return Err(input("`operationName` must be a string.")),
        };
        request.variables = match self.variables {
            None | Some(Value::Null) => Variables::default(),
            Some(variables @ Value::Object(_)) => Variables::from_json(within(bound, variables)?),
            Some(_) => return Err(input("`variables` must be an object.")),
        };
        request.extensions = match self.extensions {
            None | Some(Value::Null) => Extensions::default(),
            Some(extensions @ Value::Object(_)) => serde_json::from_value(within(bound, extensions)?)
                .map_err(|_| input("`extensions` must be an object."))?,
            Some(_) => return Err(input("`extensions` must be an object.")),
        };
        // A client that wants errors handled otherwise would take a null for a value.
        match self.on_error {
            None => Ok(request),
            Some(Value::String(how)) if how == "PROPAGATE" => Ok(request),
            Some(_) => Err(input(
                "`onError` must be \"PROPAGATE\" or left out: an error takes its field to the nearest nullable parent.",
            )),
        }
    }
}

/// The value, if its compact JSON is within the bound.
fn within(bound: usize, value: Value) -> Result<Value, Error> {
    match serde_json::to_writer(ByteBudget(bound), &value) {
        Ok(()) => Ok(value),
        Err(_) => Err(Error::new(Code::QueryTooLarge, "The variables or the extensions are too large.")),
    }
}

/// Counts what is written and keeps none of it.
struct ByteBudget(usize);

impl io::Write for ByteBudget {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::FileTooLarge)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_graphql_request_is_refused() {
        let deep = format!(r#"{{"query":"{{a}}","variables":{{"a":{}1{}}}}}"#, "[".repeat(500), "]".repeat(500));
        let wide = format!(r#"{{"query":"{{a}}","variables":{{"a":"{}"}}}}"#, "x".repeat(100));
        for bad in [
            "",
            " ",
            "null",
            "42",
            "\"x\"",
            "[]",
            " [{\"query\":\"{a}\"}]",
            "{",
            "{\"quer",
            "{}",
            "{\"query\":1}",
            r#"{"query":null}"#,
            r#"{"qeury":"{a}"}"#,
            r#"{"query":"{a}","query":"{b}"}"#,
            r#"{"query":"{a}"} x"#,
            r#"{"query":"{a}","variables":"x"}"#,
            r#"{"query":"{a}","variables":[]}"#,
            r#"{"query":"{a}","operationName":{}}"#,
            r#"{"query":"{a}","extensions":0}"#,
            r#"{"query":"{a}","onError":"NULL"}"#,
            r#"{"query":"{a}","onError":false}"#,
            r#"{"query":"{a}","variables":{"a":"\ud800"}}"#,
            &deep,
            &wide,
        ] {
            assert!(from_json(bad.as_bytes(), 64).is_err(), "{bad}");
        }
        assert!(from_json(b"{\"query\":\"\xff\"}", 64).is_err());
    }

    #[test]
    fn a_request_is_read_from_json_and_from_a_query_string() {
        let body =
            br#"{"query":"{a}","operationName":"A","variables":{"a":[1,null]},"extensions":{"x":{}},"onError":"PROPAGATE","more":[1]}"#;
        let json =
            from_json(body, 64).ok().map(|r| (r.query, r.operation_name, r.variables.to_string(), r.extensions.len()));
        assert_eq!(json, Some(("{a}".into(), Some("A".into()), "{a: [1, null]}".into(), 1)));
        let uri = Uri::from_static(
            "/graphql?query=%7Ba%7D&operationName=A&variables=%7B%22a%22:1%7D&extensions=&onError=PROPAGATE&access_token=x",
        );
        let get =
            from_uri(&uri, 64).ok().map(|r| (r.query, r.operation_name, r.variables.to_string(), r.extensions.len()));
        assert_eq!(get, Some(("{a}".into(), Some("A".into()), "{a: 1}".into(), 0)));
        for bad in [
            "/graphql",
            "/graphql?query=",
            "/graphql?query=a&query=b",
            "/graphql?query=a&variables=%5B",
            "/graphql?query=a&onError=NULL",
        ] {
            assert!(from_uri(&Uri::from_static(bad), 64).is_err(), "{bad}");
        }
    }
}
