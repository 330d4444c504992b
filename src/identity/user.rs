//! The account.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel::dsl::AsSelect;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::db::batch::{Found, Key};
use crate::db::list::{Column, FoundBy, Fragment, InScope, OfParent, SortValue, StartsWith};
use crate::db::schema::{user_roles, users};
use crate::db::unit::Unit;
use crate::error::Result;
use crate::id::{RoleId, UserId};
use crate::page::{Cut, Listed, Order};
use crate::viewer::{Permission, Viewer};
use crate::{finish_list, list_rows, text_enum};

text_enum! {
    /// Where an account is in its life.
    UserStatus {
        /// Registered; the e-mail address is not verified yet.
        Pending = "pending",
        /// In use.
        Active = "active",
        /// Suspended by staff: cannot sign in.
        Suspended = "suspended",
        /// Closed for good, or about to be.
        Closed = "closed",
    }
}

/// An account. The password's hash is not in it: no application role can read that column.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Queryable, Selectable)]
#[diesel(table_name = users, check_for_backend(Pg))]
pub struct User {
    pub(crate) id: UserId,
    pub(crate) revision: i32,
    pub(crate) email: String,
    pub(crate) username: String,
    pub(crate) first_name: Option<String>,
    pub(crate) last_name: Option<String>,
    pub(crate) email_verified: bool,
    pub(crate) status: UserStatus,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
    pub(crate) last_login: Option<DateTime<Utc>>,
    pub(crate) virtfusion_id: Option<String>,
    pub(crate) suspension_reason: Option<String>,
    pub(crate) username_key: String,
}

/// What narrows a list of accounts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct UserFilter {
    pub(crate) search: Option<String>,
    pub(crate) status: Option<Vec<UserStatus>>,
    pub(crate) role: Option<RoleId>,
    pub(crate) permission: Option<String>,
    pub(crate) created_after: Option<DateTime<Utc>>,
    pub(crate) created_before: Option<DateTime<Utc>>,
}

/// What accounts can be sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, async_graphql::Enum)]
pub enum UserOrderField {
    /// When the account was made.
    CreatedAt,
    /// The username, without regard to case.
    Username,
    /// The last sign-in; those who never signed in come last when descending.
    LastLogin,
}

impl Order for UserOrderField {
    fn column(self) -> Column {
        Column::new(
            "users",
            match self {
                Self::CreatedAt => "created_at",
                Self::Username => "username_key",
                Self::LastLogin => "last_login_sort",
            },
        )
    }
}

type Query = users::BoxedQuery<'static, Pg, AsSelect<User, Pg>>;

impl User {
    /// The accounts that `viewer` may see: every find, list and loader starts here.
    #[must_use]
    pub fn visible_to(viewer: &Viewer) -> Query {
        let own = InScope(Column::new("users", "id"), viewer.scope(Permission::UserRead));
        users::table.select(Self::as_select()).into_boxed().filter(own)
    }

    /// First and last name, else the username.
    #[must_use]
    pub fn display_name(&self) -> String {
        let names: Vec<&str> = [&self.first_name, &self.last_name].into_iter().flatten().map(String::as_str).collect();
        if names.is_empty() { self.username.clone() } else { names.join(" ") }
    }
}

impl Listed for User {
    type Order = UserOrderField;
    type Filter = UserFilter;

    fn id(&self) -> Uuid {
        self.id.0
    }

    fn sort_value(&self, order: UserOrderField) -> SortValue {
        match order {
            UserOrderField::CreatedAt => SortValue::Instant(Some(self.created_at)),
            UserOrderField::Username => SortValue::Text(self.username_key.clone()),
            UserOrderField::LastLogin => SortValue::Instant(self.last_login),
        }
    }

    fn query(viewer: &Viewer, parent: Option<OfParent>, filter: &UserFilter, cut: Cut<'_, UserOrderField>) -> Fragment {
        let mut query = Self::visible_to(viewer);
        if let Some(search) = &filter.search {
            let starts = |column| StartsWith { column: Column::new("users", column), prefix: search.clone() };
            query = query.filter(starts("email_key").or(starts("username_key")));
        }
        if let Some(status) = &filter.status {
            query = query.filter(users::status.eq_any(status.clone()));
        }
        if let Some(role) = filter.role {
            let holders = user_roles::table.filter(user_roles::role_id.eq(role)).select(user_roles::user_id);
            query = query.filter(users::id.eq_any(holders));
        }
        if let Some(permission) = &filter.permission {
            let column = Column::new("users", "id");
            query =
                query.filter(FoundBy { column, function: "app.users_with_permission", argument: permission.clone() });
        }
        if let Some(after) = filter.created_after {
            query = query.filter(users::created_at.ge(after));
        }
        if let Some(before) = filter.created_before {
            query = query.filter(users::created_at.lt(before));
        }
        finish_list!(query, parent, cut)
    }

    list_rows!();
}

impl Key for UserId {
    type Value = Arc<User>;

    async fn load(keys: Vec<Self>, unit: Arc<Unit>) -> Result<Found<Self>> {
        let query = User::visible_to(unit.viewer()).filter(users::id.eq_any(keys));
        let rows: Vec<User> = query.load(&mut unit.conn()).await?;
        Ok(rows.into_iter().map(|user| (user.id, Arc::new(user))).collect::<HashMap<_, _>>())
    }
}
