//! What runs on a clock.

use std::time::Duration;

use crate::db::pool::Pool;
use crate::identity::Activity;

/// How often the activity of sessions is written.
const FLUSH_EVERY: Duration = Duration::from_secs(15);

/// Writes the activity of sessions every few seconds until `shutdown`, and once more then.
pub async fn flush_activity(activity: Activity, pool: Pool, shutdown: impl Future<Output = ()>) {
    let mut ticks = tokio::time::interval(FLUSH_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let last = tokio::select! {
            _ = ticks.tick() => false,
            () = &mut shutdown => true,
        };
        if let Err(error) = activity.flush(&pool).await {
            tracing::warn!(code = error.code().as_str(), cause = ?error.cause(), "the activity of sessions was not written");
        }
        if last {
            return;
        }
    }
}
