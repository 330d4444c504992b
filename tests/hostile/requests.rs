//! Requests as they go over the wire.

use serde_json::json;

/// Whether the process lives.
pub const LIVEZ: &[u8] = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n";

/// What an honest person asks for.
pub const HONEST: &str = "{ viewer { username email roles { name } } }";

/// A POST of a document, by whoever holds the token.
pub fn post(token: &str, document: &str) -> Vec<u8> {
    let body = json!({ "query": document }).to_string();
    let mut request = head(&format!("Authorization: Bearer {token}\r\n"), body.len()).into_bytes();
    request.extend_from_slice(body.as_bytes());
    request
}

/// A POST of a document by a stranger.
pub fn anonymous(document: &str) -> Vec<u8> {
    let body = json!({ "query": document }).to_string();
    format!("{}{body}", head("", body.len())).into_bytes()
}

/// The head of a POST; `more` are further headers, each with its end of line.
pub fn head(more: &str, length: usize) -> String {
    format!(
        "POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Accept: application/graphql-response+json\r\n{more}Content-Length: {length}\r\n\r\n"
    )
}
