//! What the schema says of itself.
//!
//! async-graphql knows no description of a schema: in the definition language it writes none, and when it is asked for
//! one it describes what a schema is.

use std::collections::HashSet;
use std::fmt::Write as _;

use async_graphql::Value;

use crate::error::Code;

const ABOUT: &str = "\
The API of SkyPANEL: users, roles, sessions, servers, packages, invoices, transactions and tickets of a company that \
sells virtual servers.

Sign in with `login`, and send its token as `Authorization: Bearer`. Ids are opaque. Enums may grow, and so may the \
codes below: keep a default branch.

Each error has a code in `extensions.code`:
";

/// What async-graphql answers.
const OF_ANY: &str = "A GraphQL Schema defines the capabilities of a GraphQL server. It exposes all available types and \
    directives on the server, as well as the entry points for query, mutation, and subscription operations.";

/// What the API is, how to begin, and the codes of its errors.
pub(super) fn text() -> String {
    let mut text = ABOUT.to_owned();
    let mut told = HashSet::new();
    // Of codes that clients cannot tell apart, the first says what they mean.
    for code in Code::ALL.iter().filter(|code| told.insert(code.as_str())) {
        // Writing into a string does not fail.
        let _ = write!(text, "\n- `{}`: {}", code.as_str(), code.meaning());
    }
    text
}

/// Puts it into a schema in the definition language.
pub(super) fn put_into(sdl: &str) -> String {
    sdl.replacen("\nschema {", &format!("\n\"\"\"\n{}\n\"\"\"\nschema {{", text()), 1)
}

/// Puts it into the answer to whoever asked for `__schema { description }`, under whatever keys.
pub(super) fn put_into_answer(data: &mut Value) {
    let Value::Object(roots) = data else { return };
    let objects =
        roots.values_mut().filter_map(|root| if let Value::Object(fields) = root { Some(fields) } else { None });
    for value in objects.flat_map(|fields| fields.values_mut()) {
        if matches!(value, Value::String(told) if told == OF_ANY) {
            *value = Value::String(text());
        }
    }
}
