//! Asking for people, roles and permissions.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::role::{AllRoles, Role};
use super::user::{User, UserFilter, UserOrderField, UserStatus};
use crate::error::{Error, Result};
use crate::id::{RoleId, UserId};
use crate::page::{Connection, List, OrderDirection, PageArgs};
use crate::request::Ask as _;
use crate::requires::requires;
use crate::scalar::{Instant, Raw, any_of, decode, search, span};
use crate::viewer::{Permission, Requires};

/// What narrows a list of accounts. All conditions have to hold; null is none.
#[derive(InputObject, Default)]
#[graphql(name = "UserFilter")]
pub struct UserFilterInput {
    /// Matches the start of e-mail or username, case-insensitive.
    search: Option<String>,
    /// Any of these.
    status: Option<Vec<UserStatus>>,
    /// Holders of this role.
    role_id: Option<ID>,
    /// Holders of this permission, by name; `x` counts as `x:own`, `*` as all.
    permission: Option<String>,
    /// Made at this instant or later.
    created_after: Option<Raw<Instant>>,
    /// Made before this instant.
    created_before: Option<Raw<Instant>>,
}

impl UserFilterInput {
    fn decode(self) -> Result<UserFilter> {
        let created = ((self.created_after, "filter.createdAfter"), (self.created_before, "filter.createdBefore"));
        let (created_after, created_before) = span(created.0, created.1, |Instant(at)| at)?;
        Ok(UserFilter {
            search: search(self.search, "filter.search")?,
            status: any_of(self.status, "filter.status")?,
            role: self.role_id.map(|id| RoleId::parse(&id, "filter.roleId")).transpose()?,
            permission: self.permission.map(known_permission).transpose()?,
            created_after,
            created_before,
        })
    }
}

fn known_permission(name: String) -> Result<String> {
    let known = name == "*"
        || Permission::ALL.iter().any(|one| one.name() == name || (one.is_ownable() && one.own_name() == name));
    if known { Ok(name) } else { Err(Error::bad_input("filter.permission", "There is no permission of this name.")) }
}

/// How a list of accounts is sorted.
#[derive(InputObject, Clone, Copy)]
pub struct UserOrder {
    /// By what.
    field: UserOrderField,
    /// Which way.
    direction: OrderDirection,
}

impl User {
    /// One page of the accounts that the viewer may see.
    ///
    /// # Errors
    /// `BAD_USER_INPUT`, and what the database answers.
    pub async fn page(
        ctx: &Context<'_>,
        args: PageArgs,
        filter: Option<Raw<UserFilterInput>>,
        order: Option<Raw<UserOrder>>,
    ) -> Result<Connection<Self>> {
        let filter = decode(filter, "filter")?.unwrap_or_default().decode()?;
        let order = decode(order, "orderBy")?
            .map_or((UserOrderField::CreatedAt, true), |by| (by.field, by.direction.is_descending()));
        Connection::load(ctx, List::root(filter), args, order).await
    }
}

/// One permission that exists, for building a role editor.
#[derive(SimpleObject)]
pub struct PermissionInfo {
    /// `resource:action`.
    name: &'static str,
    /// What it allows.
    description: &'static str,
    /// Whether the `:own` form exists too.
    ownable: bool,
}

/// The queries of this room.
#[derive(Default)]
pub struct IdentityQuery;

/// Asking for people, roles and permissions.
#[Object]
impl IdentityQuery {
    /// Who asks. Null without a session.
    async fn viewer(&self, ctx: &Context<'_>) -> Option<Result<Arc<User>>> {
        ctx.edge(ctx.viewer().user()?).await
    }

    /// One account. Null when there is none with this id, or when the viewer may not know it.
    #[graphql(directive = requires::apply(Permission::UserRead, true))]
    async fn user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The account.")] id: Raw<ID>,
    ) -> Option<Result<Option<Arc<User>>>> {
        let user = async { ctx.load(UserId::parse(&id.decode("id")?, "id")?).await };
        ctx.guarded(Requires::own(Permission::UserRead), user).await
    }

    /// All accounts, newest first. Null without the permission.
    #[graphql(directive = requires::apply(Permission::UserRead, false))]
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection")]
    async fn users(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many rows from the start, at most 100; 20 by default, 0 for the count alone.")]
        first: Option<Raw<i32>>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many rows from the end, at most 100.")] last: Option<Raw<i32>>,
        #[graphql(desc = "Only rows ahead of this cursor.")] before: Option<String>,
        #[graphql(desc = "Which rows. Default all.")] filter: Option<Raw<UserFilterInput>>,
        #[graphql(desc = "Default newest first.")] order_by: Option<Raw<UserOrder>>,
    ) -> Option<Result<Connection<User>>> {
        let page = User::page(ctx, PageArgs::new(first, after, last, before), filter, order_by);
        ctx.guarded(Requires::any(Permission::UserRead), page).await
    }

    /// One role. Null when there is none with this id.
    #[graphql(directive = requires::apply(Permission::RoleRead, false))]
    async fn role(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The role.")] id: Raw<ID>,
    ) -> Option<Result<Option<Arc<Role>>>> {
        let role = async { ctx.load(RoleId::parse(&id.decode("id")?, "id")?).await };
        ctx.guarded(Requires::any(Permission::RoleRead), role).await
    }

    /// All roles, by name. Null without the permission.
    #[graphql(directive = requires::apply(Permission::RoleRead, false))]
    async fn roles(&self, ctx: &Context<'_>) -> Option<Result<Arc<Vec<Arc<Role>>>>> {
        let roles = async { Ok(ctx.load(AllRoles).await?.unwrap_or_default()) };
        ctx.guarded(Requires::any(Permission::RoleRead), roles).await
    }

    /// The permissions that exist. Null without the permission.
    #[graphql(directive = requires::apply(Permission::RoleRead, false))]
    async fn permissions(&self, ctx: &Context<'_>) -> Option<Result<Vec<PermissionInfo>>> {
        let info = |permission: &Permission| PermissionInfo {
            name: permission.name(),
            description: permission.description(),
            ownable: permission.is_ownable(),
        };
        ctx.guarded(Requires::any(Permission::RoleRead), async { Ok(Permission::ALL.iter().map(info).collect()) }).await
    }
}
