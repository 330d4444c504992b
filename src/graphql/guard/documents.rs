//! The documents that come again and again, kept as they were read: most of what a small request
//! takes is its parsing.
//!
//! They are few, and anybody can send others. So a text is kept from its second sight on, of the
//! first only a fingerprint stays; bytes are bounded, hashes keyed, and whole texts compared.

use super::document::Document;
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{Equivalent, Weighter};
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What one token takes in memory, at most: a field with its selection set 255 bytes, the others
/// less (measured).
const TOKEN_BYTES: usize = 256;
/// What an entry takes besides.
const ENTRY_BYTES: usize = 512;
/// What an entry is assumed to weigh. More than most do: a part of the cache under one lock holds at
/// least 32 of them, and so has room for the largest document.
const ASSUMED_BYTES: usize = 64 * 1024;
/// Other texts than these many push out a fingerprint; 64 KiB in all.
const FINGERPRINTS: u64 = 8 * 1024;

/// A text and the name of the operation to run.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    text: Box<str>,
    operation: Option<Box<str>>,
}

impl Key {
    pub(super) fn new(text: &str, operation: Option<&str>) -> Self {
        Self { text: text.into(), operation: operation.map(Into::into) }
    }
}

/// A [`Key`], borrowed.
#[derive(Hash)]
struct Asked<'a> {
    text: &'a str,
    operation: Option<&'a str>,
}

impl Equivalent<Key> for Asked<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        *self.text == *key.text && self.operation == key.operation.as_deref()
    }
}

#[derive(Debug, Clone)]
struct Bytes;

impl Weighter<Key, Arc<Document>> for Bytes {
    fn weight(&self, key: &Key, document: &Arc<Document>) -> u64 {
        let name = key.operation.as_ref().map_or(0, |name| name.len());
        let bytes = key.text.len() + name + document.tokens * TOKEN_BYTES + ENTRY_BYTES;
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }
}

/// Documents by their texts.
#[derive(Debug)]
pub(super) struct Documents<S = RandomState> {
    kept: Cache<Key, Arc<Document>, Bytes, S>,
    /// Each in the place that it points at itself.
    fingerprints: Box<[AtomicU64]>,
    hasher: S,
}

impl Documents {
    pub(super) fn new(bytes: usize) -> Self {
        Self::with_hasher(bytes, RandomState::new())
    }
}

impl<S: BuildHasher + Clone> Documents<S> {
    pub(super) fn with_hasher(bytes: usize, hasher: S) -> Self {
        let capacity = u64::try_from(bytes).unwrap_or(u64::MAX);
        Self {
            kept: Cache::with(bytes / ASSUMED_BYTES, capacity, Bytes, hasher.clone(), DefaultLifecycle::default()),
            fingerprints: (0..FINGERPRINTS).map(|_| AtomicU64::default()).collect(),
            hasher,
        }
    }

    pub(super) fn get(&self, text: &str, operation: Option<&str>) -> Option<Arc<Document>> {
        self.kept.get(&Asked { text, operation })
    }

    /// Whether the text was seen before. If not, it is from now on.
    pub(super) fn seen_before(&self, text: &str, operation: Option<&str>) -> bool {
        let fingerprint = self.hasher.hash_one(Asked { text, operation });
        let place = usize::try_from(fingerprint % FINGERPRINTS).ok().and_then(|place| self.fingerprints.get(place));
        place.is_some_and(|place| place.swap(fingerprint, Ordering::Relaxed) == fingerprint)
    }

    pub(super) fn insert(&self, key: Key, document: Arc<Document>) {
        self.kept.insert(key, document);
    }
    /// How many documents are kept, and their bytes.
    #[cfg(test)]
    pub(super) fn size(&self) -> (usize, u64) {
        (self.kept.len(), self.kept.weight())
    }
}
