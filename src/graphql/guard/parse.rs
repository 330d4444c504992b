//! Parsing, with errors that fit one line.

use super::quote::shortened;
use crate::error::{Code, Error};
use async_graphql::parser::types::ExecutableDocument;
use async_graphql::parser::{self, parse_query};

/// Parses a text that the scanner has passed. Type definitions are no part of an executable
/// document: the grammar refuses them.
pub(super) fn parse(text: &str) -> Result<ExecutableDocument, Error> {
    parse_query(text).map_err(|error| {
        let location = error.positions().next();
        let (code, message) = match &error {
            parser::Error::Syntax { message, .. } => (Code::GraphqlParseFailed, one_line(message)),
            parser::Error::RecursionLimitExceeded => (Code::QueryTooDeep, "selections are nested too deep".to_owned()),
            other => (Code::GraphqlValidationFailed, shortened(&other.to_string(), 200)),
        };
        let refused = Error::new(code, message);
        location.into_iter().fold(refused, Error::at)
    })
}

/// The sentence under pest's drawing of the source, in words instead of names of rules.
fn one_line(message: &str) -> String {
    let sentence = message.lines().next_back().unwrap_or_default().trim();
    let sentence = sentence.strip_prefix("= ").unwrap_or(sentence);
    let sentence = sentence.replace("EOI", "the end of the document").replace("type_,", "type,").replace('_', " ");
    shortened(&format!("Syntax error: {}", sentence.trim_end()), 200)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graphql::guard::tests::location;
    use async_graphql::Pos;

    fn refusal(text: &str) -> Error {
        match parse(text) {
            Ok(_) => panic!("{text} parses"),
            Err(refusal) => refusal,
        }
    }

    #[test]
    fn a_syntax_error_is_one_line_with_its_place() {
        let refused = refusal("{\n  a(\n}");
        assert_eq!(refused.code(), Code::GraphqlParseFailed);
        assert_eq!(refused.message(), "Syntax error: expected name");
        assert_eq!(location(&refused), Some(Pos { line: 3, column: 1 }));
        for text in ["", "{", "{ a } }", "query ($a: [Int) { a }", "{ a(x: 1e999999) }"] {
            let refused = refusal(text);
            assert_eq!(refused.code(), Code::GraphqlParseFailed, "{text}");
            assert!(location(&refused).is_some(), "{text}");
            let message = refused.message();
            assert!(message.starts_with("Syntax error: "), "{message}");
            assert!(message.chars().count() <= 201, "{message}");
            assert!(!message.contains(['\n', '|', '_']), "{message}");
        }
    }

    #[test]
    fn definitions_of_types_and_descriptions_are_refused() {
        for text in [
            "type A { a: Int }",
            "{ a } type A { a: Int }",
            "extend type Query { a: Int }",
            "schema { query: Q }",
            "scalar A",
            "directive @a on FIELD",
            "\"about\" query { a }",
        ] {
            let refused = refusal(text);
            assert_eq!(refused.code(), Code::GraphqlParseFailed, "{text}");
            assert!(refused.message().ends_with("executable definition"), "{}", refused.message());
        }
    }

    #[test]
    fn names_are_unique_and_an_anonymous_operation_is_alone() {
        for text in [
            "{ a } { b }",
            "query A { a } query A { a }",
            "{ a } query A { a }",
            "{ a } fragment F on T { a } fragment F on T { a }",
            "fragment F on T { a }",
        ] {
            assert_eq!(refusal(text).code(), Code::GraphqlValidationFailed, "{text}");
        }
    }
}
