//! Mails: one for each letter, whatever the server does with it, and nothing in it that is not for its reader.

mod smtp;

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::{Value, json};
use skypanel::clock::now;
use skypanel::command::{Tally, Turn};
use skypanel::jobs;
use skypanel::post::Post;

use self::smtp::{Fate, Smtp};
use crate::changes::everything;
use crate::harness::App;
use crate::rows::{fill, rows, text};

const FROM: &str = "SkyPANEL <panel@example.com>";
const SITE: &str = "https://panel.example.com";

/// Mails as they may lie about in a database: one in each state.
pub async fn lie_about(app: &App) {
    app.maintain(
        "INSERT INTO mails (id, user_id, address, template, ticket_id, subject, name, status, attempts, next_attempt_at, created_at, updated_at, sent_at, last_error) \
         SELECT md5('mail' || n)::uuid, t.user_id, 'ada@example.com', 'ticket_resolved', t.id, 'Settled', '<' || n || '@test>', s.status, 5, now(), \
                date_trunc('hour', now()), now(), CASE s.status WHEN 'sent' THEN now() END, CASE s.status WHEN 'failed' THEN '550 no' END \
         FROM (SELECT * FROM tickets ORDER BY subject LIMIT 1) AS t, \
              unnest(ARRAY['queued', 'sent', 'failed', 'failed']) WITH ORDINALITY AS s (status, n) ON CONFLICT DO NOTHING",
    )
    .await;
}

async fn over(decide: fn(&str, usize) -> Fate) -> (Smtp, Arc<Post>) {
    let smtp = Smtp::start(decide).await;
    let post = Post::smtp(&smtp.url, (FROM, SITE), Duration::from_millis(500)).unwrap();
    (smtp, Arc::new(post))
}

/// Runs the job some minutes from now.
async fn send(app: &App, post: &Arc<Post>, minutes: i64) -> Tally {
    let at = Some(now() + TimeDelta::minutes(minutes));
    let turn = Turn { pool: app.pool.clone(), at, is_dry: false, name: "test".into(), post: Arc::clone(post) };
    jobs::attempt(jobs::job("send_mails").unwrap(), turn, true).await.unwrap().unwrap().unwrap()
}

async fn reply(app: &App, who: &str, words: &str) {
    let document = fill(
        app,
        r#"mutation ($words: String!) { replyToTicket(input: { id: "{tkt}", content: $words }) { message { id } } }"#,
    )
    .await;
    app.user(who).await.run_with(&document, json!({ "words": words })).await.ok();
}

async fn mails(app: &App) -> Vec<Value> {
    rows(app, "SELECT address, status, attempts, last_error, sent_at IS NOT NULL AS sent FROM mails ORDER BY address")
        .await
}

fn header<'a>(mail: &'a str, name: &str) -> &'a str {
    let value = mail.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    value.unwrap_or_else(|| panic!("{name}: {mail}"))
}

fn names(smtp: &Smtp) -> BTreeSet<String> {
    smtp.taken().iter().map(|mail| header(mail, "Message-ID").to_owned()).collect()
}

#[tokio::test]
async fn a_reply_is_told_to_the_other_side() {
    let app = App::demo().await;
    app.maintain("UPDATE tickets SET assigned_to = (SELECT id FROM users WHERE username = 'support')").await;
    let (smtp, post) = over(|_, _| Fate::Taken).await;
    let note =
        fill(&app, r#"mutation { addTicketNote(input: { id: "{tkt}", content: "Hush." }) { message { id } } }"#).await;
    app.user("support").await.run(&note).await.ok();
    reply(&app, "support", "Is <b>this</b> & that enough?").await;
    reply(&app, "ada", "It is.").await;
    assert_eq!(send(&app, &post, 0).await, Tally { done: 2, ..Tally::default() });
    let taken: Vec<String> = smtp.taken().iter().map(|mail| mail.replace("=\r\n", "")).collect();
    let to = |address: &str| taken.iter().find(|mail| header(mail, "To") == address).unwrap();
    let (ada, sam) = (to("ada@example.com"), to("support@example.com"));
    assert_eq!(header(ada, "From"), FROM);
    assert_eq!(header(ada, "Subject"), "Answer: Reverse DNS for the web server");
    assert!(ada.contains("> Is <b>this</b> & that enough?"), "{ada}");
    assert!(ada.contains("Is &#60;b&#62;this&#60;/b&#62; &#38; that enough?"), "{ada}");
    assert!(sam.contains("> It is."), "{sam}");
    let id = text(&app, "SELECT 'tkt_' || replace(ticket_id::text, '-', '') AS value FROM mails LIMIT 1").await;
    for mail in &taken {
        assert!(mail.contains(&format!("{SITE}/tickets/{id}")) && !mail.contains("Hush"), "{mail}");
    }
    // Nothing is left to do, ever.
    assert_eq!(send(&app, &post, 10_000).await, Tally::default());
}

/// What a change says that it sets off, leaves.
#[tokio::test]
async fn a_ticket_that_is_opened_for_somebody_is_told_to_them() {
    let app = App::demo().await;
    let (smtp, post) = over(|_, _| Fate::Taken).await;
    let document = r#"mutation { createTicket(input: { subject: "Your disk", content: "It fails.", departmentId: "{dep}", userId: "{usr}" }) { consequences { kind } } }"#;
    let opened = app.user("support").await.run(&fill(&app, document).await).await;
    assert_eq!(opened.ok()["createTicket"]["consequences"], json!([{ "kind": "MAIL" }]));
    assert_eq!(send(&app, &post, 0).await, Tally { done: 1, ..Tally::default() });
    let taken = smtp.taken();
    let [mail] = &taken[..] else { panic!("{taken:?}") };
    assert_eq!((header(mail, "To"), header(mail, "Subject")), ("ada@example.com", "Opened for you: Your disk"));
}

/// What the worker cannot read, no mail can tell: even a letter that led to a note.
#[tokio::test]
async fn a_note_is_in_no_mail() {
    let app = App::demo().await;
    let (smtp, post) = over(|_, _| Fate::Taken).await;
    reply(&app, "support", "Hello.").await;
    app.maintain("UPDATE ticket_messages SET is_internal = true, content = 'Hush.' WHERE content = 'Hello.'").await;
    assert!(send(&app, &post, 0).await.is_idle());
    assert_eq!(smtp.taken(), [""; 0]);
}

#[tokio::test]
async fn an_answer_that_is_lost_makes_a_copy_and_no_second_mail() {
    let app = App::demo().await;
    let (smtp, post) = over(|_, tries| if tries == 1 { Fate::AnswerLost } else { Fate::Taken }).await;
    reply(&app, "support", "Hello.").await;
    assert_eq!(send(&app, &post, 0).await.failed, 1);
    assert_eq!(send(&app, &post, 0).await, Tally::default(), "not before its time");
    assert_eq!(send(&app, &post, 2).await.done, 1);
    assert_eq!((smtp.taken().len(), names(&smtp).len()), (2, 1));
    let row =
        json!({ "address": "ada@example.com", "status": "sent", "attempts": 2, "last_error": null, "sent": true });
    assert_eq!(mails(&app).await, [row]);
}

#[tokio::test]
async fn who_is_put_off_too_often_is_a_dead_letter_until_somebody_tries_again() {
    let app = App::demo().await;
    let (smtp, post) = over(|_, tries| if tries <= 5 { Fate::Refused("451 later") } else { Fate::Taken }).await;
    reply(&app, "support", "Hello.").await;
    for minutes in [0, 2, 8, 40, 200] {
        assert_eq!(send(&app, &post, minutes).await.failed, 1, "{minutes}");
    }
    assert!(send(&app, &post, 10_000).await.is_idle());
    let row = mails(&app).await.remove(0);
    assert_eq!((&row["status"], &row["attempts"]), (&json!("failed"), &json!(5)));
    assert!(row["last_error"].as_str().unwrap().contains("451"), "{row}");

    let admin = app.user("admin").await;
    let dead = admin.run("{ mails(status: [FAILED]) { nodes { id to subject attempts lastError sentAt } } }").await;
    let mail = dead.data("/mails/nodes/0");
    assert_eq!(
        (&mail["to"], &mail["subject"]),
        (&json!("ada@example.com"), &json!("Answer: Reverse DNS for the web server"))
    );
    let retry =
        "mutation ($id: ID!) { retryMail(input: { id: $id }) { mail { status attempts } userErrors { code } } }";
    let before = everything(&app).await;
    let rehearsal = retry.replace("{ id: $id }", "{ id: $id }, dryRun: true");
    let rehearsed = admin.run_with(&rehearsal, json!({ "id": mail["id"] })).await;
    assert_eq!(rehearsed.ok()["retryMail"]["mail"], json!({ "status": "QUEUED", "attempts": 0 }));
    assert_eq!(everything(&app).await, before);
    let retried = admin.run_with(retry, json!({ "id": mail["id"] })).await;
    assert_eq!(retried.ok()["retryMail"]["mail"], json!({ "status": "QUEUED", "attempts": 0 }));
    assert_eq!(send(&app, &post, 1).await.done, 1);
    assert_eq!((smtp.taken().len(), smtp.tries()), (1, vec![6]));
    let late = admin.run_with(retry, json!({ "id": mail["id"] })).await;
    assert_eq!(late.ok()["retryMail"]["userErrors"][0]["code"], "INVALID_TRANSITION");
}

/// One address is refused, one is never answered; the others leave meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn one_mail_keeps_no_other() {
    let app = App::demo().await;
    let (smtp, post) = over(|to, _| match to {
        "bob@example.com" => Fate::Refused("550 nobody of that name"),
        "billing@example.com" => Fate::Silence,
        _ => Fate::Taken,
    })
    .await;
    reply(&app, "support", "Hello.").await;
    // The same letter, to four people.
    app.maintain(
        "WITH people AS (SELECT id, row_number() OVER (ORDER BY email) AS n FROM users WHERE username IN ('bob', 'billing', 'admin')), \
              others AS (SELECT id, row_number() OVER (ORDER BY id) AS n FROM tickets WHERE subject <> 'Reverse DNS for the web server' LIMIT 3), \
              given AS (UPDATE tickets t SET user_id = p.id FROM people p JOIN others o USING (n) WHERE t.id = o.id RETURNING t.id) \
         INSERT INTO outbox (id, event_id, kind, topic, ordering_key, subject_kind, subject_id, payload, summary, created_at) \
         SELECT gen_random_uuid(), (SELECT min(event_id::text)::uuid FROM outbox), 'mail', 'mail', id, 'tkt', id, '{\"template\": \"ticket_resolved\"}', 'a', now() FROM given",
    )
    .await;
    let tally = send(&app, &post, 0).await;
    assert_eq!((tally.done, tally.failed), (2, 2), "{tally:?}");
    let states: Vec<Value> = mails(&app).await.iter().map(|mail| json!([mail["address"], mail["status"]])).collect();
    let expected = [
        json!(["ada@example.com", "sent"]),
        json!(["admin@example.com", "sent"]),
        json!(["billing@example.com", "queued"]),
        json!(["bob@example.com", "failed"]),
    ];
    assert_eq!(states, expected);
    assert_eq!(names(&smtp).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_instances_send_a_mail_once() {
    let app = App::demo().await;
    let (smtp, post) = over(|_, _| Fate::Taken).await;
    for n in 0..6 {
        reply(&app, "support", &format!("Hello {n}.")).await;
    }
    let turn = Turn { pool: app.pool.clone(), at: None, is_dry: false, name: "test".into(), post };
    // Not held apart by the job's lease.
    let work = jobs::job("send_mails").unwrap().work;
    for tally in join_all((0..4).map(|_| work(&turn))).await {
        assert_eq!(tally.unwrap().failed, 0);
    }
    assert_eq!((smtp.taken().len(), names(&smtp).len()), (6, 6));
}

#[tokio::test]
async fn without_a_server_mails_lie_in_files_of_the_program_s_own() {
    let app = App::demo().await;
    let folder = tempfile::tempdir().unwrap();
    let post = Arc::new(Post::files(folder.path().join("mail"), (FROM, SITE)).unwrap());
    reply(&app, "support", "Hello.").await;
    assert_eq!(send(&app, &post, 0).await.done, 1);
    let files: Vec<_> =
        std::fs::read_dir(folder.path().join("mail")).unwrap().map(|file| file.unwrap().path()).collect();
    let [file] = &files[..] else { panic!("{files:?}") };
    assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    let id = text(&app, "SELECT replace(id::text, '-', '') AS value FROM mails").await;
    assert!(file.ends_with(format!("{id}.eml")), "{file:?}");
    assert_eq!(header(&std::fs::read_to_string(file).unwrap(), "To"), "ada@example.com");
}

#[tokio::test]
async fn a_subject_of_several_lines_is_one_header() {
    let app = App::demo().await;
    let (smtp, post) = over(|_, _| Fate::Taken).await;
    app.maintain("UPDATE tickets SET subject = E'One\\r\\nBcc: bob@example.com' WHERE subject = 'Reverse DNS for the web server'").await;
    let id =
        text(&app, "SELECT 'tkt_' || replace(id::text, '-', '') AS value FROM tickets WHERE subject LIKE 'One%'").await;
    let close = "mutation ($id: ID!) { resolveTicket(input: { id: $id }) { ticket { id } } }";
    app.user("support").await.run_with(close, json!({ "id": id })).await.ok();
    assert_eq!(send(&app, &post, 0).await.done, 1);
    let mail = smtp.taken().remove(0);
    assert!(header(&mail, "Subject").starts_with("Settled: One  Bcc: bob"), "{mail}");
    let head = mail.split("\r\n\r\n").next().unwrap();
    assert!(!head.lines().any(|line| line.starts_with("Bcc")), "{head}");
}
