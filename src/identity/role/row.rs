//! The role's row, and the loaders of who holds which.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use rustc_hash::FxHashMap;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::db::batch::{Found, Key};
use crate::db::list::{Ending, InOrder};
use crate::db::row::{Columns, Placed, Selected};
use crate::db::schema::{roles, user_roles};
use crate::db::statement::{Bind, Statement};
use crate::db::unit::Unit;
use crate::error::Result;
use crate::id::{RoleId, UserId};
use crate::page::ById as _;
use crate::scalar::Instant;
use crate::viewer::{Permission, Permissions, Scope, Viewer};
use crate::{by_id, column, record, row};

row! {
    /// A named set of permissions.
    Role of roles {
        id: RoleId,
        revision: i32,
        name: String,
        description: Option<String>,
        is_default: bool,
        permissions: Value,
        created_at: Instant,
        updated_at: Instant,
    }
}

by_id! { Role by RoleId in roles }

record! {
    Role as RoleId in roles {
        given id, created_at, updated_at;
        name, description, is_default, permissions
    }
}

impl Role {
    /// A role that nobody holds yet, with its name and description.
    pub(super) fn new(
        id: RoleId,
        (name, description): (String, Option<String>),
        permissions: &BTreeSet<String>,
        now: DateTime<Utc>,
    ) -> Self {
        let (created_at, updated_at) = (now.into(), now.into());
        let permissions = json!(permissions);
        Self { id, name, description, permissions, created_at, updated_at, ..Self::default() }
    }

    /// The roles that `viewer` may see: all of them for those who may read roles or people, else the
    /// viewer's own.
    #[must_use]
    pub fn visible_to(viewer: &Viewer) -> roles::BoxedQuery<'static, Pg> {
        let query = roles::table.into_boxed();
        if viewer.can(Permission::RoleRead) || viewer.can(Permission::UserRead) {
            return query;
        }
        let held = user_roles::table
            .filter(user_roles::user_id.nullable().eq(viewer.user().map(Uuid::from)))
            .select(user_roles::role_id);
        query.filter(roles::id.eq_any(held))
    }

    /// The names that the role grants, sorted.
    #[must_use]
    pub fn permissions(&self) -> BTreeSet<String> {
        names(&self.permissions)
    }

    /// The same, to be asked.
    #[must_use]
    pub(in crate::identity) fn grants(&self) -> Permissions {
        self.permissions().into_iter().collect()
    }
}

/// The names in a set of permissions, sorted.
pub(super) fn names(permissions: &Value) -> BTreeSet<String> {
    let names = permissions.as_array().into_iter().flatten();
    names.filter_map(|name| name.as_str().map(str::to_owned)).collect()
}

/// The key of all roles, by name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AllRoles;

impl Key for AllRoles {
    type Value = Arc<Vec<Arc<Role>>>;

    async fn load(_: Vec<Self>, unit: Arc<Unit>) -> Result<Found<Self>> {
        let selected = Selected::of::<Role>(Columns::ALL, None);
        let mut ending = Ending::new(selected, unit.viewer().statement_kind());
        ending.order = Some(InOrder { column: column!(roles.name), descending: false });
        let rows = unit.fetch(Role::seen(unit.viewer(), ending), |row| selected.read::<Role>(row, 0)).await?;
        let roles = rows.into_iter().map(|Placed { row, .. }| Arc::new(row)).collect();
        Ok([(Self, Arc::new(roles))].into_iter().collect())
    }
}

/// The key of the roles that a person holds, oldest assignment first.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RolesOf(pub(in crate::identity) UserId);

/// A role and when it was given.
#[derive(Debug, Clone)]
pub struct Held {
    pub(in crate::identity) role: Arc<Role>,
    pub(in crate::identity) assigned_at: Instant,
}

impl Key for RolesOf {
    type Value = Arc<Vec<Arc<Held>>>;

    /// A row for each role, with all who hold it: people are many, roles are few.
    async fn load(keys: Vec<Self>, unit: Arc<Unit>) -> Result<Found<Self>> {
        let viewer = unit.viewer();
        let scope = viewer.scope(Permission::UserRead);
        let seen = |user: &UserId| scope == Scope::All || scope == Scope::Own(*user);
        let people: Vec<UserId> = keys.iter().map(|RolesOf(user)| *user).filter(seen).collect();
        let statement = match people.as_slice() {
            [person] => Statement::<HoldersSql>::new(OF_ONE, vec![Bind::Uuid(person.0)]),
            _ => Statement::new(OF_MANY, vec![Bind::ids(people)]),
        };
        let statement = statement.of(viewer);
        let mut held: FxHashMap<Self, Vec<Arc<Held>>> = keys.into_iter().map(|key| (key, Vec::new())).collect();
        for holders in statement.load::<Holders>(&mut unit.conn()).await? {
            let (id, revision, name, description, is_default, permissions, created_at, updated_at, users, since) =
                holders;
            let fetched = Columns::ALL;
            let role =
                Role { id, revision, name, description, is_default, permissions, created_at, updated_at, fetched };
            let role = Arc::new(role);
            for (user, assigned_at) in users.into_iter().zip(since) {
                let one = Held { role: Arc::clone(&role), assigned_at };
                held.entry(RolesOf(user)).or_default().push(Arc::new(one));
            }
        }
        let in_order = |mut held: Vec<Arc<Held>>| {
            held.sort_by_key(|held| (held.assigned_at.0, held.role.id));
            Arc::new(held)
        };
        Ok(held.into_iter().map(|(key, held)| (key, in_order(held))).collect())
    }
}

const OF_ONE: &str = "SELECT r.id, r.revision, r.name, r.description, r.is_default, r.permissions, r.created_at, \
    r.updated_at, ARRAY[held.user_id], ARRAY[held.created_at] FROM user_roles held JOIN roles r ON r.id = held.role_id \
    WHERE held.user_id = ?";
const OF_MANY: &str = "SELECT r.id, r.revision, r.name, r.description, r.is_default, r.permissions, r.created_at, \
    r.updated_at, held.users, held.since FROM (SELECT role_id, array_agg(user_id) AS users, array_agg(created_at) AS since \
    FROM user_roles WHERE user_id = ANY (?) GROUP BY role_id) AS held JOIN roles r ON r.id = held.role_id";

type Holders = (RoleId, i32, String, Option<String>, bool, Value, Instant, Instant, Vec<UserId>, Vec<Instant>);
type HoldersSql =
    (SqlUuid, Integer, Text, Nullable<Text>, Bool, Jsonb, Timestamptz, Timestamptz, Array<SqlUuid>, Array<Timestamptz>);
