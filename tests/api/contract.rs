//! The exported schema is the committed one, and holds everything that the contract promises, but for what is still to
//! come, which is listed.

mod elements;

use std::collections::{BTreeMap, BTreeSet};

use self::elements::{Elements, elements, parent};
use crate::harness::{App, Options, Start};

const COMMITTED: &str = include_str!("../../schema.graphql");

/// What clients may generate code from: whatever else the schema holds may change, or go.
const CONTRACT: &str = include_str!("contract/contract.graphql");

/// What of the contract is not there yet, a coordinate a line below the topic that brings it. What hangs on an element
/// that is missing (the arguments of a field, what they need) comes with it and is not listed, and types come with what
/// leads to them: only what is missing can lead to a type that is missing.
const TO_COME: &str = include_str!("contract/to_come.txt");

/// What is there in another form so far: the coordinate, what it is, and why. It is struck off when it is as promised.
const DIFFERENT: [(&str, &str, &str); 0] = [];

fn contract() -> Elements {
    elements(CONTRACT)
}

fn exported() -> Elements {
    elements(&skypanel::graphql::sdl())
}

/// The coordinates to come, each with its topic.
fn to_come() -> BTreeMap<&'static str, &'static str> {
    let mut topic = "";
    let mut to_come = BTreeMap::new();
    for line in TO_COME.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match line.strip_prefix("# ") {
            Some(heading) => topic = heading,
            None => assert!(to_come.insert(line, topic).is_none(), "{line} is listed twice"),
        }
    }
    to_come
}

#[test]
fn the_committed_schema_is_the_exported_one() {
    assert!(
        skypanel::graphql::described_sdl().trim_end() == COMMITTED.trim_end(),
        "schema.graphql is not what the code exports; write it anew: just schema"
    );
}

/// The one list of the codes of errors is told by introspection and in the committed file.
#[tokio::test(flavor = "multi_thread")]
async fn the_schema_describes_itself_and_every_code() {
    let app = App::with(Options { start: Start::Empty, ..Options::default() }).await;
    let reply = app.anonymous().run("{ __schema { about: description types { description } } }").await;
    let about = reply.data("/__schema/about").as_str().unwrap();
    assert!(COMMITTED.contains(&format!("\"\"\"\n{about}\n\"\"\"\nschema {{")), "{about}");
    let refused = include_str!("snapshots/api__refusals__refusals_are_the_same_to_the_byte.snap");
    let codes = refused.split("\"code\":\"").skip(1).map(|rest| rest.split('"').next().unwrap());
    for code in codes.chain(["METHOD_NOT_ALLOWED", "RESPONSE_TOO_LARGE", "FORBIDDEN", "INTERNAL"]) {
        assert_eq!(about.matches(&format!("\n- `{code}`: ")).count(), 1, "{code}");
    }
}

#[test]
fn what_is_missing_of_the_contract_is_what_is_listed() {
    let (contract, exported) = (contract(), exported());
    let is_missing = |coordinate: &str| !exported.contains_key(coordinate);
    let is_type = |coordinate: &str| coordinate.chars().all(char::is_alphanumeric);
    let comes_along = |coordinate: &str| is_type(coordinate) || parent(coordinate).is_some_and(is_missing);
    let missing = contract.keys().map(String::as_str).filter(|coordinate| is_missing(coordinate));
    let missing: BTreeSet<&str> = missing.filter(|coordinate| !comes_along(coordinate)).collect();
    let to_come = to_come();
    let listed: BTreeSet<&str> = to_come.keys().copied().collect();
    let unlisted: Vec<_> = missing.difference(&listed).collect();
    assert!(unlisted.is_empty(), "promised, missing, and not in to_come.txt: {unlisted:#?}");
    let done: Vec<_> = listed.difference(&missing).map(|coordinate| (to_come[coordinate], coordinate)).collect();
    assert!(done.is_empty(), "there already, not promised, or coming with something else; strike off: {done:#?}");
}

#[test]
fn what_is_there_is_as_it_is_promised() {
    let exported = exported();
    let mut different = Vec::new();
    for (coordinate, promised) in &contract() {
        if let Some(found) = exported.get(coordinate)
            && found.signature != promised.signature
        {
            different.push((coordinate.clone(), found.signature.clone()));
        }
    }
    let known = DIFFERENT.iter().map(|(coordinate, found, _)| ((*coordinate).to_owned(), (*found).to_owned()));
    assert_eq!(different, known.collect::<Vec<_>>(), "different from the contract, and what is known to be so");
}

#[test]
fn what_is_there_beside_the_contract_can_be_left_out() {
    let contract = contract();
    let breaking = exported().into_iter().filter(|(coordinate, found)| {
        found.required
            && !contract.contains_key(coordinate)
            && parent(coordinate).is_some_and(|of| contract.contains_key(of))
    });
    let breaking: Vec<String> = breaking.map(|(coordinate, _)| coordinate).collect();
    assert_eq!(breaking, [""; 0], "would break clients of the contract");
}

#[test]
fn every_mutation_is_in_the_contract() {
    let contract = contract();
    let mutations = exported().into_keys().filter(|coordinate| parent(coordinate) == Some("Mutation"));
    let others: Vec<String> = mutations.filter(|coordinate| !contract.contains_key(coordinate)).collect();
    assert_eq!(others, [""; 0]);
}

#[test]
fn everything_is_described() {
    let silent = exported().into_iter().filter(|(_, element)| element.description.as_deref() == Some(""));
    let silent: Vec<String> = silent.map(|(coordinate, _)| coordinate).collect();
    assert_eq!(silent, [""; 0]);
}
