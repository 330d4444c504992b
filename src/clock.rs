//! The one place where the time comes from.

use chrono::{DateTime, Utc};

/// Now.
#[must_use]
pub fn now() -> DateTime<Utc> {
    #[expect(clippy::disallowed_methods, reason = "the one place where the time comes from")]
    Utc::now()
}
