//! Why a document was refused.

use async_graphql::Pos;

/// A document that does not reach async-graphql, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The class of the refusal.
    pub code: RefusalCode,
    /// One line for the client; it never quotes more than a name of the document.
    pub message: String,
    /// Where in the document, when there is one place.
    pub location: Option<Pos>,
}

/// The classes of refusals; [`RefusalCode::as_str`] is what a client sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalCode {
    /// The text is not GraphQL.
    ParseFailed,
    /// The document breaks a rule that holds whatever the numbers are.
    ValidationFailed,
    /// Too many bytes or tokens.
    TooLarge,
    /// Brackets, fields or fragments nested too deep.
    TooDeep,
    /// Too many selections, aliases, root fields or directives, or too dear.
    TooComplex,
    /// `operationName` names no operation, or none was named and there are several.
    UnknownOperation,
}

impl RefusalCode {
    /// The value of `extensions.code`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ParseFailed => "GRAPHQL_PARSE_FAILED",
            Self::ValidationFailed | Self::UnknownOperation => "GRAPHQL_VALIDATION_FAILED",
            Self::TooLarge => "QUERY_TOO_LARGE",
            Self::TooDeep => "QUERY_TOO_DEEP",
            Self::TooComplex => "QUERY_TOO_COMPLEX",
        }
    }
}

impl Refusal {
    pub(super) fn new(code: RefusalCode, message: impl Into<String>, location: Pos) -> Self {
        Self { code, message: message.into(), location: Some(location) }
    }

    pub(super) fn nowhere(code: RefusalCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), location: None }
    }
}

/// At most `limit` characters of `text`, so that an answer does not echo a whole document.
pub(super) fn shortened(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// A name of the document, fit for a message.
pub(super) fn name(text: &str) -> String {
    shortened(text, 60)
}
