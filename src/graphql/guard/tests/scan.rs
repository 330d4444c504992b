//! Bytes, tokens, brackets and strings.

use super::super::scan::{Scan, scan};
use super::{Code, DocumentLimits, location, pass, refuse, refused_as};
use async_graphql::Pos;

fn scanned(text: &str) -> Scan {
    match scan(text, &DocumentLimits::default()) {
        Ok(scan) => scan,
        Err(refusal) => panic!("{refusal:?}: {text}"),
    }
}

#[test]
fn counts_tokens_and_nesting() {
    for (text, tokens, nesting, strings) in [
        ("", 0, 0, 0),
        (" ,\t\r\n\u{feff}", 0, 0, 0),
        ("{a}", 3, 1, 0),
        ("query Q($n: [Int!]! = [1, -2.5e+3]) { a(b: {c: \"}\"}) @d ...F }", 33, 3, 1),
        ("{a # }}}} \n}", 4, 1, 0),
        ("{a # }}}} \r b}", 5, 1, 0),
        ("{ a(b: \"[[[[\") }", 8, 2, 1),
        ("{ a(b: \"\\\"[[[[\\\\\") }", 8, 2, 1),
        ("{ a(b: \"\"\"[[ \" \"\" \\\"\"\" # \n [\"\"\") }", 8, 2, 1),
        ("{ a(b: \"\"\"\\\\\"\"\"\") }\"\"\"", 6, 2, 1),
        ("{ a(b: \"\" \"\") }", 9, 2, 2),
        ("{[()]}", 6, 3, 0),
        ("é", 2, 0, 0),
    ] {
        assert_eq!(scanned(text), Scan { tokens, nesting, strings }, "{text:?}");
    }
}

#[test]
fn refuses_strings_that_do_not_end() {
    for text in [
        "{ a(b: \"",
        "{ a(b: \"x) }",
        "{ a(b: \"x\n\") }",
        "{ a(b: \"x\r\") }",
        "{ a(b: \"x\\\n\") }",
        "{ a(b: \"x\\",
        "{ a(b: \"\"\"",
        "{ a(b: \"\"\"\"",
        "{ a(b: \"\"\"\"\"",
        "{ a(b: \"\"\"x\\\"\"\") }",
        "{ a(b: [\"\"\" [[[[ ]]]]",
        "{ a(b: [\"\"\"a\"]) }",
    ] {
        let refusal = refuse(text);
        assert_eq!(refusal.code(), Code::GraphqlParseFailed, "{text:?}");
        assert_eq!(refusal.message(), "Syntax error: a string that starts here does not end", "{text:?}");
    }
    let refusal = refuse("{\n  a(b: \"é\", c: \"x\n\") }");
    assert_eq!(location(&refusal), Some(Pos { line: 2, column: 16 }));
}

#[test]
fn refuses_numbers_that_start_with_zero() {
    for text in ["{ a(b: [00]) }", "{ a(b: -01) }"] {
        assert_eq!(refused_as(text), Code::GraphqlParseFailed, "{text}");
    }
    pass("{ node(id: [0, -0, 0.0, 1.00e00, 100]) { id } }");
}

#[test]
fn bounds_bytes() {
    let sized = |bytes: usize| format!("{{ a }}{}", " ".repeat(bytes - 5));
    pass(&sized(16 * 1024));
    let refusal = refuse(&sized(16 * 1024 + 1));
    assert_eq!(refusal.code(), Code::QueryTooLarge);
    assert_eq!(refusal.message(), "the query has 16385 bytes, at most 16384 are allowed");
}

#[test]
fn bounds_tokens_and_comments_alike() {
    let listed = |tokens: usize| format!("{{ a(b: [{}]) }}", "1 ".repeat(tokens - 9));
    pass(&listed(2_000));
    assert_eq!(refused_as(&listed(2_001)), Code::QueryTooLarge);
    let commented = |tokens: usize| format!("{{ a }}{}", "#\n".repeat(tokens - 3));
    pass(&commented(2_000));
    assert_eq!(refused_as(&commented(2_001)), Code::QueryTooLarge);
}

#[test]
fn bounds_the_nesting_of_all_brackets_together() {
    // Brackets: the selection set, the arguments, and so many lists.
    let nested = |levels: usize| format!("{{ a(b: {}{}) }}", "[".repeat(levels), "]".repeat(levels));
    pass(&nested(30));
    let refusal = refuse(&nested(31));
    assert_eq!(refusal.code(), Code::QueryTooDeep);
    assert_eq!(location(&refusal), Some(Pos { line: 1, column: 38 }));
    let ty = |levels: usize| format!("query ($a: {}Int{}) {{ a }}", "[".repeat(levels), "]".repeat(levels));
    pass(&ty(31));
    assert_eq!(refused_as(&ty(32)), Code::QueryTooDeep);
}
