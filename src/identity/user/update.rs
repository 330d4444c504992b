//! What of an account changes.

use async_graphql::MaybeUndefined;

use super::address::{email, username};
use super::arguments::UpdateUserInput;
use super::row::User;
use crate::command::{Command, Done, Effect, EffectKind, Write, as_expected, line};
use crate::entity::{edge, method};
use crate::id::UserId;
use crate::identity::rights;
use crate::outcome::{UserError, UserErrorCode};
use crate::payload;
use crate::viewer::{Permission, Requires};

payload! {
    /// The outcome of changing an account.
    UpdateUserPayload {
        /// The account as it is now. Null when nothing was done.
        user: UserId,
    }
}

impl Command for UpdateUserInput {
    const NAME: &'static str = "updateUser";
    const REQUIRES: Option<Requires> = Some(Requires::own(Permission::UserUpdate));
    const EFFECT: Effect = Effect::of(EffectKind::Correctable).undone_by("updateUser");
    type Payload = UpdateUserPayload;

    async fn run(self, write: &mut Write) -> Done<UpdateUserPayload> {
        let id = UserId::parse(&self.id, "input.id")?;
        if !self.virtfusion_id.is_undefined() || !self.server_limit.is_undefined() {
            write.viewer().check(Requires::any(Permission::UserUpdate))?;
        }
        let user = rights::person::<Self>(write, id).await?;
        write.allow(&user).await?;
        as_expected(user.revision, self.expected_revision)?;
        let after = self.applied_to(&user)?;
        write.edit(&user, |user| *user = after, Vec::new()).await?;
        Ok(UpdateUserPayload::of(id))
    }
}

impl UpdateUserInput {
    fn applied_to(self, user: &User) -> Result<User, UserError> {
        let text = |given: MaybeUndefined<String>, now: &Option<String>, field, longest| match given {
            MaybeUndefined::Undefined => Ok(now.clone()),
            MaybeUndefined::Null => Ok(None),
            MaybeUndefined::Value(text) => line(&text, field, longest).map(Some),
        };
        let mut after = user.clone();
        after.first_name = text(self.first_name, &user.first_name, "firstName", 100)?;
        after.last_name = text(self.last_name, &user.last_name, "lastName", 100)?;
        after.virtfusion_id = text(self.virtfusion_id, &user.virtfusion_id, "virtfusionId", 64)?;
        if let Some(name) = self.username {
            after.username = username(&name)?;
        }
        if let Some(address) = self.email {
            after.email = email(&address)?;
            // Another way to write the same one was shown to be theirs already.
            after.email_verified &= after.email.to_lowercase() == user.email.to_lowercase();
        }
        match self.server_limit {
            MaybeUndefined::Undefined => {}
            MaybeUndefined::Value(limit) if limit < 0 => {
                return Err(UserError::new(UserErrorCode::Invalid, "None is 0.").at("serverLimit"));
            }
            limit => after.server_limit = limit.take(),
        }
        Ok(after)
    }
}
