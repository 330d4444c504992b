//! What has to hold of a request's head, whatever it asks for.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Request};
use axum::http::header::{CONNECTION, HOST, TRANSFER_ENCODING};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Version};
use axum::middleware::Next;
use axum::response::Response;

use super::answer;
use super::negotiate::Media;
use crate::error::{Code, Error};

/// More than the largest document takes by GET, percent-encoded as browsers do it.
const TARGET_BYTES: usize = 32 * 1024;

/// Marks the requests of a connection beyond the bound: only probes are answered there.
#[derive(Clone)]
pub(super) struct Crowded;

/// Around every route. What is refused ends its connection: where the next request begins would be a guess.
pub(super) async fn check(request: Request, next: Next) -> Response {
    // Without a peer it came from within the program, as a value and not as bytes.
    let is_wired = request.extensions().get::<ConnectInfo<SocketAddr>>().is_some();
    let fault = is_wired.then(|| fault(&request)).flatten();
    let Some(error) = fault else { return next.run(request).await };
    let mut response = answer::refuse(Media::Json, error);
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

fn fault(request: &Request) -> Option<Error> {
    let headers = request.headers();
    if request.uri().path_and_query().is_some_and(|target| target.as_str().len() > TARGET_BYTES) {
        return Some(Error::new(Code::TargetTooLong, "The URL is too long. Send the query by POST."));
    }
    if !has_host(headers, request.version()) {
        return Some(Error::new(
            Code::BadUserInput,
            "A request needs one Host header, with a host and perhaps a port.",
        ));
    }
    if headers.get_all(TRANSFER_ENCODING).iter().any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"chunked")) {
        return Some(Error::new(
            Code::CodingNotImplemented,
            "Transfer-Encoding may be chunked alone. Send the body as it is.",
        ));
    }
    let is_probe = matches!(request.uri().path(), "/livez" | "/readyz");
    (request.extensions().get::<Crowded>().is_some() && !is_probe).then(Error::overloaded)
}

/// RFC 9112: a server answers 400 to a request of HTTP/1.1 without exactly one valid Host.
fn has_host(headers: &HeaderMap, version: Version) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) => version == Version::HTTP_10,
        (Some(host), None) => is_host(host),
        (Some(_), Some(_)) => false,
    }
}

/// A name or an address, and perhaps a port: no user, and no port that is none.
fn is_host(value: &HeaderValue) -> bool {
    let Ok(authority) = Authority::try_from(value.as_bytes()) else { return false };
    let (host, port) = (authority.host(), authority.port_u16());
    let whole = port.map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    !host.is_empty() && authority.as_str() == whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_or_an_address_with_perhaps_a_port() {
        for (host, valid) in [
            ("panel.example", true),
            ("panel.example:8080", true),
            ("127.0.0.1:80", true),
            ("[::1]:80", true),
            ("[::1]", true),
            ("localhost", true),
            ("", false),
            (":80", false),
            ("a b", false),
            ("a/b", false),
            ("http://a", false),
            ("user@a", false),
            ("a:b", false),
            ("a:99999", false),
            ("a, b", false),
            ("<script>", false),
            ("[::1", false),
        ] {
            assert_eq!(is_host(&HeaderValue::from_static(host)), valid, "{host}");
        }
    }
}
