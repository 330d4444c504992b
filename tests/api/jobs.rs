//! What runs on a clock: on many instances once, at any time that it is told, and past rows that fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::{FutureExt as _, join_all};
use serde_json::json;
use skypanel::clock::now;
use skypanel::command::{Tally, Turn};
use skypanel::jobs::{self, Ended, JOBS, Job};
use skypanel::post::Post;

use crate::changes::everything;
use crate::harness::App;
use crate::rows::{fill, rows, text, values};

/// A few runs, as time would have left them.
pub async fn have_run(app: &App) {
    app.maintain(
        "INSERT INTO jobs (name, due_at) VALUES ('test', now()) ON CONFLICT DO NOTHING; \
         INSERT INTO job_runs (id, job, status, started_at, finished_at) \
         SELECT gen_random_uuid(), 'test', 'succeeded', date_trunc('hour', now()) - n / 3 * interval '1 hour', now() \
         FROM generate_series(1, 7) AS n",
    )
    .await;
}

fn turn(app: &App, at: Option<DateTime<Utc>>) -> Turn {
    let post = Post::files("/nonexistent", ("test@example.com", "https://example.com")).unwrap();
    Turn { pool: app.pool.clone(), at, is_dry: false, name: "test".into(), post: Arc::new(post) }
}

async fn attempt(app: &App, job: &Job, forced: bool) -> Option<Ended> {
    jobs::attempt(job, turn(app, None), forced).await.unwrap()
}

/// Runs a job now, perhaps as if it were another time.
pub async fn run(app: &App, name: &str, at: Option<DateTime<Utc>>) -> Tally {
    jobs::attempt(jobs::job(name).unwrap(), turn(app, at), true).await.unwrap().unwrap().unwrap()
}

#[expect(clippy::unnecessary_wraps, reason = "a run at no other time than now has none")]
fn after(days: i64, minutes: i64) -> Option<DateTime<Utc>> {
    Some(now() + TimeDelta::days(days) + TimeDelta::minutes(minutes))
}

const SUBJECT: &str = "Reverse DNS for the web server";

/// The demo with one ticket that is not closed, which waits for Ada since now.
async fn waiting() -> App {
    let app = App::demo().await;
    app.maintain(&format!("UPDATE tickets SET status = 'closed', closed_at = now() WHERE subject <> '{SUBJECT}'"))
        .await;
    reply(&app, "support").await;
    assert_eq!(status(&app).await, "waiting_customer");
    app
}

async fn reply(app: &App, who: &str) {
    let document = r#"mutation { replyToTicket(input: { id: "{tkt}", content: "Hello." }) { ticket { id } } }"#;
    app.user(who).await.run(&fill(app, document).await).await.ok();
}

async fn status(app: &App) -> String {
    text(app, &format!("SELECT status AS value FROM tickets WHERE subject = '{SUBJECT}'")).await
}

#[tokio::test]
async fn silence_is_warned_of_then_settles_and_then_closes() {
    let app = waiting().await;
    for (name, at, done, then) in [
        ("warn_of_silence", after(4, 0), 0, "waiting_customer"),
        ("resolve_silent", after(30, 0), 0, "waiting_customer"),
        ("warn_of_silence", after(5, 1), 1, "waiting_customer"),
        ("warn_of_silence", after(5, 2), 0, "waiting_customer"),
        ("resolve_silent", after(6, 23 * 60), 0, "waiting_customer"),
        ("close_resolved", after(30, 0), 0, "waiting_customer"),
        ("resolve_silent", after(7, 2), 1, "resolved"),
        ("warn_of_silence", after(7, 3), 0, "resolved"),
        ("close_resolved", after(10, 0), 0, "resolved"),
        ("close_resolved", after(10, 3), 1, "closed"),
        ("close_resolved", after(20, 0), 0, "closed"),
    ] {
        assert_eq!(run(&app, name, at).await, Tally { done, ..Tally::default() }, "{name} at {at:?}");
        assert_eq!(status(&app).await, then, "{name} at {at:?}");
    }
    let kept = "SELECT action, actor_id, fields, request_id LIKE 'job_%' AS named, (at > now() + interval '4 days') AS later \
                FROM audit_events WHERE action <> 'replyToTicket' ORDER BY at";
    let event = |action: &str, fields: &[&str]| json!({ "action": action, "actor_id": null, "fields": fields, "named": true, "later": true });
    let events = [
        event("warnOfSilence", &["silenceWarnedAt"]),
        event("resolveSilent", &["status"]),
        event("closeResolved", &["status", "closedAt"]),
    ];
    assert_eq!(rows(&app, kept).await, events);
    let letters = "SELECT payload ->> 'template' AS value FROM outbox WHERE subject_kind = 'tkt' ORDER BY created_at";
    assert_eq!(values(&app, letters).await, ["ticket_will_be_resolved", "ticket_resolved"]);
}

#[tokio::test]
async fn whoever_writes_begins_the_silence_anew() {
    let app = waiting().await;
    assert_eq!(run(&app, "warn_of_silence", after(5, 1)).await.done, 1);
    reply(&app, "ada").await;
    assert_eq!(run(&app, "resolve_silent", after(9, 0)).await.done, 0);
    // A warning from before counts for nothing: it was of another silence.
    app.maintain("UPDATE tickets SET silence_warned_at = now() WHERE silence_warned_at IS NOT NULL").await;
    reply(&app, "support").await;
    assert_eq!(run(&app, "resolve_silent", after(9, 0)).await.done, 0);
    assert_eq!(run(&app, "warn_of_silence", after(9, 0)).await.done, 1);
    assert_eq!(run(&app, "resolve_silent", after(11, 1)).await.done, 1);
}

/// A note is for staff: it neither answers nor breaks a silence.
#[tokio::test]
async fn a_note_breaks_no_silence() {
    let app = waiting().await;
    app.maintain(&format!(
        "INSERT INTO ticket_messages (id, ticket_id, user_id, content, is_internal, created_at) \
         SELECT gen_random_uuid(), id, user_id, 'Hush.', true, now() + interval '3 days' FROM tickets WHERE subject = '{SUBJECT}'"
    ))
    .await;
    assert_eq!(run(&app, "warn_of_silence", after(5, 1)).await.done, 1);
}

#[tokio::test]
async fn a_row_that_fails_is_passed_over() {
    let app = App::demo().await;
    app.maintain("UPDATE tickets SET status = 'resolved', closed_at = NULL, updated_at = now() - interval '4 days' WHERE merged_into IS NULL")
        .await;
    let all = rows(&app, "SELECT id FROM tickets WHERE merged_into IS NULL").await.len();
    // The first that it meets.
    let bad = text(&app, "SELECT min(id::text) AS value FROM tickets WHERE merged_into IS NULL").await;
    let owner = crate::harness::Plain::connect(&app.database.owner_url).await;
    owner
        .run(&format!("ALTER TABLE tickets ADD CONSTRAINT never CHECK (id <> '{bad}' OR status = 'resolved')"))
        .await
        .unwrap();
    let tally = run(&app, "close_resolved", None).await;
    assert_eq!((tally.done, tally.failed), (i32::try_from(all).unwrap() - 1, 1), "{tally:?}");
    let told = tally.error.unwrap();
    assert!(told.starts_with(&format!("tkt_{}: 23514", bad.replace('-', ""))), "{told}");
    let left = "SELECT id::text AS value FROM tickets WHERE status = 'resolved'";
    assert_eq!(values(&app, left).await, [json!(bad)]);
    let kept =
        "SELECT job, status, done, failed, error IS NOT NULL AS told, finished_at >= started_at AS ended FROM job_runs";
    let row = json!({ "job": "close_resolved", "status": "succeeded", "done": all - 1, "failed": 1, "told": true, "ended": true });
    assert_eq!(rows(&app, kept).await, [row]);

    owner.run("ALTER TABLE tickets DROP CONSTRAINT never").await.unwrap();
    assert_eq!(run(&app, "close_resolved", None).await.done, 1);
}

/// Each of many instances runs a job that is due, and one does.
#[tokio::test(flavor = "multi_thread")]
async fn a_job_runs_once_however_many_instances_there_are() {
    static RAN: AtomicUsize = AtomicUsize::new(0);
    let app = App::demo().await;
    let job = Job {
        name: "counts",
        about: "",
        every: Duration::from_hours(1),
        work: |_| {
            async {
                RAN.fetch_add(1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(300)).await;
                Ok(Tally::of(1))
            }
            .boxed()
        },
    };
    let ran = |attempts: Vec<Option<Ended>>| attempts.into_iter().flatten().count();
    assert_eq!(ran(join_all((0..20).map(|_| attempt(&app, &job, false))).await), 1);
    // Nor by force while it runs; and not again before its time.
    assert_eq!(ran(join_all((0..20).map(|_| attempt(&app, &job, true))).await), 1);
    assert_eq!(ran(vec![attempt(&app, &job, false).await]), 0);
    assert_eq!(RAN.load(Ordering::SeqCst), 2);
    app.maintain("UPDATE jobs SET due_at = now()").await;
    assert_eq!(ran(vec![attempt(&app, &job, false).await]), 1);
}

#[tokio::test]
async fn a_job_that_dies_is_noticed() {
    let app = App::demo().await;
    let dies =
        Job { name: "dies", about: "", every: Duration::from_hours(1), work: |_| async { panic!("no more") }.boxed() };
    assert_eq!(attempt(&app, &dies, false).await, Some(Err("It died: no more".to_owned())));
    let kept = "SELECT status, error FROM job_runs ORDER BY started_at, finished_at";
    assert_eq!(rows(&app, kept).await, [json!({ "status": "failed", "error": "It died: no more" })]);

    // An instance that is killed ends nothing: the next one says so, once the lease is over.
    let ends = Job { work: |_| async { Ok(Tally::of(1)) }.boxed(), ..dies };
    app.maintain("UPDATE jobs SET due_at = now(), leased_until = now() + interval '1 minute'; UPDATE job_runs SET status = 'running', finished_at = NULL, error = NULL").await;
    assert_eq!(attempt(&app, &ends, true).await, None);
    app.maintain("UPDATE jobs SET leased_until = now()").await;
    assert_eq!(attempt(&app, &ends, false).await, Some(Ok(Tally::of(1))));
    let runs =
        [json!({ "status": "failed", "error": "It was cut off." }), json!({ "status": "succeeded", "error": null })];
    assert_eq!(rows(&app, kept).await, runs);
}

#[tokio::test]
async fn a_dry_run_tells_and_leaves_nothing() {
    let app = waiting().await;
    app.maintain(
        "INSERT INTO idempotency_keys (user_id, operation, key, fingerprint, answer) \
         SELECT id, 'test', 'a', repeat('0', 64), '{}' FROM users WHERE username = 'ada'; \
         UPDATE sessions SET expires_at = now() WHERE user_id = (SELECT id FROM users WHERE username = 'support')",
    )
    .await;
    have_run(&app).await;
    let mut at_all = 0;
    let before = everything(&app).await;
    for job in &JOBS {
        let turn = Turn { is_dry: true, ..turn(&app, after(40, 0)) };
        at_all += jobs::attempt(job, turn, true).await.unwrap().unwrap().unwrap().done;
        assert_eq!(everything(&app).await, before, "{} left something", job.name);
    }
    assert!(at_all >= 4, "{at_all} rows");
}

#[tokio::test]
async fn what_is_old_is_forgotten() {
    let app = App::demo().await;
    app.maintain(
        "INSERT INTO idempotency_keys (user_id, operation, key, fingerprint, answer) \
         SELECT id, 'test', 'a', repeat('0', 64), '{}' FROM users",
    )
    .await;
    have_run(&app).await;
    for (name, at, done) in [
        ("forget_keys", after(0, 23 * 60), 0),
        ("forget_keys", after(1, 1), 5),
        ("forget_runs", after(29, 0), 0),
        // Those of the test, and the three above; not the one that runs.
        ("forget_runs", after(31, 0), 10),
    ] {
        assert_eq!(run(&app, name, at).await.done, done, "{name}");
    }
}

#[tokio::test]
async fn runs_are_shown_to_those_who_look_after_the_program() {
    let app = waiting().await;
    have_run(&app).await;
    run(&app, "warn_of_silence", after(5, 1)).await;
    let document = r#"{ jobRuns(first: 1, job: "warn_of_silence", status: [SUCCEEDED]) { totalCount nodes { job status done failed error finishedAt } } }"#;
    let reply = app.user("billing").await.run(document).await;
    let runs = &reply.ok()["jobRuns"];
    assert_eq!((&runs["totalCount"], &runs["nodes"][0]["done"]), (&json!(1), &json!(1)));
    let (error, status) = (&runs["nodes"][0]["error"], &runs["nodes"][0]["status"]);
    assert_eq!((error, status), (&json!(null), &json!("SUCCEEDED")));
    let failed = app.user("admin").await.run("{ jobRuns(status: [FAILED]) { totalCount } }").await;
    assert_eq!(failed.ok()["jobRuns"]["totalCount"], 0);
}
