//! `__schema` and `__type`.

use super::{Code, deep, guard, pass, refuse, refused_as};
use async_graphql::Request;

/// What the reference implementation and its tools send: 15 fields deep.
const STANDARD: &str = "query IntrospectionQuery { __schema { description \
    queryType { name kind } mutationType { name kind } subscriptionType { name kind } \
    types { ...FullType } directives { name description isRepeatable locations args(includeDeprecated: true) { ...InputValue } } } } \
  fragment FullType on __Type { kind name description specifiedByURL isOneOf \
    fields(includeDeprecated: true) { name description args(includeDeprecated: true) { ...InputValue } \
      type { ...TypeRef } isDeprecated deprecationReason } \
    inputFields(includeDeprecated: true) { ...InputValue } interfaces { ...TypeRef } \
    enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason } \
    possibleTypes { ...TypeRef } } \
  fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue isDeprecated deprecationReason } \
  fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name \
    ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } } }";

#[test]
fn the_standard_query_passes_and_is_free() {
    let checked = pass(STANDARD);
    assert!(checked.introspects);
    assert_eq!(checked.cost, 0);
    assert_eq!(*checked.root_fields, ["__schema"]);
}

#[test]
fn where_it_is_off_it_is_refused_wherever_it_stands() {
    let guard = guard();
    for text in [
        STANDARD,
        "{ __schema { vv } }",
        "{ __type(name: \"A\") { name } }",
        "{ ... { ...F } } fragment F on Query { x: __schema { types { name } } }",
        "{ viewer { __schema { types { name } } } }",
        "{ viewer { id } } fragment F on Query { __schema { types { name } } }",
        "mutation { __schema { types { name } } }",
    ] {
        let Err(refusal) = guard.check(&mut Request::new(text), false) else {
            panic!("{text}");
        };
        assert_eq!(refusal.code(), Code::GraphqlValidationFailed, "{text}");
        assert!(refusal.message().starts_with("introspection is off"), "{text}");
    }
    assert!(guard.check(&mut Request::new("{ __typename }"), false).is_ok());
    assert!(!pass("{ __typename viewer { __typename } }").introspects);
}

#[test]
fn it_does_not_circle() {
    let circling = |turns: usize| {
        format!(
            "{{ __schema {{ types {}{} }} }}",
            "{ fields { type ".repeat(turns),
            format!("{{ name {}", "} }".repeat(turns)) + "}"
        )
    };
    pass(&circling(3));
    let refusal = refuse(&circling(4));
    assert_eq!(refusal.code(), Code::QueryTooDeep);
    assert!(refusal.message().contains("more than 3 nested fields, interfaces"));
    // Of four kinds, and through fragments.
    assert_eq!(
        refused_as(
            "{ __type(name: \"A\") { ...F } } fragment F on __Type { interfaces { possibleTypes { ...G } } } \
             fragment G on __Type { inputFields { type { fields { name } } } }"
        ),
        Code::QueryTooDeep
    );
    // An unused fragment is validated, too.
    assert_eq!(
        refused_as(
            "{ viewer { id } } \
             fragment F on __Type { fields { type { fields { type { fields { type { fields { name } } } } } } } }"
        ),
        Code::QueryTooDeep
    );
    // These words mean nothing elsewhere.
    pass("{ fields { fields { fields { fields { id } } } } }");
}

#[test]
fn it_is_at_most_20_deep() {
    let nested = |levels: usize| format!("{{ __type(name: \"A\") {} }}", deep("ofType", levels));
    pass(&nested(19));
    assert_eq!(refused_as(&nested(20)), Code::QueryTooDeep);
    let fragment = |levels: usize| format!("{{ viewer {{ id }} }} fragment F on __Type {}", deep("ofType", levels));
    pass(&fragment(20));
    assert_eq!(refused_as(&fragment(21)), Code::QueryTooDeep);
}

#[test]
fn it_does_not_deepen_what_stands_beside_it() {
    let beside = |levels: usize| {
        format!(
            "{{ ...F ...G }} fragment F on Query {{ __type(name: \"A\") {} }} fragment G on Query {}",
            deep("ofType", 15),
            deep("viewer", levels)
        )
    };
    pass(&beside(12));
    assert_eq!(refused_as(&beside(13)), Code::QueryTooDeep);
}

#[test]
fn its_selections_count() {
    let wide = format!("{{ __schema {{ types {{ {} }} }} }}", "name ".repeat(999));
    assert_eq!(refused_as(&wide), Code::QueryTooComplex);
}
