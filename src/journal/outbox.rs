//! What has to leave the database because of a change. It leaves by this way and by no other, so a change that is undone
//! has no effect outside, ever.

use chrono::{DateTime, Utc};
use diesel_async::RunQueryDsl as _;
use serde_json::Value;
use uuid::Uuid;

use crate::db::client::Client as Database;
use crate::db::statement::{Bind, Statement};
use crate::error::Result;
use crate::id::AuditEventId;
use crate::outcome::{Anything, Consequence, ConsequenceKind};

/// Every mail there is. What each says stands beside what sends it, for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// Staff opened a ticket on somebody's behalf.
    Opened,
    /// Somebody wrote in a ticket.
    Reply,
    /// A ticket was settled.
    Resolved,
    /// A ticket will be, unless its customer writes.
    WillBeResolved,
}

impl Occasion {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Opened, Self::Reply, Self::Resolved, Self::WillBeResolved];

    /// Its name in the outbox.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Opened => "ticket_opened",
            Self::Reply => "ticket_reply",
            Self::Resolved => "ticket_resolved",
            Self::WillBeResolved => "ticket_will_be_resolved",
        }
    }

    /// The occasion of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|occasion| occasion.name() == name)
    }
}

/// Whom a mail goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addressee {
    /// The customer of the ticket.
    Customer,
    /// Whoever of staff has it.
    Assignee,
}

impl Addressee {
    /// Its name in the outbox.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Assignee => "assignee",
        }
    }
}

/// Something that has to leave.
#[derive(Debug)]
pub struct Letter {
    /// What it is to the person who caused it.
    pub kind: ConsequenceKind,
    /// Who takes it.
    pub topic: &'static str,
    /// What it concerns: what its ids begin with, and which.
    pub subject: (&'static str, Uuid),
    /// What it is about: ids, never contents.
    pub payload: Value,
    /// One sentence, fit for the person who caused it.
    pub summary: String,
    /// The change that it comes from.
    pub event: AuditEventId,
}

impl Letter {
    /// The same for the person who caused it.
    #[must_use]
    pub fn consequence(&self) -> Consequence {
        let (prefix, id) = self.subject;
        let subject = Some(Anything(format!("{prefix}_{}", id.as_simple())));
        Consequence { kind: self.kind, subject, summary: self.summary.clone() }
    }
}

/// Puts letters into the outbox. Those of one subject are taken one after another.
///
/// # Errors
/// What the database answers.
pub async fn put(conn: &Database, at: DateTime<Utc>, letters: &[Letter]) -> Result<()> {
    let kind = |letter: &Letter| match serde_json::to_value(letter.kind) {
        Ok(Value::String(kind)) => kind,
        _ => String::new(),
    };
    let statement = Statement::<()>::new(
        "/* writer */ INSERT INTO outbox \
             (id, event_id, kind, topic, ordering_key, subject_kind, subject_id, payload, summary, created_at) \
         SELECT id, event, kind, topic, subject, subject_kind, subject, payload::jsonb, summary, ? \
         FROM unnest(?, ?, ?, ?, ?, ?, ?, ?) AS told (id, event, kind, topic, subject, subject_kind, payload, summary)",
        vec![
            Bind::Instant(Some(at)),
            Bind::ids(letters.iter().map(|_| AuditEventId::fresh())),
            Bind::ids(letters.iter().map(|letter| letter.event)),
            Bind::Texts(letters.iter().map(kind).collect()),
            Bind::Texts(letters.iter().map(|letter| letter.topic.to_owned()).collect()),
            Bind::ids(letters.iter().map(|letter| letter.subject.1)),
            Bind::Texts(letters.iter().map(|letter| letter.subject.0.to_owned()).collect()),
            Bind::Texts(letters.iter().map(|letter| letter.payload.to_string()).collect()),
            Bind::Texts(letters.iter().map(|letter| letter.summary.clone()).collect()),
        ],
    );
    statement.execute(&mut &*conn).await?;
    Ok(())
}
