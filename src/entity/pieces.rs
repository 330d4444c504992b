//! The texts of many rows.

use crate::json;

/// One text for each row of a level, one after another in one buffer. Rows may share texts: each distinct child is
/// written once, however many point at it.
#[derive(Default)]
pub struct Pieces {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    /// For each row the place of its text, `None` for `null`; in order when nobody says.
    of: Option<Vec<Option<usize>>>,
}

impl Pieces {
    /// Room for this many rows of about this many bytes.
    #[must_use]
    pub fn with_capacity(rows: usize, each: usize) -> Self {
        Self { bytes: Vec::with_capacity(rows.saturating_mul(each)), ends: Vec::with_capacity(rows), of: None }
    }

    /// Writes the next text.
    pub fn push(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.bytes);
        self.ends.push(self.bytes.len());
    }

    /// The same texts for other rows.
    #[must_use]
    pub fn shared(self, of: Vec<Option<usize>>) -> Self {
        Self { of: Some(of), ..self }
    }

    /// The text of a row.
    #[must_use]
    pub fn get(&self, row: usize) -> &[u8] {
        let place = match &self.of {
            Some(of) => of.get(row).copied().flatten(),
            None => Some(row),
        };
        place.and_then(|place| self.text(place)).unwrap_or(json::NULL)
    }

    fn text(&self, place: usize) -> Option<&[u8]> {
        let start = match place.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        self.bytes.get(start..*self.ends.get(place)?)
    }

    /// How many bytes a text has, about.
    #[must_use]
    pub fn mean(&self) -> usize {
        self.bytes.len() / self.ends.len().max(1)
    }

    /// The text of the first row, which is all there is.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}
