//! Accounts that staff makes.

use async_graphql::{ID, InputObject};

use super::address::{email, username};
use super::row::{User, UserStatus};
use crate::command::{Command, Done, Effect, EffectKind, Write, line};
use crate::entity::{edge, method};
use crate::id::{RoleId, UserId};
use crate::identity::rights;
use crate::identity::role::{Role, default_role, give};
use crate::page::ById as _;
use crate::payload;
use crate::viewer::{Permission, Requires};

/// Who gets an account.
#[derive(InputObject, Clone)]
pub struct CreateUserInput {
    /// The address that the account gets mail at, and signs in with.
    email: String,
    /// 3 to 32 of `a-z`, `0-9`, `_` and `-`.
    username: String,
    /// At most 100 characters.
    first_name: Option<String>,
    /// At most 100 characters.
    last_name: Option<String>,
    /// Roles beside the default one; the viewer must hold what they grant.
    role_ids: Option<Vec<ID>>,
    /// With a key, the same key again answers the first call's result.
    idempotency_key: Option<String>,
}

payload! {
    /// The outcome of making an account.
    CreateUserPayload {
        /// The new account. Null when nothing was done.
        user: UserId,
    }
}

/// Nobody knows a password of the account: it has none until its person sets one, by a reset.
impl Command for CreateUserInput {
    const NAME: &'static str = "createUser";
    const REQUIRES: Option<Requires> = Some(Requires::any(Permission::UserCreate));
    const EFFECT: Effect = Effect::of(EffectKind::Create).undone_by("closeUser");
    type Payload = CreateUserPayload;

    fn key(&self) -> Option<&str> {
        self.idempotency_key.as_deref()
    }

    async fn run(self, write: &mut Write) -> Done<CreateUserPayload> {
        let named = |name: Option<String>, field| name.map(|name| line(&name, field, 100)).transpose();
        let (first_name, last_name) = (named(self.first_name, "firstName")?, named(self.last_name, "lastName")?);
        let (email, username) = (email(&self.email)?, username(&self.username)?);
        let mine = rights::mine(write).await?;
        let mut roles: Vec<RoleId> = Vec::new();
        for id in self.role_ids.iter().flatten() {
            let role: Role = write.other(RoleId::parse(id, "input.roleIds")?, "roleIds").await?;
            rights::given(&role.permissions(), &mine, "roleIds")?;
            roles.push(role.uuid().into());
        }
        let called = (first_name, last_name);
        let user = User::new(UserId::fresh(), (email, username), called, UserStatus::Active, write.now().await?);
        write.insert(&user).await?;
        // Everybody gets the default role, by nobody's leave.
        roles.extend(default_role(write).await?);
        give(write, &user, &roles).await?;
        Ok(CreateUserPayload::of(user.id))
    }
}
