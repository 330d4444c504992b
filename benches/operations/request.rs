//! A request as it goes over the wire.

use serde_json::{Value, json};

/// All bytes of a POST of a document.
pub fn post(token: &str, document: &str, variables: &Value) -> Vec<u8> {
    let body = json!({ "query": document, "variables": variables }).to_string();
    format!(
        "POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAccept: application/json\r\n\
         Authorization: Bearer {token}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// An id as the API writes it.
pub fn typed(kind: &str, uuid: &str) -> String {
    format!("{kind}_{}", uuid.replace('-', ""))
}
