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

/// A text like [`words`], in one line: what stands in lists and in the headers of mails.
///
/// # Errors
/// Like [`words`], and `INVALID` for whatever ends a line or is no character to be seen.
pub fn line(text: &str, field: &str, longest: usize) -> Result<String, UserError> {
    let line = words(text, field, longest)?;
    if line.chars().any(|one| one.is_control() || matches!(one, '\u{2028}' | '\u{2029}')) {
        return Err(UserError::new(UserErrorCode::Invalid, "Write it in one line.").at(field));
    }
    Ok(line)
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
