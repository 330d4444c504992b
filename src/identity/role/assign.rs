//! Who holds which role.

use async_graphql::{ID, InputObject};
use diesel_async::RunQueryDsl as _;
use serde_json::{Value, json};

use super::row::Role;
use crate::command::{Command, Done, Effect, EffectKind, Write};
use crate::db::statement::{Bind, Statement};
use crate::entity::{edge, method};
use crate::id::{RoleId, UserId};
use crate::identity::user::{User, UserStatus};
use crate::identity::{leaving, rights};
use crate::life::Life as _;
use crate::page::ById as _;
use crate::payload;
use crate::viewer::{Permission, Requires};

/// Who gets which role.
#[derive(InputObject, Clone)]
pub struct AssignRoleInput {
    /// The person.
    user_id: ID,
    /// The role; the viewer must hold what it grants.
    role_id: ID,
}

payload! {
    /// The outcome of giving a role.
    AssignRolePayload {
        /// The person as they are now. Null when nothing was done.
        user: UserId,
    }
}

impl Command for AssignRoleInput {
    const NAME: &'static str = "assignRole";
    const REQUIRES: Option<Requires> = Some(Requires::any(Permission::RoleAssign));
    const EFFECT: Effect = Effect::of(EffectKind::Reversible).undone_by("unassignRole");
    type Payload = AssignRolePayload;

    async fn run(self, write: &mut Write) -> Done<AssignRolePayload> {
        let id = UserId::parse(&self.user_id, "input.userId")?;
        let role = RoleId::parse(&self.role_id, "input.roleId")?;
        let mine = rights::mine(write).await?;
        let user = rights::person::<Self>(write, id).await?;
        let role: Role = write.other(role, "roleId").await?;
        write.allow(&user).await?;
        rights::given(&role.permissions(), &mine, "roleId")?;
        give(write, &user, &[role.id]).await?;
        Ok(AssignRolePayload::of(id))
    }
}

/// Gives roles to a person; those that the person holds stay as they are.
pub(in crate::identity) async fn give(write: &mut Write, user: &User, roles: &[RoleId]) -> Done<()> {
    let now = write.now().await?;
    for role in roles {
        let statement = Statement::<()>::new(
            "/* writer */ INSERT INTO user_roles (user_id, role_id, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            vec![Bind::Uuid(user.uuid()), Bind::Uuid(role.0), Bind::Instant(Some(now))],
        );
        if statement.execute(&mut write.conn()).await? > 0 {
            write.happened::<User>(user.uuid(), vec![("roles".to_owned(), Value::Null, json!(role))]);
        }
    }
    Ok(())
}

/// Who loses which role.
#[derive(InputObject, Clone)]
pub struct UnassignRoleInput {
    /// The person.
    user_id: ID,
    /// The role.
    role_id: ID,
}

payload! {
    /// The outcome of taking a role away.
    UnassignRolePayload {
        /// The person as they are now. Null when nothing was done.
        user: UserId,
    }
}

impl Command for UnassignRoleInput {
    const NAME: &'static str = "unassignRole";
    const REQUIRES: Option<Requires> = Some(Requires::any(Permission::RoleAssign));
    const EFFECT: Effect = Effect::of(EffectKind::Reversible).undone_by("assignRole");
    type Payload = UnassignRolePayload;

    async fn run(self, write: &mut Write) -> Done<UnassignRolePayload> {
        let id = UserId::parse(&self.user_id, "input.userId")?;
        let role = RoleId::parse(&self.role_id, "input.roleId")?;
        // Oneself, too: who may do what has to stand still.
        rights::mine(write).await?;
        let user = rights::person::<Self>(write, id).await?;
        let role: Role = write.other(role, "roleId").await?;
        write.allow(&user).await?;
        let statement = Statement::<()>::new(
            "/* writer */ DELETE FROM user_roles WHERE user_id = ? AND role_id = ?",
            vec![Bind::Uuid(id.0), Bind::Uuid(role.id.0)],
        );
        if statement.execute(&mut write.conn()).await? > 0 {
            write.happened::<User>(id.0, vec![("roles".to_owned(), json!(role.id), Value::Null)]);
            let granted = role.grants();
            if granted.holds_all() && user.state() == UserStatus::Active {
                rights::keep_administrator(write).await?;
            }
            if granted.holds(Permission::TicketReply.name()) {
                leaving::tickets(write, vec![id]).await?;
            }
        }
        Ok(UnassignRolePayload::of(id))
    }
}
