//! The pass over the bytes, before anything recurses over them.
//!
//! async-graphql's parser recurses once for each bracket: 1,500 nested literals overflow its stack
//! and kill the process. So brackets are counted first, by a loop that neither recurses nor
//! allocates. That only helps while both agree on what is a string and what is a comment, hence
//! the rule of this file: **follow graphql.pest, and refuse wherever it is in two minds.**
//! The grammar takes an unterminated `"""` for an empty string and a quote, so that after
//! `["""` a tolerant scanner reads text where the parser reads brackets.
//! `scan_fuzz.rs` holds the two together.

use super::DocumentLimits;
use crate::error::{Code, Error};
use async_graphql::Pos;

/// What one pass has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scan {
    pub tokens: usize,
    pub nesting: usize,
    pub strings: usize,
}

/// Counts tokens and bracket nesting, and refuses what is beyond the bounds.
pub(super) fn scan(text: &str, limits: &DocumentLimits) -> Result<Scan, Error> {
    if text.len() > limits.query_bytes {
        let message = format!("the query has {} bytes, at most {} are allowed", text.len(), limits.query_bytes);
        return Err(Error::new(Code::QueryTooLarge, message));
    }
    let mut seen = Scan { tokens: 0, nesting: 0, strings: 0 };
    let mut open: usize = 0;
    for lexeme in Lexer::new(text) {
        let lexeme = lexeme.map_err(|fault| {
            let (message, at) = match fault {
                Fault::OpenString(at) => ("a string that starts here does not end", at),
                Fault::LeadingZero(at) => ("a number does not start with 0", at),
            };
            let message = format!("Syntax error: {message}");
            Error::new(Code::GraphqlParseFailed, message).at(position(text, at))
        })?;
        seen.tokens += 1;
        if seen.tokens > limits.tokens {
            let message = format!("the query has more than {} tokens", limits.tokens);
            return Err(Error::new(Code::QueryTooLarge, message).at(position(text, lexeme.start)));
        }
        match lexeme.kind {
            Kind::Open => open += 1,
            // A bracket too many is a syntax error: the parser gets no further than here.
            Kind::Close => open = open.saturating_sub(1),
            Kind::String => seen.strings += 1,
            Kind::Comment | Kind::Other => {}
        }
        seen.nesting = seen.nesting.max(open);
        if open > limits.nesting {
            let message = format!("brackets are nested more than {} levels deep", limits.nesting);
            return Err(Error::new(Code::QueryTooDeep, message).at(position(text, lexeme.start)));
        }
    }
    Ok(seen)
}

/// Line and column of a byte, counted as pest counts them.
pub(super) fn position(text: &str, offset: usize) -> Pos {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    Pos {
        line: before.matches('\n').count() + 1,
        column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Open,
    Close,
    String,
    /// Counted as a token, too: the parser looks at a comment up to eight times.
    Comment,
    Other,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Lexeme {
    pub kind: Kind,
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
}

/// Where the text stops being GraphQL.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fault {
    OpenString(usize),
    /// `[000…]`: to the grammar each 0 is a number of its own, so that one word could hold 16,000.
    LeadingZero(usize),
}

/// The lexemes of a document, white space left out. Ends after the first fault.
pub(super) struct Lexer<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Lexer<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { bytes: text.as_bytes(), at: 0 }
    }

    fn byte(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    fn sees(&self, what: &[u8]) -> bool {
        self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(what))
    }

    fn skip_while(&mut self, wanted: impl Fn(u8) -> bool) {
        while self.byte(0).is_some_and(&wanted) {
            self.at += 1;
        }
    }

    fn skip_ignored(&mut self) {
        loop {
            if self.byte(0).is_some_and(|byte| matches!(byte, b' ' | b',' | b'\t' | b'\r' | b'\n')) {
                self.at += 1;
            } else if self.sees("\u{feff}".as_bytes()) {
                // A byte order mark is white space anywhere, not only in front.
                self.at += '\u{feff}'.len_utf8();
            } else {
                return;
            }
        }
    }

    fn lexeme(&mut self, first: u8) -> Result<Kind, Fault> {
        match first {
            b'"' if self.sees(b"\"\"\"") => return self.block_string(),
            b'"' => return self.string(),
            b'#' => {
                self.skip_while(|byte| byte != b'\n' && byte != b'\r');
                return Ok(Kind::Comment);
            }
            b'-' | b'0'..=b'9' => self.number()?,
            b'_' | b'a'..=b'z' | b'A'..=b'Z' => {
                self.skip_while(|byte| byte == b'_' || byte.is_ascii_alphanumeric());
            }
            b'.' if self.sees(b"...") => self.at += 3,
            // Punctuation, and what no rule of the grammar begins with.
            _ => self.at += 1,
        }
        Ok(match first {
            b'{' | b'[' | b'(' => Kind::Open,
            b'}' | b']' | b')' => Kind::Close,
            _ => Kind::Other,
        })
    }

    fn block_string(&mut self) -> Result<Kind, Fault> {
        let start = self.at;
        self.at += 3;
        loop {
            if self.sees(b"\"\"\"") {
                self.at += 3;
                return Ok(Kind::String);
            }
            // The only escape there is; any other backslash stands for itself.
            self.at += if self.sees(b"\\\"\"\"") { 4 } else { 1 };
            if self.at >= self.bytes.len() {
                return Err(Fault::OpenString(start));
            }
        }
    }

    fn string(&mut self) -> Result<Kind, Fault> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.byte(0) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Kind::String);
                }
                // An escape that does not exist stops the parser, so its form does not matter.
                Some(b'\\') if !matches!(self.byte(1), Some(b'\n' | b'\r')) => self.at += 2,
                None | Some(b'\n' | b'\r' | b'\\') => return Err(Fault::OpenString(start)),
                Some(_) => self.at += 1,
            }
        }
    }

    fn number(&mut self) -> Result<(), Fault> {
        let start = self.at;
        if self.byte(0) == Some(b'-') {
            self.at += 1;
        }
        if self.byte(0) == Some(b'0') && self.byte(1).is_some_and(|byte| byte.is_ascii_digit()) {
            return Err(Fault::LeadingZero(start));
        }
        self.skip_while(|byte| byte.is_ascii_digit());
        if self.byte(0) == Some(b'.') && self.byte(1).is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
            self.skip_while(|byte| byte.is_ascii_digit());
        }
        if matches!(self.byte(0), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(self.byte(1), Some(b'+' | b'-')));
            if self.byte(1 + sign).is_some_and(|byte| byte.is_ascii_digit()) {
                self.at += 1 + sign;
                self.skip_while(|byte| byte.is_ascii_digit());
            }
        }
        Ok(())
    }
}

impl Iterator for Lexer<'_> {
    type Item = Result<Lexeme, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        self.skip_ignored();
        let start = self.at;
        let first = self.byte(0)?;
        let kind = self.lexeme(first);
        if kind.is_err() {
            self.at = self.bytes.len();
        }
        Some(kind.map(|kind| Lexeme { kind, start, end: self.at }))
    }
}
