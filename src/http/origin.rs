//! Browsers send cookies to whoever asks: a session cookie is taken from the pages of known origins only.

use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, COOKIE, ORIGIN};

use crate::error::{Code, Error};

/// The cookie that carries a browser's session.
const SESSION: &str = "__Host-skypanel";

/// Refuses a session cookie from a foreign origin (403), and one beside a token (400): which of them counts would be
/// a guess. Without the cookie there is nothing to forge, and any origin will do.
pub(super) fn check(headers: &HeaderMap, allowed: &[String]) -> Result<(), Error> {
    if !has_session(headers) {
        return Ok(());
    }
    if headers.contains_key(AUTHORIZATION) {
        return Err(Error::new(Code::BadUserInput, "Send a session cookie or Authorization, not both."));
    }
    let foreign = headers
        .get_all(ORIGIN)
        .iter()
        .any(|origin| !allowed.iter().any(|known| origin.as_bytes().eq_ignore_ascii_case(known.as_bytes())));
    if foreign {
        return Err(Error::new(Code::CsrfRejected, "The session cookie does not work from this origin."));
    }
    Ok(())
}

fn has_session(headers: &HeaderMap) -> bool {
    headers
        .get_all(COOKIE)
        .iter()
        .flat_map(|cookies| cookies.as_bytes().split(|byte| *byte == b';'))
        .filter_map(|cookie| cookie.split(|byte| *byte == b'=').next())
        .any(|name| name.trim_ascii() == SESSION.as_bytes())
}
