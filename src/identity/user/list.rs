//! Lists of accounts.

use diesel::prelude::*;

use super::row::{User, UserStatus};
use crate::column;
use crate::db::list::{Column, Ending, FoundBy, Fragment, StartsWith};
use crate::db::schema::{user_roles, users};
use crate::id::RoleId;
use crate::page::{Listed, Order};
use crate::scalar::Instant;
use crate::viewer::Viewer;

/// What narrows a list of accounts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct UserFilter {
    pub(super) search: Option<String>,
    pub(super) status: Option<Vec<UserStatus>>,
    pub(super) role: Option<RoleId>,
    pub(super) permission: Option<String>,
    pub(super) created_after: Option<Instant>,
    pub(super) created_before: Option<Instant>,
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
        match self {
            Self::CreatedAt => column!(users.created_at),
            Self::Username => column!(users.username_key),
            Self::LastLogin => column!(users.last_login_sort),
        }
    }
}

impl Listed for User {
    type Order = UserOrderField;
    type Filter = UserFilter;

    fn newest() -> UserOrderField {
        UserOrderField::CreatedAt
    }

    fn query(viewer: &Viewer, filter: &UserFilter, mut ending: Ending) -> Fragment {
        let mut query = Self::visible_to(viewer);
        // What a generic plan serves badly: how many rows begin so, or have a role, differs from value to value.
        ending.plan_anew |= filter.search.is_some() || filter.role.is_some();
        if let Some(search) = &filter.search {
            let starts = |column| StartsWith { column, prefix: search.clone() };
            query = query.filter(starts(column!(users.email_key)).or(starts(column!(users.username_key))));
        }
        if let Some(status) = ending.any_of(column!(users.status), filter.status.as_ref()) {
            query = query.filter(status);
        }
        if let Some(role) = filter.role {
            let holders = user_roles::table.filter(user_roles::role_id.eq(role)).select(user_roles::user_id);
            query = query.filter(users::id.eq_any(holders));
        }
        if let Some(permission) = &filter.permission {
            let (column, argument) = (column!(users.id), permission.clone());
            query = query.filter(FoundBy { column, function: "app.users_with_permission", argument });
        }
        if let Some(Instant(after)) = filter.created_after {
            query = query.filter(users::created_at.ge(after));
        }
        if let Some(Instant(before)) = filter.created_before {
            query = query.filter(users::created_at.lt(before));
        }
        ending.finish(query)
    }
}
