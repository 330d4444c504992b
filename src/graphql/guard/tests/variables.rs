//! What has to hold of variables.

use serde_json::json;

use super::*;

fn check_with(text: &str, variables: serde_json::Value) -> Result<Checked, Error> {
    let variables = async_graphql::Variables::from_json(variables);
    guard().check(&mut Request::new(text).variables(variables), true)
}

#[test]
fn a_variable_fits_before_anything_runs() {
    let one = "mutation ($id: ID!, $all: [ID!], $input: LoginInput) { logout { loggedOut } }";
    for (variables, passes) in [
        (json!({ "id": "a" }), true),
        (json!({ "id": 1, "all": ["a"], "input": {} }), true),
        (json!({ "id": "a", "all": "a", "input": null }), true),
        (json!({}), false),
        (json!({ "id": null }), false),
        (json!({ "id": ["a"] }), false),
        (json!({ "id": "a", "all": [null] }), false),
        (json!({ "id": "a", "input": "x" }), false),
        (json!({ "id": "a", "input": [] }), false),
    ] {
        let outcome = check_with(one, variables.clone());
        assert_eq!(outcome.is_ok(), passes, "{variables}");
        if let Err(refusal) = outcome {
            assert_eq!(refusal.code(), Code::GraphqlValidationFailed);
        }
    }
}

/// async-graphql panics over the second one.
#[test]
fn a_variable_has_a_type_that_exists_and_goes_in() {
    for text in [
        "query ($f: Nope) { viewer { id } }",
        "query ($f: [Nope] = [1]) { serverPackages(first: $f) { totalCount } }",
        "query ($f: Ticket) { viewer { id } }",
        "query A { viewer { id } } query B($f: Nope) { viewer { id } }",
    ] {
        let mut request = Request::new(text).operation_name("A");
        if !text.contains("query A") {
            request.operation_name = None;
        }
        let refusal = guard().check(&mut request, true).unwrap_err();
        assert_eq!(refusal.code(), Code::GraphqlValidationFailed, "{text}");
    }
}
