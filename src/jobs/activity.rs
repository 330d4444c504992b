//! Writing down when sessions were last used: each instance has its own to write, so it is no job of one for all.

use std::time::Duration;

use crate::db::pool::Pool;
use crate::error::Result;
use crate::identity::Activity;

/// How often the activity of sessions is written.
const FLUSH_EVERY: Duration = Duration::from_secs(15);

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
