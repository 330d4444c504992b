//! When sessions were last used. A use counts at once, by what is remembered here; a query runs in a read-only
//! transaction, so the instants are written together, at most once a minute for each session.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use diesel_async::RunQueryDsl;

use crate::db::pool::Pool;
use crate::db::statement::{Bind, Statement};
use crate::db::unit::{TokenDigest, Unit};
use crate::error::Result;
use crate::id::SessionId;
use crate::lock::lock;

/// What a session's `last_activity` may lag behind.
const RESOLUTION: Duration = Duration::from_mins(1);

/// The uses that are not written yet, by the token's digest.
#[derive(Clone, Default)]
pub struct Activity(Arc<Mutex<HashMap<TokenDigest, Use>>>);

/// The latest use of a session, by the clock of the database.
#[derive(Clone, Copy)]
struct Use {
    session: SessionId,
    at: DateTime<Utc>,
    /// When it is written.
    due: Instant,
}

impl Activity {
    /// Notes that a session is used `now`, where the database knows of a use at `known`.
    pub fn note(&self, token: &TokenDigest, session: SessionId, known: DateTime<Utc>, now: DateTime<Utc>) {
        let age = (now - known).to_std().unwrap_or_default();
        let due = Instant::now() + RESOLUTION.saturating_sub(age);
        let mut uses = lock(&self.0);
        if let Some(noted) = uses.get_mut(token) {
            noted.at = noted.at.max(now);
            noted.due = noted.due.min(due);
        } else {
            uses.insert(token.clone(), Use { session, at: now, due });
        }
    }

    /// The latest use of a session that may not be written yet.
    #[must_use]
    pub fn latest(&self, token: &TokenDigest) -> Option<DateTime<Utc>> {
        lock(&self.0).get(token).map(|noted| noted.at)
    }

    /// Writes what is due, in one statement.
    ///
    /// # Errors
    /// What the database answers; what was noted is kept for the next time.
    pub async fn flush(&self, pool: &Pool) -> Result<usize> {
        let now = Instant::now();
        self.flush_where(pool, |noted| noted.due <= now).await
    }

    /// Writes all that was noted.
    ///
    /// # Errors
    /// Like [`Activity::flush`].
    pub async fn flush_all(&self, pool: &Pool) -> Result<usize> {
        self.flush_where(pool, |_| true).await
    }

    async fn flush_where(&self, pool: &Pool, is_due: impl Fn(&Use) -> bool) -> Result<usize> {
        let noted: Vec<(TokenDigest, Use)> = lock(&self.0)
            .iter()
            .filter(|(_, noted)| is_due(noted))
            .map(|(token, noted)| (token.clone(), *noted))
            .collect();
        if noted.is_empty() {
            return Ok(0);
        }
        let written = write(pool, noted.iter().map(|(_, noted)| noted)).await?;
        // What was used meanwhile stays, for the next minute.
        let mut uses = lock(&self.0);
        for (token, written) in noted {
            if uses.get(&token).is_some_and(|noted| noted.at == written.at) {
                uses.remove(&token);
            } else if let Some(noted) = uses.get_mut(&token) {
                noted.due = Instant::now() + RESOLUTION;
            }
        }
        Ok(written)
    }
}

async fn write(pool: &Pool, noted: impl Iterator<Item = &Use> + Clone) -> Result<usize> {
    let unit = Unit::worker(pool).await?;
    let statement = Statement::<()>::new(
        "UPDATE sessions SET last_activity = GREATEST(last_activity, noted.at) \
         FROM unnest(?, ?) AS noted(id, at) WHERE sessions.id = noted.id",
        vec![
            Bind::ids(noted.clone().map(|noted| noted.session)),
            Bind::Instants(noted.map(|noted| noted.at).collect()),
        ],
    );
    let written = statement.execute(&mut unit.conn()).await?;
    unit.commit().await?;
    Ok(written)
}
