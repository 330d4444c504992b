//! Letters of the outbox become mails.

use diesel::OptionalExtension as _;
use diesel::sql_types::{Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

use crate::command::{Tally, Turn, told};
use crate::db::statement::{Bind, Statement};
use crate::db::unit::Unit;
use crate::error::Result;
use crate::journal::outbox::Occasion;

/// What a letter leads to: the occasion, the ticket and its subject, the message, whom it goes to.
type Letter = (String, Option<Uuid>, Option<String>, Option<Uuid>, Option<Uuid>, Option<String>);
type LetterSql = (Text, Nullable<SqlUuid>, Nullable<Text>, Nullable<SqlUuid>, Nullable<SqlUuid>, Nullable<Text>);

/// Makes a mail of every letter that waits, each in a transaction of its own.
///
/// # Errors
/// When the database cannot be used.
pub async fn take_letters(turn: &Turn, tally: &mut Tally) -> Result<()> {
    let unit = turn.unit().await?;
    let waiting = Statement::<SqlUuid>::new(
        // Others wait for a program that knows them.
        "SELECT id FROM outbox WHERE topic = 'mail' AND done_at IS NULL AND payload ->> 'template' = ANY (?) \
         ORDER BY created_at, id LIMIT 500",
        vec![Bind::Texts(Occasion::ALL.map(|occasion| occasion.name().to_owned()).to_vec())],
    );
    let waiting: Vec<Uuid> = waiting.get_results(&mut unit.conn()).await?;
    unit.rollback().await?;
    for id in waiting {
        let unit = turn.unit().await?;
        match take(turn, &unit, id).await {
            Ok(()) => turn.end(unit).await?,
            Err(error) if error.code().is_outage() => return Err(error),
            Err(error) => {
                drop(unit.rollback().await);
                tally.failed(format_args!("the letter {id}"), &told(&error));
            }
        }
    }
    Ok(())
}

/// Makes a mail of a letter, unless somebody else is at it, or there is nobody any more whom it could go to.
async fn take(turn: &Turn, unit: &Unit, id: Uuid) -> Result<()> {
    let letter = Statement::<LetterSql>::new(
        "SELECT o.payload ->> 'template', t.id, t.subject, m.id, u.id, u.email \
         FROM outbox o \
         LEFT JOIN ticket_messages m ON o.subject_kind = 'msg' AND m.id = o.subject_id \
         LEFT JOIN tickets t ON t.id = CASE o.subject_kind WHEN 'msg' THEN m.ticket_id ELSE o.subject_id END \
         LEFT JOIN users u ON u.status <> 'closed' \
              AND u.id = CASE o.payload ->> 'to' WHEN 'assignee' THEN t.assigned_to ELSE t.user_id END \
         WHERE o.id = ? AND o.done_at IS NULL FOR UPDATE OF o SKIP LOCKED",
        vec![Bind::Uuid(id)],
    );
    let letter: Option<Letter> = letter.get_result(&mut unit.conn()).await.optional()?;
    let Some((occasion, ticket, subject, message, user, address)) = letter else { return Ok(()) };
    if let (Some(occasion), Some(ticket), Some(subject), Some(user), Some(address)) =
        (Occasion::named(&occasion), ticket, subject, user, address)
    {
        let mail = Statement::<()>::new(
            "INSERT INTO mails (id, user_id, address, template, ticket_id, message_id, subject, name, next_attempt_at, created_at, updated_at) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, app.now(), app.now(), app.now())",
            vec![
                Bind::Uuid(id),
                Bind::Uuid(user),
                Bind::text(address),
                Bind::text(occasion.name()),
                Bind::Uuid(ticket),
                Bind::MaybeUuid(message),
                Bind::text(occasion.subject(&subject)),
                Bind::text(turn.post.name(id.as_simple())),
            ],
        );
        mail.execute(&mut unit.conn()).await?;
    }
    let done = Statement::<()>::new("UPDATE outbox SET done_at = app.now() WHERE id = ?", vec![Bind::Uuid(id)]);
    done.execute(&mut unit.conn()).await?;
    Ok(())
}
