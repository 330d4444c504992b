//! The check of a document: scanned, parsed, counted and priced.

use std::hint::black_box;

use async_graphql::{Request, Variables};
use serde_json::json;
use skypanel::graphql::DocumentLimits;
use skypanel::graphql::guard::Guard;

use super::{Part, Prepare};
use crate::Failure;

pub const CASES: &[(&str, Prepare)] = &[
    ("guard/viewer", || check(include_str!("../../operations/viewer.graphql"))),
    ("guard/server", || check(include_str!("../../operations/server.graphql"))),
    ("guard/servers_page", || check(include_str!("../../operations/servers_page.graphql"))),
    ("guard/ticket_inbox", || check(include_str!("../../operations/ticket_inbox.graphql"))),
    ("guard/billing", || check(include_str!("../../operations/billing.graphql"))),
    ("guard/admin_users", || check(include_str!("../../operations/admin_users.graphql"))),
    ("guard/kept", kept),
    ("guard/introspection", || check(include_str!("../introspection.graphql"))),
];

/// A document that was seen before: only what changes from request to request is looked at.
fn kept() -> Result<Part, Failure> {
    let guard = Guard::new(&skypanel::graphql::sdl(), skypanel::graphql::mutations(), DocumentLimits::default())?;
    let request = || Request::new(include_str!("../../operations/ticket_inbox.graphql"));
    for _ in 0..2 {
        let checked = guard.check(&mut request(), true);
        guard.keep(checked.map_err(|refusal| format!("refused: {}", refusal.message()))?);
    }
    Ok(Box::new(move || drop(black_box(guard.check(&mut request(), true)))))
}

fn check(document: &'static str) -> Result<Part, Failure> {
    let guard = Guard::new(&skypanel::graphql::sdl(), skypanel::graphql::mutations(), DocumentLimits::default())?;
    let id = "usr_0123456789abcdef0123456789abcdef";
    let request = move || Request::new(document).variables(Variables::from_json(json!({ "id": id })));
    // A refusal would be quick, and tell nothing.
    guard.check(&mut request(), true).map_err(|refusal| format!("refused: {}", refusal.message()))?;
    Ok(Box::new(move || {
        let mut request = request();
        drop(black_box(guard.check(&mut request, true)));
    }))
}
