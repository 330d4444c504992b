//! Depth, selections, aliases, root fields and directives, with fragments in place.

use super::{Code, deep, location, pass, refuse, refused_as};

#[test]
fn bounds_depth() {
    pass(&deep("viewer", 12));
    let refusal = refuse(&deep("viewer", 13));
    assert_eq!(refusal.code(), Code::QueryTooDeep);
    assert_eq!(refusal.message(), "the query has more than 12 levels of fields");
}

#[test]
fn depth_counts_fields_and_goes_through_fragments() {
    // 2 fields around the spread, 4 inline fragments that do not count, and so many in `F`.
    let spread = |levels: usize| {
        format!(
            "{{ a {{ b {{ ...{{ ...{{ ... on T {{ ...{{ ...F }} }} }} }} }} }} }} fragment F on T {}",
            deep("c", levels)
        )
    };
    pass(&spread(10));
    assert_eq!(refused_as(&spread(11)), Code::QueryTooDeep);
}

#[test]
fn bounds_selection_sets_in_each_other() {
    // Each fragment adds a selection set and no field.
    let chain = |links: usize| {
        let fragments: Vec<_> =
            (1..links).map(|link| format!("fragment F{link} on T {{ ...F{} }}", link + 1)).collect();
        let fragments = fragments.concat();
        format!("{{ ...F1 }} {fragments} fragment F{links} on T {{ a }}")
    };
    pass(&chain(31));
    assert_eq!(refused_as(&chain(32)), Code::QueryTooDeep);
    assert_eq!(refused_as(&chain(200)), Code::QueryTooDeep);
    // From behind: each fragment but the first is known when it is spread.
    let unused = format!("{{ a }} {}", chain(33).replacen("{ ...F1 }", "", 1));
    assert_eq!(refused_as(&unused), Code::QueryTooDeep);
}

#[test]
fn bounds_selections() {
    let wide = |count: usize| format!("{{ viewer {{ {} }} }}", "__typename ".repeat(count - 1));
    pass(&wide(1_000));
    let refusal = refuse(&wide(1_001));
    assert_eq!(refusal.code(), Code::QueryTooComplex);
    assert_eq!(refusal.message(), "the query has more than 1000 selections with its fragments in place");
}

#[test]
fn selections_are_fields_spreads_and_inline_fragments() {
    // 1 + 9 × (1 + 110) = 1000
    let spread = |fields: usize| {
        format!("{{ viewer {{ {} }} }} fragment F on User {{ {} }}", "...F ".repeat(9), "id ".repeat(fields))
    };
    pass(&spread(110));
    assert_eq!(refused_as(&spread(111)), Code::QueryTooComplex);
    let inline = |count: usize| format!("{{ viewer {{ {} }} }}", "... {id} ".repeat(count));
    pass(&inline(400));
    let twice = format!("{} query B {{ viewer {{ id }} }}", inline(499).replacen('{', "query A {", 1));
    assert_eq!(refused_as(&inline(500)), Code::QueryTooLarge);
    assert_eq!(refused_as(&twice), Code::QueryTooLarge);
}

#[test]
fn bounds_aliases() {
    let aliased = |count: usize| {
        let fields: Vec<_> = (0..count).map(|index| format!("a{index}: id ")).collect();
        format!("{{ viewer {{ {} }} }}", fields.concat())
    };
    pass(&aliased(30));
    assert_eq!(refused_as(&aliased(31)), Code::QueryTooComplex);
    // 6 × 5, and one more.
    let spread = "{ viewer { ...F ...F ...F ...F ...F ...F } } \
                  fragment F on User { a: id b: id c: id d: id e: id }";
    pass(spread);
    let more = spread.replacen("viewer", "v: viewer", 1);
    assert_eq!(refused_as(&more), Code::QueryTooComplex);
}

#[test]
fn bounds_root_fields() {
    let rooted = |count: usize| format!("{{ {} }}", "__typename ".repeat(count));
    pass(&rooted(10));
    let refusal = refuse(&rooted(11));
    assert_eq!(refusal.code(), Code::QueryTooComplex);
    assert_eq!(refusal.message(), "the query has more than 10 root fields");
    // 2 × 5, and one more.
    let spread = |more: &str| {
        let five = "__typename ".repeat(5);
        format!("{{ ...F ... {{ ...F }} {more} }} fragment F on Query {{ {five} }}")
    };
    assert_eq!(pass(&spread("")).root_fields.len(), 10);
    assert_eq!(refused_as(&spread("viewer { id }")), Code::QueryTooComplex);
}

#[test]
fn bounds_directives() {
    let directed = |count: usize| format!("{{ viewer {{ id {} }} }}", "@a ".repeat(count));
    pass(&directed(50));
    assert_eq!(refused_as(&directed(51)), Code::QueryTooComplex);
    // On the operation, its variable, a field, an inline fragment, a spread and the fragment: 6.
    let everywhere = |count: usize| {
        format!(
            "query ($a: Int @a) @a {{ viewer @a {{ ... @a {{ ...F @a }} }} }} \
             fragment F on User @a {{ id {} }}",
            "@a ".repeat(count)
        )
    };
    pass(&everywhere(44));
    assert_eq!(refused_as(&everywhere(45)), Code::QueryTooComplex);
}

#[test]
fn what_is_skipped_counts() {
    let skipped = format!("{{ ... @skip(if: true) {} }}", deep("viewer", 13));
    assert_eq!(refused_as(&skipped), Code::QueryTooDeep);
}

#[test]
fn every_operation_is_held_to_the_bounds() {
    let guard = super::guard();
    let code = |other: &str| {
        let text = format!("query A {{ viewer {{ id }} }} query B {other}");
        let mut request = async_graphql::Request::new(text).operation_name("A");
        guard.check(&mut request, true).err().map(|refusal| refusal.code())
    };
    assert_eq!(code(&deep("viewer", 12)), None);
    assert_eq!(code(&deep("viewer", 13)), Some(Code::QueryTooDeep));
    let ten = "__typename ".repeat(10);
    assert_eq!(code(&format!("{{ {ten} }}")), None);
    assert_eq!(code(&format!("{{ {ten} a }}")), Some(Code::QueryTooComplex));
    // 2 of A, and 1 + so many of B.
    let wide = |count: usize| format!("{{ viewer {{ {} }} }}", "id ".repeat(count));
    assert_eq!(code(&wide(997)), None);
    assert_eq!(code(&wide(998)), Some(Code::QueryTooComplex));
}

#[test]
fn fragments_do_not_spread_themselves() {
    for text in [
        "{ ...F } fragment F on T { ...F }",
        "{ a } fragment F on T { a ...F }",
        "{ ...F } fragment F on T { a ...G } fragment G on T { a { ...H } } fragment H on T { ... { ...F } }",
        "{ a } fragment F on T { ...G ...G } fragment G on T { ...F ...F }",
    ] {
        let refusal = refuse(text);
        assert_eq!(refusal.code(), Code::GraphqlValidationFailed, "{text}");
        assert_eq!(refusal.message(), "fragment F spreads itself", "{text}");
        assert!(location(&refusal).is_some());
    }
}

#[test]
fn a_fragment_that_is_not_there_is_left_to_validation() {
    pass("{ ...F viewer { ...G } }");
}
