//! Mails leave.

use async_graphql::ID;
use chrono::{DateTime, Utc};
use diesel::OptionalExtension as _;
use diesel::sql_types::{Bool, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;
use futures_util::future::join_all;
use uuid::Uuid;

use super::letter::take_letters;
use super::words::About;
use crate::command::{Tally, Turn, short};
use crate::db::statement::{Bind, Statement};
use crate::error::{Error, Result};
use crate::id::{MailId, TicketId};
use crate::journal::outbox::Occasion;
use crate::post::{Parcel, Undelivered};

/// How often a mail is tried before it is given up: after 1, 5, 25 and 125 minutes again.
const TRIES: i32 = 5;

/// A mail that is being sent: its id, how often it was tried with this time, and its name.
type Claimed = (Uuid, i32, String);

/// Makes mails of the letters that wait, and sends what is due, a few at once: one that a server sits on keeps no other.
///
/// # Errors
/// When the database cannot be used.
pub async fn send_mails(turn: &Turn) -> Result<Tally> {
    let mut tally = Tally::default();
    take_letters(turn, &mut tally).await?;
    loop {
        let claimed = claim(turn).await?;
        // What is undone is due again: a rehearsal looks once, and sends nothing.
        if claimed.is_empty() || turn.is_dry {
            for _ in claimed {
                tally.did();
            }
            return Ok(tally);
        }
        let sent = join_all(claimed.into_iter().map(|(id, attempts, name)| async move {
            let sent = send(turn, id, name).await?;
            note(turn, id, attempts, sent.as_ref().err()).await?;
            Ok::<_, Error>((id, sent))
        }));
        for sent in sent.await {
            match sent? {
                (_, Ok(())) => tally.did(),
                (id, Err(undelivered)) => tally.failed(ID::from(MailId(id)).as_str(), &undelivered.why),
            }
        }
    }
}

/// Takes a few mails that are due. Whatever becomes of this instance, they are due again: no connection is held while a
/// server is talked to.
async fn claim(turn: &Turn) -> Result<Vec<Claimed>> {
    let unit = turn.unit().await?;
    let claimed = Statement::<(SqlUuid, Integer, Text)>::new(
        "UPDATE mails SET attempts = attempts + 1, updated_at = app.now(), \
                next_attempt_at = app.now() + interval '1 minute' * power(5, least(attempts, 3)) \
         WHERE id IN ( \
             SELECT id FROM mails WHERE status = 'queued' AND next_attempt_at <= app.now() \
             ORDER BY next_attempt_at, id LIMIT 4 FOR UPDATE SKIP LOCKED \
         ) RETURNING id, attempts, name",
        vec![],
    );
    let claimed = claimed.get_results(&mut unit.conn()).await?;
    turn.end(unit).await?;
    Ok(claimed)
}

/// What a mail says is read when it leaves: its ticket may have been erased, or what was written in it.
type Content = (String, String, String, DateTime<Utc>, Uuid, String, bool, Option<String>);
type ContentSql = (Text, Text, Text, Timestamptz, SqlUuid, Text, Bool, Nullable<Text>);

async fn send(turn: &Turn, id: Uuid, name: String) -> Result<std::result::Result<(), Undelivered>> {
    let unit = turn.unit().await?;
    let content = Statement::<ContentSql>::new(
        "SELECT o.template, o.address, o.subject, o.created_at, t.id, t.subject, t.user_id = o.user_id, m.content \
         FROM mails o JOIN tickets t ON t.id = o.ticket_id LEFT JOIN ticket_messages m ON m.id = o.message_id \
         WHERE o.id = ?",
        vec![Bind::Uuid(id)],
    );
    let content: Option<Content> = content.get_result(&mut unit.conn()).await.optional()?;
    unit.rollback().await?;
    let gone = |why: &str| Ok(Err(Undelivered { for_good: true, why: why.to_owned() }));
    let Some((template, to, subject, date, ticket, about, to_customer, message)) = content else {
        return gone("What it is about is gone.");
    };
    let Some(occasion) = Occasion::named(&template) else { return gone("There is no such mail any more.") };
    let link = turn.post.link(&ID::from(TicketId(ticket)));
    let about = About { ticket: &about, message: message.as_deref(), link: &link, to_customer };
    let (text, html) = occasion.words(about).map_err(Error::internal)?;
    Ok(turn.post.send(Parcel { name, to, subject, date, text, html }).await)
}

/// Notes what became of a mail. Who was refused for good, or too often, is given up.
async fn note(turn: &Turn, id: Uuid, attempts: i32, undelivered: Option<&Undelivered>) -> Result<()> {
    let unit = turn.unit().await?;
    let status = match undelivered {
        None => "sent",
        Some(undelivered) if undelivered.for_good || attempts >= TRIES => "failed",
        Some(_) => "queued",
    };
    let noted = Statement::<()>::new(
        "UPDATE mails SET status = ?, last_error = ?, sent_at = CASE WHEN ? THEN app.now() END, updated_at = app.now() \
         WHERE id = ? AND status = 'queued'",
        vec![
            Bind::text(status),
            Bind::Text(undelivered.map(|undelivered| short(&undelivered.why))),
            Bind::Bool(undelivered.is_none()),
            Bind::Uuid(id),
        ],
    );
    noted.execute(&mut unit.conn()).await?;
    turn.end(unit).await
}
