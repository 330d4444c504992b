//! Session tokens: `sps_`, 43 base62 digits that hold 32 bytes of the system's randomness, `_`, and 6
//! base62 digits of the CRC-32 (ISO-HDLC) over what stands before the last underscore. Shape and
//! checksum are checked before the database is asked; the prefix lets scanners of leaked secrets find it.

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::db::unit::TokenDigest;

const PREFIX: &str = "sps_";
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const SECRET_LENGTH: usize = 43;
const CHECKSUM_LENGTH: usize = 6;

/// A session token. Shown once, by `login`; never logged.
pub struct Token(SecretString);

impl Token {
    /// A fresh one.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn fresh() -> Result<Self, getrandom::Error> {
        let mut secret = [0; 32];
        #[expect(clippy::disallowed_methods, reason = "the one place where tokens come from")]
        getrandom::fill(&mut secret)?;
        let body = format!("{PREFIX}{}", base62(secret.to_vec(), SECRET_LENGTH));
        let checksum = checksum(&body);
        Ok(Self(format!("{body}_{checksum}").into()))
    }

    /// Reads a token that a client sent. `None` when its shape or its checksum is wrong.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let (body, sum) = text.rsplit_once('_')?;
        let secret = body.strip_prefix(PREFIX)?;
        let shape = secret.len() == SECRET_LENGTH && secret.bytes().all(|byte| byte.is_ascii_alphanumeric());
        (shape && checksum(body) == sum).then(|| Self(text.into()))
    }

    /// What the database knows of it.
    #[must_use]
    pub fn digest(&self) -> TokenDigest {
        TokenDigest(hex(&Sha256::digest(self.0.expose_secret())))
    }

    /// The token itself, for the one answer that shows it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.0.expose_secret()
    }
}

/// Lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    let nibbles = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
    nibbles.filter_map(|nibble| char::from_digit(nibble.into(), 16)).collect()
}

fn checksum(body: &str) -> String {
    base62(crc32fast::hash(body.as_bytes()).to_be_bytes().to_vec(), CHECKSUM_LENGTH)
}

/// Writes a big-endian number with `length` base62 digits.
fn base62(mut number: Vec<u8>, length: usize) -> String {
    let mut digits = Vec::with_capacity(length);
    for _ in 0..length {
        let mut remainder = 0_u32;
        for byte in &mut number {
            let value = remainder * 256 + u32::from(*byte);
            *byte = u8::try_from(value / 62).unwrap_or_default();
            remainder = value % 62;
        }
        digits.push(usize::try_from(remainder).ok().and_then(|at| DIGITS.get(at)).copied().unwrap_or(b'0'));
    }
    digits.iter().rev().map(|digit| char::from(*digit)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_thousand_tokens_differ_have_the_shape_and_read_back() {
        let tokens: HashSet<String> = (0..1000).map(|_| Token::fresh().unwrap().reveal().to_owned()).collect();
        assert_eq!(tokens.len(), 1000);
        for token in &tokens {
            assert_eq!(token.len(), 4 + 43 + 1 + 6);
            assert!(Token::read(token).is_some(), "{token}");
        }
    }

    #[test]
    fn a_token_with_one_wrong_character_is_refused_without_the_database() {
        let token = Token::fresh().unwrap().reveal().to_owned();
        for at in 0..token.len() {
            let mut wrong = token.clone().into_bytes();
            wrong[at] = if wrong[at] == b'a' { b'b' } else { b'a' };
            assert!(Token::read(&String::from_utf8(wrong).unwrap()).is_none(), "{at}");
        }
        for text in ["", "sps_", "Bearer", "spr_0_0", &token[1..], "\u{1f600}_sps_"] {
            assert!(Token::read(text).is_none(), "{text}");
        }
    }

    #[test]
    fn base62_keeps_every_bit() {
        assert_eq!(base62(vec![0xff; 4], 6), "4gfFC3");
        assert_eq!(base62(vec![61], 2), "0z");
    }
}
