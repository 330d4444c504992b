//! The writing of an answer whose rows did not write themselves.

use std::hint::black_box;

use async_graphql::Value;
use serde_json::json;

use super::{Part, Prepare};
use crate::Failure;

pub const CASES: &[(&str, Prepare)] = &[("answer/page", page)];

/// A page of 50 people, each with a role and five servers.
fn page() -> Result<Part, Failure> {
    let server = |number| {
        json!({
            "id": format!("srv_0190000000007000800000000000{number:04}"),
            "name": format!("Server {number}"),
            "status": "RUNNING",
            "package": { "id": "pkg_01900000000070008000000000000001", "name": "Medium" },
        })
    };
    let person = |number| {
        json!({
            "id": format!("usr_0190000000007000800000000000{number:04}"),
            "email": format!("user{number}@example.com"),
            "displayName": "A “name” with\ta few letters that are escaped: é\n",
            "status": "ACTIVE",
            "createdAt": "2025-06-15T12:34:56.789Z",
            "lastLogin": null,
            "roles": [{ "name": "user" }],
            "servers": { "nodes": (0..5).map(server).collect::<Vec<_>>() },
        })
    };
    let people: Vec<_> = (0..50).map(person).collect();
    let data = Value::from_json(json!({ "users": { "nodes": people } }))?;
    Ok(Box::new(move || {
        let mut body = Vec::new();
        skypanel::json::value(&mut body, black_box(&data));
        drop(black_box(body));
    }))
}
