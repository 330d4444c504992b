//! What people write into forms.

use crate::outcome::{UserError, UserErrorCode};

/// A text of one to `longest` characters, of which at least one can be seen; `field` is the field of the input.
///
/// # Errors
/// `INVALID` without anything to see, and for a NUL character, which the database cannot hold; `TOO_LONG`.
pub fn words(text: &str, field: &str, longest: usize) -> Result<String, UserError> {
    if text.chars().count() > longest {
        return Err(UserError::new(UserErrorCode::TooLong, format!("At most {longest} characters.")).at(field));
    }
    if text.trim().is_empty() || text.contains('\0') {
        return Err(UserError::new(UserErrorCode::Invalid, "Write something.").at(field));
    }
    Ok(text.to_owned())
}

/// Checks that a row is as it was when the form was filled from it.
///
/// # Errors
/// `CONFLICT` when it has moved on.
pub fn as_expected(revision: i32, expected: Option<i32>) -> Result<(), UserError> {
    if expected.is_none_or(|expected| expected == revision) {
        return Ok(());
    }
    let message = "Somebody changed it in the meantime. Look at it again.";
    Err(UserError::new(UserErrorCode::Conflict, message).at("expectedRevision"))
}

/// A text of one line, as names are: no break of a line, of any script, would reach a mail's head.
///
/// # Errors
/// Like [`words`], and `INVALID` for characters that break lines or steer terminals.
pub fn line(text: &str, field: &str, longest: usize) -> Result<String, UserError> {
    let breaks = |letter: char| letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}');
    if text.contains(breaks) {
        return Err(UserError::new(UserErrorCode::Invalid, "One line of text.").at(field));
    }
    words(text.trim(), field, longest)
}
