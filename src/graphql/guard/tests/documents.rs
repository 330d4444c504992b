//! What is kept of documents, and what is not.

use super::super::documents::{Documents, Key};
use super::{Checked, Code, DocumentLimits, Guard, SDL, guard, location, mutations, variables};
use async_graphql::{Pos, Request};
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;

/// A request that runs: what the guard passes is kept, if it should be.
fn run(guard: &Guard, request: impl Into<Request>) -> u64 {
    match guard.check(&mut request.into(), true) {
        Ok(checked) => {
            let cost = checked.cost;
            guard.keep(checked);
            cost
        }
        Err(refusal) => panic!("{refusal:?}"),
    }
}

fn kept(guard: &Guard) -> usize {
    guard.documents.size().0
}

#[test]
fn a_document_is_kept_from_its_second_sight_on() {
    let guard = guard();
    for (sight, after) in [(1, 0), (2, 1), (3, 1)] {
        assert_eq!(run(&guard, "{ viewer { id } }"), 1);
        assert_eq!(kept(&guard), after, "{sight}");
    }
    // Another text is another document, and white space is text.
    run(&guard, "{ viewer { id }  }");
    assert_eq!(kept(&guard), 1);
}

#[test]
fn a_kept_document_answers_like_a_new_one() {
    let guard = guard();
    let text =
        "query A($n: Int = 3) { v: viewer { id } tickets(first: $n) { nodes { id } } __schema { types { name } } }";
    let told =
        |checked: Checked| format!("{:?}", (checked.operation, checked.introspects, checked.cost, checked.root_fields));
    let mut answers = Vec::new();
    for _ in 0..3 {
        let mut request = Request::new(text);
        let checked = guard.check(&mut request, true).unwrap();
        assert!(request.parsed_query().unwrap().fragments.is_empty());
        // It is there, parsed: the text is not looked at again.
        request.query.clear();
        assert_eq!(request.parsed_query().unwrap().operations.iter().count(), 1);
        guard.keep(checked);
        answers.push(told(guard.check(&mut Request::new(text), true).unwrap()));
    }
    assert_eq!(kept(&guard), 1);
    assert_eq!(answers[0], answers[2]);
    assert!(answers[0].contains("Query, true, 5, [\"viewer\", \"tickets\", \"__schema\"]"), "{}", answers[0]);
}

#[test]
fn one_text_has_a_document_for_each_operation() {
    let guard = guard();
    let text = "query A { viewer { id } } query B { roles { id } viewer { id } }";
    for _ in 0..3 {
        for (name, cost) in [("A", 1), ("B", 2)] {
            assert_eq!(run(&guard, Request::new(text).operation_name(name)), cost);
        }
    }
    assert_eq!(kept(&guard), 2);
    assert!(guard.check(&mut Request::new(text), true).is_err());
}

#[test]
fn the_bytes_are_bounded_and_a_hot_document_outlives_a_flood() {
    let bytes = 256 * 1024;
    let guard =
        Guard::new(SDL, mutations(), DocumentLimits { cache_bytes: bytes, ..DocumentLimits::default() }).unwrap();
    let hot = "{ viewer { roles { id } } }";
    for _ in 0..3 {
        run(&guard, hot);
    }
    // Texts that come once leave nothing.
    for index in 0..2_000 {
        run(&guard, format!("{{ viewer {{ once{index}: id }} }}"));
    }
    assert_eq!(kept(&guard), 1);
    // Those that come twice push out each other.
    let padding = "id ".repeat(50);
    for index in 0..400 {
        let text = format!("{{ viewer {{ twice{index}: id {padding} }} }}");
        run(&guard, text.as_str());
        run(&guard, text);
        run(&guard, hot);
        let (_, weight) = guard.documents.size();
        assert!(weight <= u64::try_from(bytes).unwrap(), "{weight}");
    }
    assert!((5..100).contains(&kept(&guard)), "{}", kept(&guard));
    assert!(guard.documents.get(hot, None).is_some());
}

#[test]
fn the_cache_can_be_off() {
    let guard = Guard::new(SDL, mutations(), DocumentLimits { cache_bytes: 0, ..DocumentLimits::default() }).unwrap();
    for _ in 0..3 {
        run(&guard, "{ viewer { id } }");
    }
    assert_eq!(guard.documents.size(), (0, 0));
}

#[test]
fn what_is_refused_is_never_kept() {
    let guard = guard();
    let wide = "query ($n: Int!) { tickets(first: $n) { nodes { messages(first: $n) { nodes { id } } } } }";
    let by = |json: &str| Request::new(wide).variables(variables(json));
    for _ in 0..3 {
        for text in ["{ viewer {", "{ ...F } fragment F on Query { ...F }", "query ($a: Nope) { viewer { id } }"] {
            assert!(guard.check(&mut Request::new(text), true).is_err());
        }
        // Refused for its variables, or its cost with them, or without introspection.
        assert!(guard.check(&mut by("{}"), true).is_err());
        assert!(guard.check(&mut by(r#"{"n": 100}"#), true).is_err());
        assert!(guard.check(&mut Request::new("{ __schema { types { name } } }"), false).is_err());
        // Passed, and refused by whoever came after.
        drop(guard.check(&mut Request::new("{ nonsense(password: \"secret\") }"), true));
    }
    assert_eq!(kept(&guard), 0);
}

#[test]
fn a_string_beside_a_mutation_is_never_kept() {
    let guard = guard();
    for (text, after) in [
        ("mutation { login(input: { login: \"a\", password: \"b\" }) { token } }", 0),
        ("mutation { login(input: { login: \"\"\"a\"\"\" }) { token } }", 0),
        ("mutation ($p: String = \"b\") { login(input: { password: $p }) { token } }", 0),
        ("mutation A { login { token } } query B { node(id: \"a\") { id } }", 0),
        ("query B { node(id: \"a\") { id } } mutation A { login { token } }", 0),
        ("mutation A { ...F } fragment F on Mutation { login(input: { login: \"a\" }) { token } }", 0),
        ("mutation A($input: LoginInput!) { login(input: $input) { token } }", 1),
        ("query A { node(id: \"a\") { id } }", 2),
    ] {
        for _ in 0..3 {
            let request = Request::new(text).operation_name("A").variables(variables(r#"{"input": {}}"#));
            let request = if text.contains(" A") { request } else { Request::new(text) };
            run(&guard, request);
        }
        assert_eq!(kept(&guard), after, "{text}");
    }
}

#[test]
fn variables_are_decided_at_each_request() {
    let guard = guard();
    let text =
        "query ($n: Int!, $ids: [ID!]! = [1, 2]) { tickets(first: $n) { nodes { id } } nodes(ids: $ids) { id } }";
    let by = |json: &str| Request::new(text).variables(variables(json));
    for (json, cost) in [
        (r#"{"n": 1}"#, 4),
        (r#"{"n": 5}"#, 8),
        (r#"{"n": 100}"#, 103),
        (r#"{"n": 5, "ids": ["a"]}"#, 7),
        (r#"{"n": 5, "ids": ["a", "b", "c"]}"#, 9),
    ] {
        assert_eq!(run(&guard, by(json)), cost, "{json}");
    }
    assert_eq!(kept(&guard), 1);
    let code = |json: &str| guard.check(&mut by(json), true).err().map(|refusal| (refusal.code(), location(&refusal)));
    assert_eq!(code("{}"), Some((Code::GraphqlValidationFailed, Some(Pos { line: 1, column: 8 }))));
    let ids = format!("{{\"n\": 1, \"ids\": [{}]}}", vec!["1"; 1_000].join(","));
    assert_eq!(code(&ids), Some((Code::QueryTooComplex, Some(Pos { line: 1, column: 1 }))));
}

#[test]
fn introspection_is_decided_at_each_request() {
    let guard = guard();
    // In a fragment that does not even run.
    let text = "{ viewer { id } } fragment F on Query { __schema { types { name } } }";
    let new = guard.check(&mut Request::new(text), false).unwrap_err();
    for _ in 0..3 {
        run(&guard, text);
        let refusal = guard.check(&mut Request::new(text), false).unwrap_err();
        assert_eq!((refusal.message(), location(&refusal)), (new.message(), location(&new)));
    }
    assert_eq!(kept(&guard), 1);
}

/// Everything collides.
#[derive(Clone, Debug)]
struct Colliding;

impl Hasher for Colliding {
    fn finish(&self) -> u64 {
        7
    }

    fn write(&mut self, _: &[u8]) {}
}

impl BuildHasher for Colliding {
    type Hasher = Self;

    fn build_hasher(&self) -> Self {
        Self
    }
}

#[test]
fn texts_are_compared_whole() {
    let guard = guard();
    let documents = Documents::with_hasher(1024 * 1024, Colliding);
    let texts = ["{ viewer { id } }", "{ roles { id } }", "query A { viewer { id } }"];
    for text in texts {
        documents.insert(Key::new(text, None), Arc::new(guard.read(text, None).unwrap()));
    }
    for (text, root) in texts.into_iter().zip(["viewer", "roles", "viewer"]) {
        assert_eq!(*documents.get(text, None).unwrap().root_fields, [root]);
    }
    assert!(documents.get("{ viewer { id  } }", None).is_none());
    assert!(documents.get(texts[2], Some("A")).is_none());
    assert!(documents.get("", Some(texts[0])).is_none());
}
