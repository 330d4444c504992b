//! What follows when somebody stops working: devices are signed out, tickets do not wait for a person who cannot answer,
//! and somebody still may do everything.

use serde_json::json;

use super::rights;
use super::session::Session;
use super::user::User;
use crate::command::{Done, Write};
use crate::id::UserId;
use crate::outcome::ConsequenceKind;
use crate::page::ById as _;
use crate::support::release;

/// Whoever was suspended, or whose account was closed.
pub(super) async fn account(write: &mut Write, user: &User) -> Done<()> {
    let ended = Session::end_all(write.conn(), UserId(user.uuid())).await?;
    if ended > 0 {
        let devices = if ended == 1 { "One device is".to_owned() } else { format!("{ended} devices are") };
        write.send((ConsequenceKind::SessionEnded, "session"), user, json!({}), format!("{devices} signed out."));
    }
    tickets(write, vec![UserId(user.uuid())]).await?;
    rights::keep_administrator(write).await
}

/// Gives the tickets of those among these people who may not answer any more back to the queue.
pub(super) async fn tickets(write: &mut Write, people: Vec<UserId>) -> Done<()> {
    release(write, people).await
}
