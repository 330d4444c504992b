//! What runs on a clock.

use std::time::Duration;

use crate::db::pool::Pool;
use crate::db::unit::Unit;
use crate::error::Result;
use crate::identity::{Activity, Session};

/// How often the activity of sessions is written.
const FLUSH_EVERY: Duration = Duration::from_secs(15);

/// How often sessions that have ended are deleted.
const DELETE_EVERY: Duration = Duration::from_mins(10);

/// Writes the activity of sessions every few seconds, for ever: whoever drops this flushes once more.
pub async fn flush_activity(activity: Activity, pool: Pool) {
    let mut ticks = tokio::time::interval(FLUSH_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        told(activity.flush(&pool).await);
    }
}

/// Writes all activity of sessions now.
pub async fn flush(activity: &Activity, pool: &Pool) {
    told(activity.flush_all(pool).await);
}

fn told(written: Result<usize>) {
    if let Err(error) = written {
        tracing::warn!(cause = ?error.cause(), "the activity of sessions was not written; it is tried again");
    }
}

/// Deletes ended sessions every few minutes, for ever.
pub async fn clean_sessions(pool: Pool) {
    // Not at the start, when there is enough to do.
    let mut ticks = tokio::time::interval_at(tokio::time::Instant::now() + DELETE_EVERY, DELETE_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match delete_ended_sessions(&pool).await {
            Ok(deleted) => tracing::debug!(deleted, "sessions that had ended"),
            Err(error) => tracing::warn!(cause = ?error.cause(), "ended sessions were not deleted; it is tried again"),
        }
    }
}

/// Deletes ended sessions now. How many there were.
///
/// # Errors
/// What the database answers.
pub async fn delete_ended_sessions(pool: &Pool) -> Result<i64> {
    let unit = Unit::worker(pool).await?;
    let deleted = Session::delete_ended(unit.conn()).await?;
    unit.commit().await?;
    Ok(deleted)
}
