//! Roles, and who holds them.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel::dsl::AsSelect;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::user::User;
use crate::db::batch::{Found, Key};
use crate::db::list::{Column, Fragment, OfParent, SortValue};
use crate::db::schema::{roles, user_roles, users};
use crate::db::unit::Unit;
use crate::error::Result;
use crate::id::{RoleId, UserId};
use crate::page::{Cut, Listed, Order};
use crate::viewer::{Permission, Viewer};
use crate::{finish_list, list_rows};

/// A named set of permissions.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Queryable, Selectable)]
#[diesel(table_name = roles, check_for_backend(Pg))]
pub struct Role {
    pub(crate) id: RoleId,
    pub(crate) revision: i32,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) is_default: bool,
    pub(crate) permissions: serde_json::Value,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

type Query = roles::BoxedQuery<'static, Pg, AsSelect<Role, Pg>>;

impl Role {
    /// The roles that `viewer` may see: all of them for those who may read roles or people, else the
    /// viewer's own.
    #[must_use]
    pub fn visible_to(viewer: &Viewer) -> Query {
        let query = roles::table.select(Self::as_select()).into_boxed();
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
        let names = self.permissions.as_array().into_iter().flatten();
        names.filter_map(|name| name.as_str().map(str::to_owned)).collect()
    }
}

impl Key for RoleId {
    type Value = Arc<Role>;

    async fn load(keys: Vec<Self>, unit: Arc<Unit>) -> Result<Found<Self>> {
        let query = Role::visible_to(unit.viewer()).filter(roles::id.eq_any(keys));
        let rows: Vec<Role> = query.load(&mut unit.conn()).await?;
        Ok(rows.into_iter().map(|role| (role.id, Arc::new(role))).collect())
    }
}

/// The key of all roles, by name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AllRoles;

impl Key for AllRoles {
    type Value = Arc<Vec<Arc<Role>>>;

    async fn load(_: Vec<Self>, unit: Arc<Unit>) -> Result<Found<Self>> {
        let rows: Vec<Role> = Role::visible_to(unit.viewer()).order(roles::name).load(&mut unit.conn()).await?;
        Ok([(Self, Arc::new(rows.into_iter().map(Arc::new).collect()))].into())
    }
}

/// The key of the roles that a person holds, oldest assignment first.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RolesOf(pub(crate) UserId);

/// A role and when it was given.
#[derive(Debug, Clone)]
pub struct Held {
    pub(crate) role: Arc<Role>,
    pub(crate) assigned_at: DateTime<Utc>,
}

impl Key for RolesOf {
    type Value = Arc<Vec<Held>>;

    async fn load(keys: Vec<Self>, unit: Arc<Unit>) -> Result<Found<Self>> {
        let people: Vec<UserId> = keys.iter().map(|RolesOf(user)| *user).collect();
        let rows: Vec<(UserId, DateTime<Utc>, Role)> = user_roles::table
            .inner_join(roles::table)
            .filter(user_roles::user_id.eq_any(people))
            .filter(user_roles::user_id.eq_any(User::visible_to(unit.viewer()).select(users::id)))
            .order((user_roles::created_at, user_roles::role_id))
            .select((user_roles::user_id, user_roles::created_at, Role::as_select()))
            .load(&mut unit.conn())
            .await?;
        let mut found: std::collections::HashMap<Self, Vec<Held>> = keys.into_iter().map(|key| (key, vec![])).collect();
        for (user, assigned_at, role) in rows {
            found.entry(RolesOf(user)).or_default().push(Held { role: Arc::new(role), assigned_at });
        }
        Ok(found.into_iter().map(|(key, held)| (key, Arc::new(held))).collect())
    }
}

/// A person who holds a role, as a row of the role's list.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Queryable, Selectable)]
#[diesel(table_name = user_roles, check_for_backend(Pg))]
pub struct Member {
    pub(crate) user_id: UserId,
    pub(crate) role_id: RoleId,
    pub(crate) created_at: DateTime<Utc>,
}

/// Members are sorted by when they got the role, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ByAssignment;

impl Order for ByAssignment {
    fn column(self) -> Column {
        Column { table: "user_roles", name: "created_at", id: "user_id" }
    }
}

impl Listed for Member {
    type Order = ByAssignment;
    type Filter = ();

    fn id(&self) -> Uuid {
        self.user_id.0
    }

    fn sort_value(&self, ByAssignment: ByAssignment) -> SortValue {
        SortValue::Instant(Some(self.created_at))
    }

    fn query(viewer: &Viewer, parent: Option<OfParent>, (): &(), cut: Cut<'_, ByAssignment>) -> Fragment {
        let query = user_roles::table.select(Self::as_select()).into_boxed::<Pg>();
        let visible = User::visible_to(viewer).select(users::id);
        finish_list!(query.filter(user_roles::user_id.eq_any(visible)), parent, cut)
    }

    list_rows!();
}
