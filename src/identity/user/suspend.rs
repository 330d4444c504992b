//! Accounts that staff suspends, reinstates and activates.

use async_graphql::{ID, InputObject};

use crate::command::{Command, Done, Effect, EffectKind, Write, words};
use crate::entity::{edge, method};
use crate::id::UserId;
use crate::identity::{leaving, rights};
use crate::payload;
use crate::viewer::{Permission, Requires};

/// Who is suspended, and why.
#[derive(InputObject, Clone)]
pub struct SuspendUserInput {
    /// The account.
    id: ID,
    /// Why, for the person as well. At most 500 characters.
    reason: String,
}

payload! {
    /// The outcome of suspending an account.
    SuspendUserPayload {
        /// The account as it is now. Null when nothing was done.
        user: UserId,
    }
}

impl Command for SuspendUserInput {
    const NAME: &'static str = "suspendUser";
    const REQUIRES: Option<Requires> = Some(Requires::any(Permission::UserSuspend));
    const EFFECT: Effect = Effect::of(EffectKind::Correctable).undone_by("reinstateUser");
    type Payload = SuspendUserPayload;

    async fn run(self, write: &mut Write) -> Done<SuspendUserPayload> {
        let reason = words(&self.reason, "reason", 500)?;
        let user = rights::person::<Self>(write, UserId::parse(&self.id, "input.id")?).await?;
        if write.change(&user, |user| user.suspension_reason = Some(reason)).await? {
            leaving::account(write, &user).await?;
        }
        Ok(SuspendUserPayload::of(user.id))
    }
}

/// Who may go on.
#[derive(InputObject, Clone)]
pub struct ReinstateUserInput {
    /// The account.
    id: ID,
}

payload! {
    /// The outcome of reinstating an account.
    ReinstateUserPayload {
        /// The account as it is now. Null when nothing was done.
        user: UserId,
    }
}

impl Command for ReinstateUserInput {
    const NAME: &'static str = "reinstateUser";
    const REQUIRES: Option<Requires> = Some(Requires::any(Permission::UserSuspend));
    const EFFECT: Effect = Effect::of(EffectKind::Correctable).undone_by("suspendUser");
    type Payload = ReinstateUserPayload;

    async fn run(self, write: &mut Write) -> Done<ReinstateUserPayload> {
        let user = rights::person::<Self>(write, UserId::parse(&self.id, "input.id")?).await?;
        write.change(&user, |_| {}).await?;
        Ok(ReinstateUserPayload::of(user.id))
    }
}

/// Whose address is taken for verified.
#[derive(InputObject, Clone)]
pub struct ActivateUserInput {
    /// The account.
    id: ID,
}

payload! {
    /// The outcome of activating an account.
    ActivateUserPayload {
        /// The account as it is now. Null when nothing was done.
        user: UserId,
    }
}

impl Command for ActivateUserInput {
    const NAME: &'static str = "activateUser";
    const REQUIRES: Option<Requires> = Some(Requires::any(Permission::UserUpdate));
    const EFFECT: Effect = Effect::of(EffectKind::Correctable).undone_by("suspendUser");
    type Payload = ActivateUserPayload;

    async fn run(self, write: &mut Write) -> Done<ActivateUserPayload> {
        let user = rights::person::<Self>(write, UserId::parse(&self.id, "input.id")?).await?;
        write.change(&user, |user| user.email_verified = true).await?;
        Ok(ActivateUserPayload::of(user.id))
    }
}
