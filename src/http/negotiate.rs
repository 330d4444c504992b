//! Media types: which one the client takes, and whether it sends JSON.

use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE};

/// The two media types of GraphQL answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Media {
    /// `application/graphql-response+json`: the status tells the outcome.
    Graphql,
    /// `application/json`: for clients that are older than the specification.
    Json,
}

/// How well a media range fits one of our types, compared field by field: wish, then specificity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Match {
    /// The q-value in thousandths.
    quality: u16,
    specificity: Specificity,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Specificity {
    Anything,
    Application,
    Exact,
}

impl Media {
    /// The best of our types for this Accept; `None` when the client takes neither.
    ///
    /// Without a usable Accept, and for wildcards alone, it is `application/json`, as the specification asks.
    pub(super) fn accepted(headers: &HeaderMap) -> Option<Self> {
        let ranges: Vec<Range<'_>> = headers
            .get_all(ACCEPT)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(Range::parse)
            .collect();
        if ranges.is_empty() {
            return Some(Self::Json);
        }
        let graphql = Self::Graphql.best_match(&ranges);
        let json = Self::Json.best_match(&ranges);
        match (graphql, json) {
            (None, None) => None,
            // Named both and wanted alike, the type whose statuses mean something wins.
            (Some(graphql), Some(json)) if graphql == json && json.specificity == Specificity::Exact => {
                Some(Self::Graphql)
            }
            (graphql, json) if graphql > json => Some(Self::Graphql),
            _ => Some(Self::Json),
        }
    }

    /// The header of an answer of this type.
    pub(super) const fn content_type(self) -> &'static str {
        match self {
            Self::Graphql => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }

    const fn subtype(self) -> &'static str {
        match self {
            Self::Graphql => "graphql-response+json",
            Self::Json => "json",
        }
    }

    /// The closest range decides, even when a wider one has a higher q: that is how a type is excluded.
    fn best_match(self, ranges: &[Range<'_>]) -> Option<Match> {
        ranges
            .iter()
            .filter_map(|range| Some((range.specificity(self)?, range.quality)))
            .max()
            .filter(|(_, quality)| *quality > 0)
            .map(|(specificity, quality)| Match { quality, specificity })
    }
}

/// One element of an Accept header.
struct Range<'a> {
    kind: &'a str,
    subtype: &'a str,
    quality: u16,
}

impl<'a> Range<'a> {
    /// `None` for what is no media range, or asks for another charset than UTF-8: it then matches nothing.
    fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.split(';');
        let (kind, subtype) = parts.next()?.trim().split_once('/')?;
        let mut quality = 1000;
        for part in parts {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let value = value.trim();
            match name.trim() {
                name if name.eq_ignore_ascii_case("q") => quality = thousandths(value)?,
                name if name.eq_ignore_ascii_case("charset") && !is_utf8(value) => return None,
                _ => {}
            }
        }
        Some(Self { kind, subtype, quality })
    }

    fn specificity(&self, media: Media) -> Option<Specificity> {
        let application = self.kind.eq_ignore_ascii_case("application");
        match (self.kind, self.subtype) {
            ("*", "*") => Some(Specificity::Anything),
            (_, "*") if application => Some(Specificity::Application),
            (_, subtype) if application && subtype.eq_ignore_ascii_case(media.subtype()) => Some(Specificity::Exact),
            _ => None,
        }
    }
}

/// A q-value: 0 to 1 with at most three decimals.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if !matches!(whole, "0" | "1") || decimals.len() > 3 || !decimals.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    format!("{whole}{decimals:0<3}").parse().ok().filter(|q| *q <= 1000)
}

/// Whether the body is said to be JSON, in UTF-8 and not compressed.
///
/// No other type is guessed at: a page of another site may send text/plain and forms without asking.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (types.next(), types.next()) else {
        return false;
    };
    let Ok(value) = value.to_str() else {
        return false;
    };
    let mut parts = value.split(';');
    let json = parts.next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"));
    let charset = parts.all(|part| match part.split_once('=') {
        Some((name, charset)) if name.trim().eq_ignore_ascii_case("charset") => is_utf8(charset.trim()),
        _ => true,
    });
    let plain =
        headers.get_all(CONTENT_ENCODING).iter().all(|coding| coding.as_bytes().eq_ignore_ascii_case(b"identity"));
    json && charset && plain
}

fn is_utf8(charset: &str) -> bool {
    let charset = charset.trim_matches('"');
    charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("utf8")
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn with(name: HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn accept_is_negotiated_with_q_values() {
        for (accept, media) in [
            ("", Some(Media::Json)),
            ("*/*", Some(Media::Json)),
            ("application/*", Some(Media::Json)),
            ("application/json", Some(Media::Json)),
            ("APPLICATION/GraphQL-Response+JSON; charset=UTF-8", Some(Media::Graphql)),
            ("application/json, application/graphql-response+json", Some(Media::Graphql)),
            ("application/graphql-response+json;q=0.1, application/json", Some(Media::Json)),
            ("application/graphql-response+json, application/json;q=0.9", Some(Media::Graphql)),
            ("application/graphql-response+json, */*", Some(Media::Graphql)),
            ("application/json;q=0.5, */*;q=0.1", Some(Media::Json)),
            ("application/json;q=0, */*", Some(Media::Graphql)),
            ("text/html, */*;q=0.8", Some(Media::Json)),
            ("application/json;q=2", Some(Media::Json)),
            ("application/json;q=0.000", None),
            ("image/png", None),
            ("application/json;charset=latin1, text/html", None),
        ] {
            assert_eq!(Media::accepted(&with(ACCEPT, accept)), media, "{accept}");
        }
        assert_eq!(Media::accepted(&HeaderMap::new()), Some(Media::Json));
    }

    #[test]
    fn only_json_in_utf8_is_json() {
        for (kind, json) in [
            ("application/json", true),
            ("Application/JSON ; Charset=\"UTF-8\"", true),
            ("application/json; charset=iso-8859-1", false),
            ("application/json, text/plain", false),
            ("text/plain; application/json", false),
            ("application/jsonp", false),
            ("application/x-www-form-urlencoded", false),
            ("", false),
        ] {
            assert_eq!(is_json(&with(CONTENT_TYPE, kind)), json, "{kind}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }
}
