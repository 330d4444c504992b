//! What happened: a row for each entity that a change touched, and never again written to.

use chrono::{DateTime, Utc};
use diesel_async::RunQueryDsl as _;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::db::client::Client as Database;
use crate::db::statement::{Bind, Statement};
use crate::error::Result;
use crate::id::{AuditEventId, UserId};
use crate::viewer::Client;

/// Something that happened to one entity.
#[derive(Debug)]
pub struct Event {
    /// Its id.
    pub id: AuditEventId,
    /// What its subject's ids begin with.
    pub kind: &'static str,
    /// To what it happened.
    pub subject: Uuid,
    /// The fields that changed, as the API names and shows them, before and after.
    pub changes: Vec<(String, Value, Value)>,
}

/// Who did what, from where.
#[derive(Debug)]
pub struct Origin<'a> {
    /// The mutation, or the job.
    pub action: &'static str,
    /// The person. `None`: the system.
    pub actor: Option<UserId>,
    /// From where.
    pub client: &'a Client,
    /// The name of the request in the log.
    pub request_id: &'a str,
}

/// Keeps what happened. Before and after, addresses and programs stand apart, where they can be erased; what stays
/// forever holds a salted hash of the changes.
///
/// # Errors
/// What the database answers.
pub async fn keep(conn: &Database, origin: &Origin<'_>, at: DateTime<Utc>, events: &[Event]) -> Result<()> {
    let fields = |event: &Event| json!(event.changes.iter().map(|(field, ..)| field).collect::<Vec<_>>()).to_string();
    let change =
        |(field, before, after): &(String, Value, Value)| json!({ "field": field, "before": before, "after": after });
    let changes = |event: &Event| Value::Array(event.changes.iter().map(change).collect()).to_string();
    let statement = Statement::<()>::new(
        "/* writer */ WITH told AS ( \
             SELECT id, kind, subject, fields::jsonb AS fields, changes::jsonb AS changes, gen_random_uuid() AS salt \
             FROM unnest(?, ?, ?, ?, ?) AS told (id, kind, subject, fields, changes) \
         ), events AS ( \
             INSERT INTO audit_events (id, at, actor_id, action, subject_kind, subject_id, fields, digest, request_id) \
             SELECT id, ?, ?, ?, kind, subject, fields, \
                    encode(sha256(convert_to(salt::text || changes::text, 'UTF8')), 'hex'), ? \
             FROM told \
         ) \
         INSERT INTO audit_details (event_id, salt, changes, ip_address, user_agent) \
         SELECT id, salt, changes, ?, ? FROM told",
        vec![
            Bind::ids(events.iter().map(|event| event.id)),
            Bind::Texts(events.iter().map(|event| event.kind.to_owned()).collect()),
            Bind::ids(events.iter().map(|event| event.subject)),
            Bind::Texts(events.iter().map(fields).collect()),
            Bind::Texts(events.iter().map(changes).collect()),
            Bind::Instant(Some(at)),
            Bind::MaybeUuid(origin.actor.map(|actor| actor.0)),
            Bind::text(origin.action),
            Bind::text(origin.request_id),
            Bind::Text(origin.client.ip.map(|ip| ip.to_string())),
            Bind::Text(origin.client.user_agent.clone()),
        ],
    );
    statement.execute(&mut &*conn).await?;
    Ok(())
}
