//! A request that is dropped takes its statement along: the pool's size bounds what runs in the server, whoever goes
//! away.

use std::time::Duration;

use diesel_async::SimpleAsyncConnection as _;
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::harness::{App, Options, Plain};

const POOL: u32 = 3;

/// The backends of the app's pool, and how many of them wait for a lock by a statement that began after this time.
async fn backends(watch: &Plain, after: &str) -> (u32, u32) {
    let counts = watch
        .value(&format!(
            "SELECT count(*) || ' ' || count(*) FILTER (WHERE wait_event_type = 'Lock' AND query_start > '{after}') \
             FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'skypanel'"
        ))
        .await;
    let (all, waiting) = counts.split_once(' ').unwrap();
    (all.parse().unwrap(), waiting.parse().unwrap())
}

/// Waits until a look at the backends is as it should be.
async fn until(watch: &Plain, after: &str, is_right: impl Fn((u32, u32)) -> bool) {
    let patience = Instant::now() + Duration::from_secs(3);
    loop {
        let found = backends(watch, after).await;
        if is_right(found) {
            return;
        }
        assert!(Instant::now() < patience, "backends, and those that wait: {found:?}");
        sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pool_bounds_the_backends_when_requests_are_dropped() {
    let app = App::with(Options { pool_size: POOL, ..Options::default() }).await;
    let ada = app.user("ada").await;
    let watch = Plain::connect(&app.database.pool_url).await;
    let mut locker = app.owner().await;
    locker.batch_execute("BEGIN; LOCK TABLE tickets").await.unwrap();

    // More than the pool has places, one after the other: each is dropped once its statement waits for the lock.
    for _ in 0..4 * POOL {
        let now = watch.value("SELECT clock_timestamp()").await;
        let request = ada.run("{ tickets(first: 5) { nodes { subject } } }");
        tokio::select! {
            reply = request => panic!("answered behind a lock: {}", reply.body),
            () = until(&watch, &now, |(_, waiting)| waiting > 0) => {}
        }
        let (all, _) = backends(&watch, &now).await;
        assert!(all <= POOL, "{all} backends");
    }
    // None of them waits any longer, though the lock is still held; and the places are free.
    until(&watch, "-infinity", |(all, waiting)| all <= POOL && waiting == 0).await;
    assert_eq!(ada.run("{ viewer { username } }").await.ok(), &json!({ "viewer": { "username": "ada" } }));

    locker.batch_execute("COMMIT").await.unwrap();
    let reply = ada.run("{ tickets(first: 1) { nodes { subject } } }").await;
    assert_eq!(reply.ok()["tickets"]["nodes"].as_array().unwrap().len(), 1);
}
