//! What a command notes of what it did, for the journal.

use serde_json::{Value, json};
use uuid::Uuid;

use super::record::Record;
use super::write::{Shown, Write};
use crate::error::Result;
use crate::id::AuditEventId;
use crate::journal::audit::{self, Event, Origin};
use crate::journal::outbox::{self, Addressee, Letter, Occasion};
use crate::outcome::{Consequence, ConsequenceKind};

impl Write {
    /// Notes what happened to a row by statements of a room's own.
    pub fn happened<R: Record>(&mut self, subject: Uuid, changes: Vec<Shown>) {
        self.events.push(Event { id: AuditEventId::fresh(), kind: R::PREFIX, subject, changes });
    }

    /// Notes what has to leave the database because of what was changed last, and tells whoever caused it.
    pub fn send<R: Record>(
        &mut self,
        (kind, topic): (ConsequenceKind, &'static str),
        about: &R,
        payload: Value,
        summary: impl Into<String>,
    ) {
        let Some(event) = self.events.last().map(|event| event.id) else { return };
        let subject = (R::PREFIX, about.uuid());
        self.letters.push(Letter { kind, topic, subject, payload, summary: summary.into(), event });
    }

    /// The same for a mail.
    pub fn mail<R: Record>(&mut self, about: &R, occasion: Occasion, to: Addressee, summary: impl Into<String>) {
        let payload = json!({ "template": occasion.name(), "to": to.name() });
        self.send((ConsequenceKind::Mail, "mail"), about, payload, summary);
    }

    /// Keeps what happened. What it set off, for whoever caused it.
    pub(super) async fn journal(&mut self, origin: &Origin<'_>) -> Result<Vec<Consequence>> {
        if !self.events.is_empty() {
            let now = self.now().await?;
            audit::keep(self.conn(), origin, now, &self.events).await?;
            if !self.letters.is_empty() {
                outbox::put(self.conn(), now, &self.letters).await?;
            }
        }
        Ok(self.letters.iter().map(Letter::consequence).collect())
    }
}
