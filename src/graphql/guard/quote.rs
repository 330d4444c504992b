//! What a message quotes of a document.

/// At most `limit` characters of `text`, so that an answer does not echo a whole document.
pub(super) fn shortened(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// A name of the document, fit for a message.
pub(super) fn name(text: &str) -> String {
    shortened(text, 60)
}
