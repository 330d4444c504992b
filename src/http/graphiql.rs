//! GraphiQL, out of the binary: `GET /graphiql` and the files below it.
//!
//! `build.rs` decides what is embedded, the bundle or a small page. Neither loads anything from another host, and the
//! Content-Security-Policy holds them to it.

use axum::Router;
use axum::extract::Path;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
    REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

/// A file of the page.
struct Asset {
    name: &'static str,
    /// What the file is stored as, the smallest first.
    variants: &'static [Variant],
}

/// A file in one content coding.
struct Variant {
    encoding: &'static str,
    /// Quoted, and made of the bytes, so that it changes with them.
    etag: &'static str,
    bytes: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/graphiql_assets.rs"));

const IDENTITY: &str = "identity";

/// Everything from this origin; Monaco writes its own style elements and has its fonts in data URLs.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; \
    img-src 'self' data:; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The routes of the page.
pub fn router<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    Router::new()
        .route("/graphiql", get(async |headers: HeaderMap| answer("index.html", &headers)))
        .route("/graphiql/{file}", get(async |Path(name): Path<String>, headers: HeaderMap| answer(&name, &headers)))
}

fn answer(name: &str, request: &HeaderMap) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let Some(variant) = asset.variants.iter().find(|variant| accepts(request, variant.encoding)) else {
        return (StatusCode::NOT_ACCEPTABLE, [(VARY, "accept-encoding")]).into_response();
    };
    let mut response = if knows(request, variant.etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        variant.bytes.into_response()
    };
    describe(response.headers_mut(), asset, variant);
    response
}

fn describe(headers: &mut HeaderMap, asset: &Asset, variant: &Variant) {
    let mut set = |name: HeaderName, value| headers.insert(name, HeaderValue::from_static(value));
    set(CONTENT_TYPE, media_type(asset.name));
    set(CONTENT_SECURITY_POLICY, POLICY);
    set(X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(REFERRER_POLICY, "no-referrer");
    set(CACHE_CONTROL, "no-cache");
    set(ETAG, variant.etag);
    set(VARY, "accept-encoding");
    if variant.encoding != IDENTITY {
        set(CONTENT_ENCODING, variant.encoding);
    }
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.') {
        Some((_, "html")) => "text/html; charset=utf-8",
        Some((_, "js")) => "text/javascript; charset=utf-8",
        Some((_, "css")) => "text/css; charset=utf-8",
        Some((_, "ttf")) => "font/ttf",
        _ => "application/octet-stream",
    }
}

/// Whether the client takes a content coding. One that says nothing takes any; identity is always given.
fn accepts(request: &HeaderMap, encoding: &str) -> bool {
    if encoding == IDENTITY || !request.contains_key(ACCEPT_ENCODING) {
        return true;
    }
    let mut wildcard = false;
    for (coding, wanted) in items(request, &ACCEPT_ENCODING).map(weighed) {
        if coding.eq_ignore_ascii_case(encoding) {
            return wanted;
        }
        wildcard |= coding == "*" && wanted;
    }
    wildcard
}

/// A coding, and whether its weight is above zero.
fn weighed(item: &str) -> (&str, bool) {
    let Some((coding, parameter)) = item.split_once(';') else {
        return (item, true);
    };
    let weight = parameter.trim().trim_start_matches(['q', 'Q']).trim_start_matches('=');
    (coding.trim(), weight.parse::<f32>().is_ok_and(|weight| weight > 0.0))
}

/// Whether the client holds this very file. A proxy may have weakened the tag.
fn knows(request: &HeaderMap, etag: &str) -> bool {
    items(request, &IF_NONE_MATCH).any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
}

/// The members of a header that is a list.
fn items<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> + use<'a> {
    let lines = headers.get_all(name).into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(name: HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn the_page_loads_from_its_own_origin_only() {
        let page = answer("index.html", &HeaderMap::new());
        assert_eq!(page.status(), StatusCode::OK);
        assert_eq!(page.headers()[CONTENT_TYPE], "text/html; charset=utf-8");
        let policy = page.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none';"));
        assert!(!policy.contains("//"));
    }

    /// A proxy may serve all of it below a path of its own, which only the browser knows.
    #[test]
    fn every_name_in_the_page_is_relative_and_is_there() {
        let sources = [
            include_str!("../../web/graphiql/index.html"),
            include_str!("../../web/graphiql/fallback.html"),
            include_str!("../../web/graphiql/fallback.js"),
            include_str!("../../web/graphiql/src/main.js"),
            include_str!("../../web/graphiql/src/session.js"),
            include_str!("../../web/graphiql/src/workers.js"),
        ];
        for source in sources {
            let absolute = ["\"/", "'/", "`/"].iter().find_map(|start| source.split_once(start));
            assert_eq!(absolute.map(|(_, rest)| rest.split_whitespace().next()), None);
        }
        // Beside the page lies what it asks for: `graphql`, and below `graphiql/` its files.
        let page = ASSETS.iter().find(|asset| asset.name == "index.html").unwrap();
        let page = page.variants.iter().find(|variant| variant.encoding == IDENTITY).unwrap();
        let page = std::str::from_utf8(page.bytes).unwrap();
        let names: Vec<&str> = page.split("=\"graphiql/").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(!names.is_empty());
        for name in names {
            assert_eq!(answer(name, &HeaderMap::new()).status(), StatusCode::OK, "{name}");
        }
    }

    #[test]
    fn every_asset_is_served() {
        for asset in ASSETS {
            let response = answer(asset.name, &HeaderMap::new());
            assert_eq!(response.status(), StatusCode::OK, "{}", asset.name);
            assert_ne!(response.headers()[CONTENT_TYPE], "application/octet-stream", "{}", asset.name);
        }
    }

    #[test]
    fn other_names_are_not_found() {
        for name in ["", "nothing.js", "../Cargo.toml", "index.html.br"] {
            assert_eq!(answer(name, &HeaderMap::new()).status(), StatusCode::NOT_FOUND, "{name}");
        }
    }

    #[test]
    fn a_known_page_is_not_sent_again() {
        let page = answer("index.html", &HeaderMap::new());
        let etag = page.headers()[ETAG].to_str().unwrap();
        for tags in [etag.to_owned(), format!("W/{etag}"), format!("\"other\", {etag}"), "*".to_owned()] {
            let known = HeaderMap::from_iter([(IF_NONE_MATCH, tags.parse().unwrap())]);
            assert_eq!(answer("index.html", &known).status(), StatusCode::NOT_MODIFIED, "{tags}");
        }
        let other = request(IF_NONE_MATCH, "\"other\"");
        assert_eq!(answer("index.html", &other).status(), StatusCode::OK);
    }

    #[test]
    fn codings_are_negotiated() {
        let takes = |value, coding| accepts(&request(ACCEPT_ENCODING, value), coding);
        assert!(takes("gzip, deflate, br, zstd", "br"));
        assert!(takes("br;q=0.5", "br"));
        assert!(takes("*", "br"));
        assert!(takes("GZIP ; q=1", "gzip"));
        assert!(takes("identity;q=0", IDENTITY));
        assert!(!takes("gzip", "br"));
        assert!(!takes("br;q=0, *", "br"));
        assert!(!takes("br; q=0.000", "br"));
        assert!(!takes("*;q=0", "gzip"));
        assert!(!takes("", "gzip"));
        assert!(accepts(&HeaderMap::new(), "br"), "a client that says nothing takes anything");
    }
}
