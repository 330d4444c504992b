//! The statements that a connection has prepared.

use rustc_hash::FxHashMap;
use tokio_postgres::Statement;

/// The most that a connection keeps. Selections, filters and orders make many, and each takes memory in a process of the
/// server.
const MOST: usize = 500;

/// Prepared statements by their texts. Of too many the one that was not used for longest is closed.
#[derive(Default)]
pub(super) struct Prepared {
    kept: FxHashMap<String, Kept>,
    uses: u64,
}

struct Kept {
    /// Closed with its last clone: one that is in use lives on until it was answered.
    statement: Statement,
    used: u64,
}

impl Prepared {
    /// The statement of this text.
    pub(super) fn get(&mut self, text: &str) -> Option<Statement> {
        self.uses += 1;
        let kept = self.kept.get_mut(text)?;
        kept.used = self.uses;
        Some(kept.statement.clone())
    }

    /// Keeps one.
    pub(super) fn keep(&mut self, text: String, statement: Statement) {
        if self.kept.len() >= MOST
            && let Some(oldest) = self.kept.iter().min_by_key(|(_, kept)| kept.used).map(|(text, _)| text.clone())
        {
            self.kept.remove(&oldest);
        }
        self.kept.insert(text, Kept { statement, used: self.uses });
    }
}
