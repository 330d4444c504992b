//! Documents that stopped a server, or kept it busy for seconds. That these tests end at all is
//! half of what they say; the scanner and the counts take microseconds, the parser milliseconds.

use super::{Code, refuse, refused_as};
use std::thread;

/// `spreads` in each of `levels` fragments.
fn bomb(operation: &str, levels: usize, spreads: usize) -> String {
    let fragments: Vec<_> = (1..levels)
        .map(|level| {
            let next = format!("...F{} ", level + 1);
            format!("fragment F{level} on Query {{ {} }} ", next.repeat(spreads))
        })
        .collect();
    format!("{operation} {} fragment F{levels} on Query {{ __typename }}", fragments.concat())
}

#[test]
fn literals_nested_1500_deep() {
    for (open, close) in [("[", "]"), ("{a:", "}")] {
        let literal = format!("{}1{}", open.repeat(1_500), close.repeat(1_500));
        assert_eq!(refused_as(&format!("{{ a(b: {literal}) }}")), Code::QueryTooDeep);
        assert_eq!(refused_as(&format!("query ($a: A = {literal}) {{ a }}")), Code::QueryTooDeep);
    }
    let selections = format!("{}{}", "{a".repeat(1_500), "}".repeat(1_500));
    assert_eq!(refused_as(&selections), Code::QueryTooDeep);
}

#[test]
fn literals_nested_behind_an_open_string() {
    let text = format!("{{ a(b: [\"\"\" {}", "[".repeat(5_000));
    assert_eq!(refused_as(&text), Code::GraphqlParseFailed);
    let text = format!("{{ a(b: [\"\"\" {} \"]) }}", "[".repeat(5_000));
    assert_eq!(refused_as(&text), Code::GraphqlParseFailed);
}

#[test]
fn fragments_that_double_22_times() {
    assert_eq!(refused_as(&bomb("{ ...F1 }", 22, 2)), Code::QueryTooComplex);
    let refusal = refuse(&bomb("{ viewer { ...F1 } }", 22, 2));
    assert_eq!(refusal.code(), Code::QueryTooComplex);
    assert_eq!(refusal.message(), "the query has more than 1000 selections with its fragments in place");
}

/// More than a machine word can count.
#[test]
fn eight_spreads_on_thirty_levels() {
    let text = bomb("{ ...F1 }", 30, 8);
    assert_eq!(refused_as(&text), Code::QueryTooComplex);
}

#[test]
fn eight_spreads_on_nine_levels() {
    assert_eq!(refused_as(&bomb("{ ...F1 }", 9, 8)), Code::QueryTooComplex);
}

#[test]
fn a_bomb_that_nothing_spreads() {
    assert_eq!(refused_as(&bomb("{ viewer { id } }", 22, 2)), Code::QueryTooComplex);
}

#[test]
fn a_bomb_in_the_operation_that_does_not_run() {
    let text = bomb("query A { viewer { id } } query B { ...F1 }", 22, 2);
    let mut request = async_graphql::Request::new(text).operation_name("A");
    let refusal = super::guard().check(&mut request, true).err();
    assert_eq!(refusal.map(|it| it.code()), Some(Code::QueryTooComplex));
}

#[test]
fn a_bomb_of_directives() {
    let text = bomb("{ ...F1 }", 6, 2).replace("__typename", "__typename @a @b");
    assert_eq!(refused_as(&text), Code::QueryTooComplex);
}

#[test]
fn a_bomb_inside_of_introspection() {
    let text = bomb("{ __schema { ...F1 } }", 22, 2);
    assert_eq!(refused_as(&text), Code::QueryTooComplex);
}

#[test]
fn thirty_kilobytes_of_typename() {
    let text = format!("{{ {} }}", "__typename ".repeat(2_800));
    assert_eq!(refused_as(&text), Code::QueryTooLarge);
    let text = format!("{{ {} }}", "__typename ".repeat(1_450));
    assert_eq!(refused_as(&text), Code::QueryTooComplex);
}

#[test]
fn aliases() {
    let logins: Vec<_> = (0..30)
        .map(|index| format!("a{index}: login(input: {{login: \"a\", password: \"b\"}}) {{ token }} "))
        .collect();
    assert_eq!(refuse(&format!("mutation {{ {} }}", logins.concat())).code(), Code::QueryTooComplex);
}

/// The recursion that is left needs little: 32 brackets, 32 selection sets.
#[test]
fn what_passes_needs_little_stack() {
    let deepest = [
        format!("{{ a(b: {}{}) }}", "[".repeat(30), "]".repeat(30)),
        format!("{}{}", "{...".repeat(31) + "{a", "}".repeat(32)),
        bomb("{ ...F1 }", 31, 1),
    ];
    let thread = thread::Builder::new().stack_size(512 * 1024).spawn(move || {
        for text in &deepest {
            super::pass(text);
        }
    });
    match thread.map(thread::JoinHandle::join) {
        Ok(Ok(())) => {}
        Ok(Err(_)) => panic!("refused"),
        Err(error) => panic!("{error}"),
    }
}
