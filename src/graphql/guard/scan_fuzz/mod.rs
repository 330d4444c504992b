//! Holds the scanner, what puts new words into old ones, and the parser together, on documents that nobody would write.
//!
//! If they disagreed on what is a string or a comment, brackets that the scanner does not see
//! could overflow the parser's stack. Three properties say that they agree: a document that parses
//! has no more brackets, and no deeper ones, than the scanner counted; one that was generated from
//! the grammar has exactly as many, and as many strings; and the parser never stops in the middle
//! of what the scanner takes for a string or a comment.
//!
//! The parser reads the [`adapt`]ed text. What the scanner passed it passes again, with the same brackets at the same
//! lines and columns; and a text that the parser knows as it is stays as it is.

mod seen;
pub(super) mod writer;

use super::DocumentLimits;
use super::edition::adapt;
use super::scan::{Kind, Lexeme, Lexer, Scan, position, scan};
use async_graphql::Pos;
use async_graphql::parser::{Error, parse_query};
use seen::{Seen, in_document};
use writer::{PIECES, Random, Writer, soup};

/// What became of a document.
#[derive(Debug, Default)]
struct Outcomes {
    refused: usize,
    failed: usize,
    parsed: usize,
    /// Of those that were not refused: how many had new words.
    adapted: usize,
}

/// Wide, but narrow enough for the parser to live.
fn limits() -> DocumentLimits {
    DocumentLimits { nesting: 64, ..DocumentLimits::default() }
}

fn lexemes(text: &str) -> Vec<Lexeme> {
    Lexer::new(text).flatten().collect()
}

/// The scanner's side of [`Seen`].
fn scanned(text: &str, scan: Scan) -> Seen {
    let brackets = lexemes(text).iter().filter(|it| it.kind == Kind::Open).count();
    Seen { brackets, nesting: scan.nesting, strings: scan.strings }
}

/// The byte at a place that the parser names; the inverse of [`position`].
fn offset(text: &str, place: Pos) -> usize {
    let lines = text.split_inclusive('\n').take(place.line - 1);
    let line = lines.map(str::len).sum();
    let rest = text.get(line..).unwrap_or_default();
    let mut columns = rest.char_indices().map(|(at, _)| line + at);
    let offset = columns.nth(place.column - 1).unwrap_or(text.len());
    assert_eq!(position(text, offset), place, "{text:?}");
    offset
}

/// A text with blanks in the place of its strings.
fn around_strings(text: &str) -> String {
    let mut around = String::with_capacity(text.len());
    let mut done = 0;
    for string in lexemes(text).iter().filter(|it| it.kind == Kind::String) {
        around += &text[done..string.start];
        around.extend(text[string.start..string.end].chars().map(|c| if matches!(c, '\n' | '\r') { c } else { ' ' }));
        done = string.end;
    }
    around + &text[done..]
}

/// The text for the parser, with what the scanner sees of it.
fn adapted(text: &str, before: Scan, outcomes: &mut Outcomes) -> (String, Scan) {
    let other = adapt(text);
    let Ok(after) = scan(&other, &limits()) else { panic!("{text:?} becomes {other:?}, which is refused") };
    if other == text {
        return (text.to_owned(), after);
    }
    outcomes.adapted += 1;
    assert!(parse_query(text).is_err(), "the parser knows all words of {text:?}, which becomes {other:?}");
    assert_eq!(after.nesting, before.nesting, "{text:?} becomes {other:?}");
    assert!(after.strings <= before.strings, "{text:?} becomes {other:?}");
    assert_eq!(around_strings(&other), around_strings(text));
    (other.into_owned(), after)
}

/// Holds one document to the properties. Returns both views of one that parses.
fn agree(text: &str, outcomes: &mut Outcomes) -> Option<(Seen, Seen)> {
    let Ok(scan) = scan(text, &limits()) else {
        outcomes.refused += 1;
        return None;
    };
    let (text, scan) = adapted(text, scan, outcomes);
    let text = text.as_str();
    match parse_query(text) {
        Ok(document) => {
            outcomes.parsed += 1;
            assert_eq!(adapt(text), text, "the parser knows all of its words");
            let (parser, scanner) = (in_document(&document), scanned(text, scan));
            assert!(parser.nesting <= scanner.nesting, "{text:?}");
            assert!(parser.brackets <= scanner.brackets, "{text:?}");
            assert!(parser.strings <= scanner.strings, "{text:?}");
            Some((parser, scanner))
        }
        Err(Error::Syntax { start, .. }) => {
            outcomes.failed += 1;
            let stop = offset(text, start);
            for lexeme in lexemes(text) {
                assert!(
                    !matches!(lexeme.kind, Kind::String | Kind::Comment) || stop <= lexeme.start || stop >= lexeme.end,
                    "the parser stops inside of a string or comment: {text:?} {start:?}"
                );
            }
            None
        }
        Err(_) => {
            outcomes.failed += 1;
            None
        }
    }
}

#[test]
fn the_scanner_and_the_parser_see_the_same_brackets() {
    let mut outcomes = Outcomes::default();
    let mut writer = Writer { random: Random(0x5eed), names: 0, text: String::new() };
    for _ in 0..8_000 {
        writer.text.clear();
        writer.document();
        let Some((parser, scanner)) = agree(&writer.text, &mut outcomes) else {
            panic!("does not parse: {:?}", writer.text);
        };
        assert_eq!(parser, scanner, "{:?}", writer.text);
    }
    assert_eq!(outcomes.parsed, 8_000);
    assert!(outcomes.adapted > 2_000, "{outcomes:?}");
}

#[test]
fn they_agree_on_broken_documents_too() {
    let mut outcomes = Outcomes::default();
    let mut writer = Writer { random: Random(0xb0b), names: 0, text: String::new() };
    for _ in 0..30_000 {
        writer.text.clear();
        writer.document();
        for _ in 0..=writer.random.below(3) {
            let at = writer.random.below(writer.text.len());
            let piece = writer.random.pick(&PIECES);
            if let (Some(before), Some(after)) = (writer.text.get(..at), writer.text.get(at..)) {
                // Half of them lose a character where they gain a piece.
                let mut after = after.chars();
                if writer.random.below(2) == 0 {
                    after.next();
                }
                writer.text = format!("{before}{piece}{}", after.as_str());
            }
        }
        agree(&writer.text, &mut outcomes);
    }
    assert!(outcomes.parsed > 3_000 && outcomes.failed > 5_000 && outcomes.refused > 2_000, "{outcomes:?}");
    assert!(outcomes.adapted > 4_000, "{outcomes:?}");
}

#[test]
fn they_agree_on_soup() {
    let mut outcomes = Outcomes::default();
    let mut random = Random(0xca1f);
    for round in 0..60_000 {
        let pieces = 1 + random.below(12);
        let soup = soup(&mut random, pieces);
        // Most would fail at their first character: give each a place where it may get further.
        let text = match round % 4 {
            0 => soup,
            1 => format!("{{a{soup}}}"),
            2 => format!("{{a(b:[{soup}])}}"),
            _ => format!("query($a:[A]=[{soup}]){{a}}"),
        };
        agree(&text, &mut outcomes);
    }
    assert!(outcomes.parsed > 1_000 && outcomes.failed > 10_000 && outcomes.refused > 10_000, "{outcomes:?}");
    assert!(outcomes.adapted > 100, "{outcomes:?}");
}
