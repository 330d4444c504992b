//! What an account is called by.

use crate::command::line;
use crate::outcome::{UserError, UserErrorCode};

/// An e-mail address, as the database takes one.
///
/// # Errors
/// `INVALID` for what is none, `TOO_LONG`.
pub(super) fn email(text: &str) -> Result<String, UserError> {
    let address = line(text, "email", 254)?;
    let is_part = |part: &str| !part.is_empty() && !part.contains(['@', ' ']) && !part.contains(char::is_whitespace);
    if address.split_once('@').is_some_and(|(name, host)| is_part(name) && is_part(host)) {
        return Ok(address);
    }
    Err(UserError::new(UserErrorCode::Invalid, "This is no e-mail address.").at("email"))
}

/// A username: without an `@`, so that it is never somebody's address.
///
/// # Errors
/// `TOO_SHORT`, `TOO_LONG`, and `INVALID` for other characters.
pub(super) fn username(text: &str) -> Result<String, UserError> {
    let refused = |code, message: &str| Err(UserError::new(code, message).at("username"));
    let known = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || matches!(letter, '_' | '-');
    match text.chars().count() {
        0..3 => refused(UserErrorCode::TooShort, "At least 3 characters."),
        33.. => refused(UserErrorCode::TooLong, "At most 32 characters."),
        _ if !text.chars().all(known) => refused(UserErrorCode::Invalid, "Letters from a to z, digits, `_` and `-`."),
        _ => Ok(text.to_owned()),
    }
}
