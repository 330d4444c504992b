//! The work of bcrypt, counted: how long an attempt takes must not tell what there was to verify it against.

use std::hint::black_box;

use bcrypt::HashParts;

/// The least cost that bcrypt knows.
const LEAST: u32 = 4;

/// What one attempt has spent. A hash of cost `n` takes 2ⁿ rounds.
#[derive(Debug, Default)]
pub(super) struct Rounds(u64);

impl Rounds {
    /// A new hash.
    pub(super) fn hash(&mut self, seasoned: &str, cost: u32) -> Option<String> {
        let hash = bcrypt::hash(seasoned, cost).ok()?;
        self.0 += 1 << cost;
        Some(hash)
    }

    /// Whether a hash is of this password; a malformed one is of none, and takes no round.
    pub(super) fn verify(&mut self, seasoned: &str, hash: &str) -> bool {
        let Ok(right) = bcrypt::verify(seasoned, hash) else { return false };
        self.0 += hash.parse().map_or(0, |parts: HashParts| 1 << parts.get_cost());
        right
    }

    /// The cost of what was spent.
    pub(super) fn cost(&self) -> u32 {
        self.0.checked_ilog2().unwrap_or_default()
    }

    /// Spends what is left to one hash of a cost. After one of a lower cost `o`, hashes of `o`, `o + 1`, … `cost - 1`
    /// double it each time: 2ᵒ + 2ᵒ + 2ᵒ⁺¹ + … = 2ᶜᵒˢᵗ.
    pub(super) fn fill(&mut self, cost: u32) {
        while self.cost() < cost && black_box(self.hash("", self.cost().max(LEAST))).is_some() {}
    }
}

#[cfg(test)]
impl Rounds {
    /// How many there were.
    pub(super) fn spent(&self) -> u64 {
        self.0
    }
}
