//! Roles come, change and go.

use std::collections::BTreeSet;

use async_graphql::{ID, InputObject, MaybeUndefined};
use diesel::sql_types::{Array, Nullable, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::row::Role;
use crate::command::{Command, Done, Effect, EffectKind, Payload, Write, as_expected, line, words};
use crate::db::statement::{Bind, Statement};
use crate::entity::{edge, method};
use crate::error::Result;
use crate::id::{RoleId, UserId};
use crate::identity::{leaving, rights};
use crate::outcome::{Consequence, UserError, UserErrorCode};
use crate::viewer::{Permission, Permissions, Requires};
use crate::{entity, payload};

/// The longest description.
const LONGEST: usize = 500;

/// What a new role grants.
#[derive(InputObject, Clone)]
pub struct CreateRoleInput {
    /// What it is called. At most 100 characters.
    name: String,
    /// What it is for. At most 500 characters.
    description: Option<String>,
    /// The names that it grants; only what the viewer holds.
    permissions: Vec<String>,
    /// With a key, the same key again answers the first call's result.
    idempotency_key: Option<String>,
}

payload! {
    /// The outcome of making a role.
    CreateRolePayload {
        /// The new role. Null when nothing was done.
        role: RoleId,
    }
}

impl Command for CreateRoleInput {
    const NAME: &'static str = "createRole";
    const REQUIRES: Option<Requires> = Some(Requires::any(Permission::RoleCreate));
    const EFFECT: Effect = Effect::of(EffectKind::Create).undone_by("deleteRole");
    type Payload = CreateRolePayload;

    fn key(&self) -> Option<&str> {
        self.idempotency_key.as_deref()
    }

    async fn run(self, write: &mut Write) -> Done<CreateRolePayload> {
        let name = line(&self.name, "name", 100)?;
        let description = self.description.map(|text| words(&text, "description", LONGEST)).transpose()?;
        let permissions = known(self.permissions)?;
        rights::given(&permissions, &rights::mine(write).await?, "permissions")?;
        let role = Role::new(RoleId::fresh(), (name, description), &permissions, write.now().await?);
        write.insert(&role).await?;
        Ok(CreateRolePayload::of(role.id))
    }
}

/// What of a role changes. Fields left out stay as they are.
#[derive(InputObject, Clone)]
pub struct UpdateRoleInput {
    /// The role.
    id: ID,
    /// What it is called. At most 100 characters.
    name: Option<String>,
    /// What it is for. At most 500 characters; null: nothing is said.
    description: MaybeUndefined<String>,
    /// The names that it grants, all of them; what comes to them the viewer must hold.
    permissions: Option<Vec<String>>,
    /// True: new accounts get this role instead of the one so far.
    is_default: Option<bool>,
    /// The `revision` that the form was filled from; answers CONFLICT when the row has moved on.
    expected_revision: Option<i32>,
}

payload! {
    /// The outcome of changing a role.
    UpdateRolePayload {
        /// The role as it is now. Null when nothing was done.
        role: RoleId,
    }
}

impl Command for UpdateRoleInput {
    const NAME: &'static str = "updateRole";
    const REQUIRES: Option<Requires> = Some(Requires::any(Permission::RoleUpdate));
    const EFFECT: Effect = Effect::of(EffectKind::Reversible).undone_by("updateRole");
    type Payload = UpdateRolePayload;

    async fn run(self, write: &mut Write) -> Done<UpdateRolePayload> {
        let id = RoleId::parse(&self.id, "input.id")?;
        let mine = rights::mine(write).await?;
        let role: Role = write.subject(id).await?;
        let before = role.permissions();
        rights::within(&role.grants(), &mine)?;
        as_expected(role.revision, self.expected_revision)?;
        let after = self.permissions.clone().map(known).transpose()?.unwrap_or_else(|| before.clone());
        rights::given(after.difference(&before), &mine, "permissions")?;
        self.fits_default(&role, &after)?;
        let name = self.name.map(|name| line(&name, "name", 100)).transpose()?;
        let description = match self.description {
            MaybeUndefined::Undefined => role.description.clone(),
            MaybeUndefined::Null => None,
            MaybeUndefined::Value(text) => Some(words(&text, "description", LONGEST)?),
        };
        let becomes_default = self.is_default == Some(true) && !role.is_default;
        if becomes_default && let Some(former) = default_role(write).await? {
            let former: Role = write.subject(former).await?;
            write.edit(&former, |role| role.is_default = false, Vec::new()).await?;
        }
        let set = |role: &mut Role| {
            role.name = name.unwrap_or_else(|| role.name.clone());
            role.description = description;
            role.is_default |= becomes_default;
            if after != before {
                role.permissions = json!(after);
            }
        };
        write.edit(&role, set, Vec::new()).await?;
        let (before, after): (Permissions, Permissions) = (before.into_iter().collect(), after.into_iter().collect());
        follow(write, id, &before, &after).await?;
        Ok(UpdateRolePayload::of(id))
    }
}

impl UpdateRoleInput {
    /// What every new account gets says nothing of rows of others, and one role is it at all times.
    fn fits_default(&self, role: &Role, permissions: &BTreeSet<String>) -> std::result::Result<(), UserError> {
        let refused = |field, message: &str| Err(UserError::new(UserErrorCode::Invalid, message).at(field));
        if role.is_default && self.is_default == Some(false) {
            return refused("isDefault", "One role is the default: make another one that instead.");
        }
        let is_default = role.is_default || self.is_default == Some(true);
        if is_default && permissions.iter().any(|name| !name.ends_with(":own")) {
            let field = if self.permissions.is_some() { "permissions" } else { "isDefault" };
            return refused(field, "The default role grants `:own` names only.");
        }
        Ok(())
    }
}

/// What follows where a role grants less than before.
async fn follow(write: &mut Write, role: RoleId, before: &Permissions, after: &Permissions) -> Done<()> {
    if before.holds_all() && !after.holds_all() {
        rights::keep_administrator(write).await?;
    }
    let answers = |permissions: &Permissions| permissions.holds(Permission::TicketReply.name());
    if answers(before) && !answers(after) {
        let text = "SELECT coalesce(array_agg(user_id), '{}') FROM user_roles WHERE role_id = ?";
        let statement = Statement::<Array<SqlUuid>>::new(text, vec![Bind::Uuid(role.0)]);
        let holders: Vec<UserId> = statement.get_result(&mut write.conn()).await?;
        leaving::tickets(write, holders).await?;
    }
    Ok(())
}

/// The role that new accounts get.
pub(in crate::identity) async fn default_role(write: &Write) -> Result<Option<RoleId>> {
    let statement = Statement::<Nullable<SqlUuid>>::new("SELECT app.default_role()", vec![]);
    let id: Option<Uuid> = statement.get_result(&mut write.conn()).await?;
    Ok(id.map(RoleId))
}

/// A set of names that exist.
fn known(names: Vec<String>) -> std::result::Result<BTreeSet<String>, UserError> {
    if names.iter().all(|name| Permission::is_known(name)) {
        return Ok(names.into_iter().collect());
    }
    let message = "There is no such permission; `permissions` lists those that there are.";
    Err(UserError::new(UserErrorCode::Invalid, message).at("permissions"))
}

/// Which role goes.
#[derive(InputObject, Clone)]
pub struct DeleteRoleInput {
    /// The role.
    id: ID,
}

/// The outcome of deleting a role.
#[derive(Default, Serialize, Deserialize)]
pub struct DeleteRolePayload {
    role_id: Option<RoleId>,
    consequences: Vec<Consequence>,
    #[serde(skip)]
    user_errors: Vec<UserError>,
}

entity! {
    /// The outcome of deleting a role.
    DeleteRolePayload {
        /// The role that is gone. Null when nothing was done.
        role_id;
        /// What else the change set off; with `dryRun`, what it would set off.
        consequences = method[consequences => consequences.clone()];
        /// Why nothing was done. Empty when it was.
        user_errors = method[user_errors => user_errors.clone()];
    }
}

impl Payload for DeleteRolePayload {
    fn refused(error: UserError) -> Self {
        Self { user_errors: vec![error], ..Self::default() }
    }

    fn told(&mut self, consequences: Vec<Consequence>) {
        self.consequences = consequences;
    }
}

impl Command for DeleteRoleInput {
    const NAME: &'static str = "deleteRole";
    const REQUIRES: Option<Requires> = Some(Requires::any(Permission::RoleDelete));
    const EFFECT: Effect = Effect::of(EffectKind::Correctable).undone_by("createRole");
    type Payload = DeleteRolePayload;

    async fn run(self, write: &mut Write) -> Done<DeleteRolePayload> {
        let id = RoleId::parse(&self.id, "input.id")?;
        let mine = rights::mine(write).await?;
        let role: Role = write.subject(id).await?;
        rights::within(&role.grants(), &mine)?;
        if role.is_default {
            let message = "New accounts get this role. Make another one the default first.";
            return Err(UserError::new(UserErrorCode::InUse, message).into());
        }
        // Whoever holds it stands in the way, by the database's word.
        write.remove(&role).await?;
        Ok(DeleteRolePayload { role_id: Some(id), ..DeleteRolePayload::default() })
    }
}
