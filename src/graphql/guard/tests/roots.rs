//! What one request may hold at its root.

use super::{Code, ONCE, WAYS_IN, pass, refuse};

#[test]
fn the_keys_of_a_mutation_differ() {
    for text in [
        "mutation { logout { token } logout { token } }",
        "mutation { logout: revokeOtherSessions { id } logout { token } }",
        "mutation { logout { token } ... { logout { token } } }",
        "mutation { ...F ... on Mutation { ...F } } fragment F on Mutation { logout { token } }",
        "mutation { logout { token } logout @skip(if: true) { token } }",
    ] {
        let refusal = refuse(text);
        assert_eq!(refusal.code(), Code::GraphqlValidationFailed, "{text}");
        assert_eq!(
            refusal.message(),
            "two root fields of this mutation answer under the key logout; give each an alias of its own"
        );
    }
    let checked = pass("mutation { a: logout { token } ... { b: logout { token } } }");
    assert_eq!(*checked.root_fields, ["logout", "logout"]);
    // Below the root, and in queries, equal keys are merged.
    pass("mutation { logout { token token } }");
    pass("{ viewer { id } viewer { email } }");
}

#[test]
fn one_login_or_money_mutation_a_request() {
    for (text, message) in [
        (
            "mutation { a: login { token } b: login { token } }",
            "login and login cannot share a request: at most one mutation of this kind is allowed",
        ),
        (
            "mutation { login { token } logout { token } ...F } fragment F on Mutation { payInvoice(id: 1) { token } }",
            "login and payInvoice cannot share a request: at most one mutation of this kind is allowed",
        ),
    ] {
        let refusal = refuse(text);
        assert_eq!(refusal.code(), Code::GraphqlValidationFailed, "{text}");
        assert_eq!(refusal.message(), message, "{text}");
    }
    for field in ONCE {
        pass(&format!("mutation {{ a: {field} b: logout {{ token }} login: logout {{ token }} }}"));
        let refusal = refuse(&format!("mutation {{ {field} x: {field} }}"));
        assert_eq!(refusal.code(), Code::GraphqlValidationFailed, "{field}");
    }
}

#[test]
fn a_way_in_is_asked_for_alone() {
    for field in WAYS_IN {
        for text in [
            format!("mutation {{ {field} }}"),
            format!("mutation {{ logout: {field} __typename }}"),
            format!("mutation {{ ... @skip(if: true) {{ ...F }} }} fragment F on Mutation {{ {field} }}"),
        ] {
            assert!(pass(&text).is_way_in, "{text}");
        }
        for text in [
            format!("mutation {{ {field} logout {{ token }} }}"),
            format!("mutation {{ {field} logout @skip(if: true) {{ token }} }}"),
            format!("mutation {{ {field} ...F }} fragment F on Mutation {{ ... {{ logout {{ token }} }} }}"),
            format!("mutation {{ {field}: logout {{ token }} }}"),
            format!("query {{ {field} }}"),
        ] {
            assert!(!pass(&text).is_way_in, "{text}");
        }
    }
    for text in ["mutation { __typename }", "{ __typename }", "mutation { changePassword }"] {
        assert!(!pass(text).is_way_in, "{text}");
    }
}

#[test]
fn a_subscription_has_one_root_field() {
    pass("subscription { ... { ticketChanged { id } } }");
    let refusal = refuse("subscription { a: ticketChanged { id } ... { b: ticketChanged { id } } }");
    assert_eq!(refusal.code(), Code::GraphqlValidationFailed);
    assert_eq!(refusal.message(), "a subscription selects exactly one root field");
}
