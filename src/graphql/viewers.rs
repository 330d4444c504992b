//! Who a token was, the last time that the database was asked.
//!
//! This is no cache of sessions: nobody is let in by it. A query of somebody who was here before is begun on the guess
//! that nothing has changed, so that its first statements leave together with the authentication instead of after it.
//! The authentication still runs, first and in the same transaction; what it sets is what row-level security goes by,
//! so that a session which has ended reads nothing. When its answer differs from the guess in anything (the session,
//! the person, one permission), all that was answered is thrown away unseen, and the request is answered again without
//! a guess. So ending a session, or taking a permission away, works at once.

use std::sync::Arc;

use quick_cache::sync::Cache;

use crate::db::unit::TokenDigest;
use crate::viewer::Viewer;

/// The most tokens that are remembered.
const CAPACITY: usize = 4096;

/// By the digest of the token, never by the token.
pub(super) struct Viewers(Cache<TokenDigest, Arc<Viewer>>);

impl Default for Viewers {
    fn default() -> Self {
        Self(Cache::new(CAPACITY))
    }
}

impl Viewers {
    /// Who the token was.
    pub(super) fn get(&self, token: &TokenDigest) -> Option<Arc<Viewer>> {
        self.0.get(token)
    }

    /// Notes who the token is.
    pub(super) fn remember(&self, token: TokenDigest, viewer: &Arc<Viewer>) {
        if self.0.peek(&token).is_none_or(|known| *known != **viewer) {
            self.0.insert(token, Arc::clone(viewer));
        }
    }

    /// The guess was wrong.
    pub(super) fn forget(&self, token: &TokenDigest) {
        self.0.remove(token);
    }
}
