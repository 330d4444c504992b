//! What the edition of September 2025 brought, in words that the parser knows.
//!
//! The parser is older: it has no descriptions in executable documents, no `\u{1f600}`, and no pair of surrogates. So
//! the first are blanked, and the others written out. Whatever follows stays at its line and column.

use super::scan::{Kind, Lexeme, Lexer};
use std::borrow::Cow;
use std::ops::Range;

/// The text for the parser. It has passed the scanner.
pub(super) fn adapt(text: &str) -> Cow<'_, str> {
    let lexemes: Vec<Lexeme> = Lexer::new(text).flatten().filter(|lexeme| lexeme.kind != Kind::Comment).collect();
    let word = |lexeme: Option<&Lexeme>| lexeme.and_then(|it| text.get(it.start..it.end)).unwrap_or_default();
    let mut adapted = String::new();
    let mut done = 0;
    let mut depth: usize = 0;
    for (index, lexeme) in lexemes.iter().enumerate() {
        match lexeme.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            Kind::String => {
                let source = word(Some(lexeme));
                let before = index.checked_sub(1).map_or("", |index| word(lexemes.get(index)));
                let after = word(lexemes.get(index + 1));
                let other = if is_description(depth, before, after) { blank(source) } else { write_out(source) };
                if let Cow::Owned(other) = other {
                    adapted += text.get(done..lexeme.start).unwrap_or_default();
                    adapted += &other;
                    done = lexeme.end;
                }
            }
            Kind::Comment | Kind::Other => {}
        }
    }
    if done == 0 {
        return Cow::Borrowed(text);
    }
    adapted += text.get(done..).unwrap_or_default();
    Cow::Owned(adapted)
}

/// Whether a string between these words describes what follows: a definition, except of a query in short form, or a
/// variable. `$a: String = "this" $b: Int` is the one place where a value may stand in front of a variable.
fn is_description(depth: usize, before: &str, after: &str) -> bool {
    match depth {
        0 => matches!(before, "" | "}") && matches!(after, "query" | "mutation" | "subscription" | "fragment"),
        1 => before != "=" && after == "$",
        _ => false,
    }
}

/// As many lines and columns of nothing.
fn blank(source: &str) -> Cow<'_, str> {
    Cow::Owned(source.chars().map(|c| if matches!(c, '\n' | '\r') { c } else { ' ' }).collect())
}

/// The string with characters instead of the escapes that the parser does not know. What they were longer follows as
/// blanks behind it.
fn write_out(source: &str) -> Cow<'_, str> {
    if source.starts_with("\"\"\"") || !source.contains("\\u") {
        return Cow::Borrowed(source);
    }
    let mut written = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(at) = rest.find('\\') {
        let (plain, escape) = rest.split_at(at);
        written += plain;
        let (text, length) = match unknown(escape) {
            Some((character, length)) => (literal(character), length),
            // One that the parser knows, or refuses: the character behind the backslash is no backslash of its own.
            None => (String::new(), 0),
        };
        let kept = if length == 0 { escape.char_indices().nth(2).map_or(escape.len(), |(at, _)| at) } else { length };
        written += if length == 0 { escape.get(..kept).unwrap_or_default() } else { &text };
        rest = escape.get(kept..).unwrap_or_default();
    }
    written += rest;
    let shorter = source.chars().count().saturating_sub(written.chars().count());
    written.extend(std::iter::repeat_n(' ', shorter));
    Cow::Owned(written)
}

/// The character of an escape that the parser does not know, and the length of the escape.
fn unknown(escape: &str) -> Option<(char, usize)> {
    if let Some(braced) = escape.strip_prefix("\\u{") {
        let (digits, _) = braced.split_once('}')?;
        return Some((char::from_u32(hex(digits)?)?, digits.len() + 4));
    }
    let unit = |range: Range<usize>| escape.get(range).and_then(hex).and_then(|unit| u16::try_from(unit).ok());
    if escape.get(6..8)? != "\\u" {
        return None;
    }
    let pair = [unit(2..6)?, unit(8..12)?];
    let mut decoded = char::decode_utf16(pair);
    match (decoded.next(), decoded.next()) {
        // Two characters of their own are none of this.
        (Some(Ok(character)), None) => Some((character, 12)),
        _ => None,
    }
}

fn hex(digits: &str) -> Option<u32> {
    let is_hex = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| u32::from_str_radix(digits, 16).ok()).flatten()
}

/// A character as it may stand in a string.
fn literal(character: char) -> String {
    match character {
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        '\n' => "\\n".to_owned(),
        '\r' => "\\r".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_written_out_and_what_follows_stays_in_its_place() {
        for (text, adapted) in [
            (r#"{ a(b: "play \ud83d\ude00") c }"#, "{ a(b: \"play \u{1f600}\"           ) c }"),
            (r#"{ a(b: "\u{1F600}\u{00041}") }"#, "{ a(b: \"\u{1f600}A\"                ) }"),
            (r#"{ a(b: "\u{22}\u{5c}\u{a}\u{D}") }"#, r#"{ a(b: "\"\\\n\r"              ) }"#),
        ] {
            assert_eq!(adapt(text), adapted);
            assert_eq!(text.chars().count(), adapted.chars().count());
        }
        for same in [
            r#"{ a(b: "A\n\\u{41} \\ud83d\\ude00") }"#,
            r#"{ a(b: "\ud83d") c(d: "\ude00\ud83d \u{d800} \u{110000} \u{} \u{1f600 \u{ 41}") }"#,
            r#"{ a(b: """\ud83d\ude00 \u{41}""") }"#,
            "{ a(b: \"x\") }",
        ] {
            assert_eq!(adapt(same), same);
        }
    }

    #[test]
    fn descriptions_are_blanked() {
        for (text, adapted) in [
            ("\"about\" query A { a }", "        query A { a }"),
            ("\"\"\"\né\"\"\"\nmutation A { a }", "   \n    \nmutation A { a }"),
            ("{ a } # x\n\"f\" # y\nfragment F on T { a }", "{ a } # x\n    # y\nfragment F on T { a }"),
            (
                "query (\"of a\" $a: String = \"x\", \"of b\" $b: Int) { a }",
                "query (       $a: String = \"x\",        $b: Int) { a }",
            ),
        ] {
            assert_eq!(adapt(text), adapted);
        }
        for same in [
            "\"about\" { a }",
            "query \"about\" fragment { a }",
            "query ($a: String = \"x\" $b: Int) { a }",
            "query @a(b: [\"x\" $c]) { a }",
            "{ a(b: \"x\") query }",
        ] {
            assert_eq!(adapt(same), same);
        }
        assert_eq!(adapt("\"one\" \"two\" query { a }"), "\"one\" \"two\" query { a }");
    }
}
