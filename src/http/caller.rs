//! Who sends a request: the credential, the address, the program.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::header::{AUTHORIZATION, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use secrecy::SecretString;

use super::Proxies;
use crate::error::{Code, Error};
use crate::graphql::{Client, Credential};

/// User agents are stored with sessions; nobody reads more of them.
const USER_AGENT_CHARS: usize = 512;
/// Ours have 54 characters; anything near this is no token of ours.
const TOKEN_BYTES: usize = 512;

/// The token of the Authorization header, unchecked. Tokens elsewhere, above all in the URL, are ignored: URLs end up
/// in logs and histories. What is malformed is refused at the door, which knows what it comes with.
pub(super) fn credential(headers: &HeaderMap) -> Credential {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    match (values.next(), values.next()) {
        (None, _) => Credential::None,
        (Some(value), None) if let Some(token) = bearer(value) => Credential::Bearer(SecretString::from(token)),
        _ => {
            let message = "Authorization must be `Bearer` and one session token.";
            Credential::Malformed(Error::new(Code::Unauthenticated, message))
        }
    }
}

/// The token behind `Bearer`.
fn bearer(value: &HeaderValue) -> Option<&str> {
    let (scheme, token) = value.to_str().ok()?.trim().split_once(' ')?;
    let token = token.trim_start_matches(' ');
    (scheme.eq_ignore_ascii_case("bearer") && token.len() <= TOKEN_BYTES && is_token(token)).then_some(token)
}

/// The `token68` of RFC 9110.
fn is_token(text: &str) -> bool {
    let text = text.trim_end_matches('=');
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~+/".contains(&b))
}

/// The address and the program at the other end.
pub(super) fn client(parts: &Parts, trusted: &Proxies) -> Client {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_canonical());
    Client {
        ip: peer.map(|peer| address(peer, &parts.headers, trusted)),
        user_agent: parts
            .headers
            .get(USER_AGENT)
            .map(|agent| String::from_utf8_lossy(agent.as_bytes()).chars().take(USER_AGENT_CHARS).collect()),
    }
}

/// Each proxy appends the address it was called from. Read from the right, the first that is no proxy of ours is the
/// client; what stands left of it the client may have written itself.
fn address(peer: IpAddr, headers: &HeaderMap, trusted: &Proxies) -> IpAddr {
    let forwarded: Vec<&str> =
        headers.get_all("x-forwarded-for").iter().flat_map(|value| value.to_str().unwrap_or("?").split(',')).collect();
    if !forwarded.is_empty() && !trusted.contains(peer) {
        trusted.warn_of(peer);
    }
    let mut hop = peer;
    for entry in forwarded.into_iter().rev() {
        if !trusted.contains(hop) {
            break;
        }
        match parse(entry.trim()) {
            Some(previous) => hop = previous,
            None => break,
        }
    }
    hop
}

/// An address, with or without a port.
fn parse(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse::<IpAddr>().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|a| a.ip())).map(|ip| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn token(value: &'static str) -> Result<String, ()> {
        let headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static(value))]);
        match credential(&headers) {
            Credential::Bearer(token) => Ok(token.expose_secret().to_owned()),
            Credential::None | Credential::Malformed(_) => Err(()),
        }
    }

    #[test]
    fn only_a_bearer_token_is_a_credential() {
        assert_eq!(token("bEARER  sps_abc-1=="), Ok("sps_abc-1==".into()));
        for bad in ["Bearer", "Bearer ", "Bearer a b", "Basic YTpi", "abc", "", "Bearer =", "Bearer a,Bearer b"] {
            assert_eq!(token(bad), Err(()), "{bad}");
        }
    }

    /// What is logged, as it would be written.
    #[derive(Clone, Default)]
    struct Log(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

    impl std::io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_proxy_that_is_not_trusted_is_told_once() {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
        let mut headers = HeaderMap::new();
        let trusted = "10.0.0.1".parse().unwrap();
        tracing::subscriber::with_default(subscriber, || {
            address(IpAddr::from([9, 9, 9, 9]), &headers, &trusted);
            headers.insert("x-forwarded-for", HeaderValue::from_static("1.1.1.1"));
            for last in [1, 9, 9] {
                address(IpAddr::from([10, 0, 0, last]), &headers, &trusted);
            }
        });
        let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.matches("SKYPANEL_TRUSTED_PROXIES").count(), 1, "{text}");
        assert!(text.contains("peer=10.0.0.9"), "{text}");
    }

    #[test]
    fn forwarded_addresses_are_believed_behind_proxies_only() {
        let ip = |text: &str| parse(text).unwrap_or(IpAddr::from([0, 0, 0, 0]));
        let trusted = "10.0.0.0/30".parse().unwrap();
        for (peer, header, client) in [
            ("9.9.9.9", "1.1.1.1", "9.9.9.9"),
            ("10.0.0.1", "1.1.1.1", "1.1.1.1"),
            ("::ffff:10.0.0.1", "1.1.1.1", "1.1.1.1"),
            ("10.0.0.1", "6.6.6.6, 2.2.2.2, 10.0.0.2", "2.2.2.2"),
            ("10.0.0.1", "6.6.6.6, unknown, 10.0.0.2", "10.0.0.2"),
            ("10.0.0.1", "[2001:db8::1]:4711", "2001:db8::1"),
            ("10.0.0.1", "3.3.3.3:80", "3.3.3.3"),
            ("10.0.0.1", "", "10.0.0.1"),
        ] {
            let headers = HeaderMap::from_iter([(
                axum::http::HeaderName::from_static("x-forwarded-for"),
                HeaderValue::from_static(header),
            )]);
            assert_eq!(address(ip(peer), &headers, &trusted), ip(client), "{peer} {header}");
        }
    }
}
