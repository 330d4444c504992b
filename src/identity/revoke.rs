//! Ending sessions.

use async_graphql::{ID, InputObject};

use super::rights;
use super::session::Session;
use crate::answer;
use crate::command::{Becomes, Command, Done, Effect, EffectKind, Write};
use crate::entity::method;
use crate::error::Error;
use crate::id::SessionId;
use crate::viewer::{Permission, Requires};

/// Which session to end.
#[derive(InputObject, Clone)]
pub struct RevokeSessionInput {
    /// The session.
    id: ID,
}

answer! {
    /// The outcome of ending a session.
    RevokeSessionPayload {
        /// The session that has ended.
        session_id: Option<SessionId>,
    }
}

impl Command for RevokeSessionInput {
    const NAME: &'static str = "revokeSession";
    const REQUIRES: Option<Requires> = Some(Requires::own(Permission::SessionRevoke));
    const EFFECT: Effect = Effect::of(EffectKind::Session);
    const DRY_RUN: bool = false;
    type Payload = RevokeSessionPayload;

    async fn run(self, write: &mut Write) -> Done<RevokeSessionPayload> {
        let id = SessionId::parse(&self.id, "input.id")?;
        // Whoever signs an administrator out holds up more than a device.
        if let Some(holder) = Session::holder(write.conn(), id).await?
            && write.person()? != holder
        {
            let (mine, theirs) = (rights::mine(write).await?, rights::of(write, holder).await?);
            rights::within(&theirs, &mine)?;
        }
        if !Session::end(write.conn(), id).await? {
            return Err(Error::not_found().into());
        }
        if write.viewer().session() == Some(id) {
            write.becomes(Becomes::Guest);
        }
        Ok(RevokeSessionPayload { session_id: Some(id), ..RevokeSessionPayload::default() })
    }
}

/// Ends every session of the viewer but the one that asks.
#[derive(Clone, Default)]
pub struct RevokeOtherSessions;

answer! {
    /// The outcome of ending all other sessions.
    RevokeOtherSessionsPayload {
        /// How many sessions have ended.
        revoked_count: i32,
    }
}

impl Command for RevokeOtherSessions {
    const NAME: &'static str = "revokeOtherSessions";
    const REQUIRES: Option<Requires> = Some(Requires::own(Permission::SessionRevoke));
    const EFFECT: Effect = Effect::of(EffectKind::Session);
    const DRY_RUN: bool = false;
    type Payload = RevokeOtherSessionsPayload;

    async fn run(self, write: &mut Write) -> Done<RevokeOtherSessionsPayload> {
        let ended = Session::end_others(write.conn()).await?;
        let revoked_count = i32::try_from(ended).unwrap_or(i32::MAX);
        Ok(RevokeOtherSessionsPayload { revoked_count, ..RevokeOtherSessionsPayload::default() })
    }
}
