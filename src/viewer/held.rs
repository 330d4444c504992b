//! What somebody holds.

use std::collections::BTreeSet;

/// The permissions of a viewer, as the roles grant them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Permissions(BTreeSet<String>);

impl Permissions {
    /// Whether `name` is held: itself, by `*`, or, for `x:own`, by `x`.
    #[must_use]
    pub fn holds(&self, name: &str) -> bool {
        self.0.contains("*")
            || self.0.contains(name)
            || name.strip_suffix(":own").is_some_and(|any| self.0.contains(any))
    }

    /// Whether everything is held.
    #[must_use]
    pub fn holds_all(&self) -> bool {
        self.0.contains("*")
    }

    /// The first permission on rows of others that `held` does not have. What somebody may do to the own rows is no
    /// power over anybody.
    #[must_use]
    pub fn beyond(&self, held: &Self) -> Option<&str> {
        self.0.iter().map(String::as_str).find(|name| !name.ends_with(":own") && !held.holds(name))
    }
}

impl FromIterator<String> for Permissions {
    fn from_iter<I: IntoIterator<Item = String>>(names: I) -> Self {
        Self(names.into_iter().collect())
    }
}
