//! When sessions were last used. A query runs in a read-only transaction, so the instants are gathered
//! here and written together, at most once a minute for each session.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use diesel_async::RunQueryDsl;

use crate::db::lock::lock;
use crate::db::pool::Pool;
use crate::db::statement::{Bind, Statement};
use crate::db::unit::Unit;
use crate::error::Result;
use crate::id::SessionId;

/// What a session's `last_activity` may lag behind.
const RESOLUTION: TimeDelta = TimeDelta::seconds(60);

/// The instants that are not written yet.
#[derive(Clone, Default)]
pub struct Activity(Arc<Mutex<HashMap<SessionId, DateTime<Utc>>>>);

impl Activity {
    /// Notes that a session is used `now`, unless the database knows of a use within the last minute.
    pub fn note(&self, session: SessionId, known: DateTime<Utc>, now: DateTime<Utc>) {
        if now - known >= RESOLUTION {
            lock(&self.0).entry(session).or_insert(now);
        }
    }

    /// Writes what was noted, in one statement.
    ///
    /// # Errors
    /// What the database answers; what was noted is kept for the next time.
    pub async fn flush(&self, pool: &Pool) -> Result<usize> {
        let noted = std::mem::take(&mut *lock(&self.0));
        if noted.is_empty() {
            return Ok(0);
        }
        let written = write(pool, &noted).await;
        if written.is_err() {
            let mut pending = lock(&self.0);
            for (session, at) in noted {
                pending.entry(session).or_insert(at);
            }
        }
        written
    }
}

async fn write(pool: &Pool, noted: &HashMap<SessionId, DateTime<Utc>>) -> Result<usize> {
    let unit = Unit::worker(pool).await?;
    let statement = Statement::<()>::new(
        "UPDATE sessions SET last_activity = GREATEST(last_activity, noted.at) \
         FROM unnest(?, ?) AS noted(id, at) WHERE sessions.id = noted.id",
        vec![Bind::ids(noted.keys().copied()), Bind::Instants(noted.values().copied().collect())],
    );
    let written = statement.execute(&mut unit.conn()).await?;
    unit.commit().await?;
    Ok(written)
}
