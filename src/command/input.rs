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
