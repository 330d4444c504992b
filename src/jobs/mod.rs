//! What runs on a clock.

use std::time::Duration;

use crate::db::pool::Pool;
use crate::identity::Activity;

/// How often the activity of sessions is written.
const FLUSH_EVERY: Duration = Duration::from_secs(15);

/// Writes the activity of sessions every few seconds, for ever: whoever drops this flushes once more.
pub async fn flush_activity(activity: Activity, pool: Pool) {
    let mut ticks = tokio::time::interval(FLUSH_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        flush(&activity, &pool).await;
    }
}

/// Writes the activity of sessions now.
pub async fn flush(activity: &Activity, pool: &Pool) {
    if let Err(error) = activity.flush(pool).await {
        tracing::warn!(cause = ?error.cause(), "the activity of sessions was not written; it is tried again");
    }
}
