//! Roles and who holds them, as clients see them.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_graphql::{Context, ID, Object, SimpleObject};

use crate::db::list::Column;
use crate::error::{Error, Result};
use crate::id::{RoleId, UserId};
use crate::identity::role::{ByAssignment, Member, Role};
use crate::identity::user::User;
use crate::page::{Connection, List, PageArgs, PageInfo};
use crate::request::Ask as _;
use crate::requires::requires;
use crate::scalar::{Instant, Raw};
use crate::viewer::{Permission, Requires};

/// A named set of permissions. Names are `resource:action` (any row), `resource:action:own` (own rows) or `*`.
#[Object]
impl Role {
    /// The role's id.
    pub async fn id(&self) -> ID {
        self.id.into()
    }

    /// Counts the changes of the row; give it back as `expectedRevision`.
    async fn revision(&self) -> i32 {
        self.revision
    }

    /// What the role is called.
    async fn name(&self) -> &str {
        &self.name
    }

    /// What it is for. Null when nobody said.
    async fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// Given to every new account. Exactly one role is the default.
    async fn is_default(&self) -> bool {
        self.is_default
    }

    /// The names that it grants, sorted.
    #[graphql(name = "permissions")]
    async fn graphql_permissions(&self) -> BTreeSet<String> {
        self.permissions()
    }

    /// When the role was made.
    async fn created_at(&self) -> Instant {
        self.created_at.into()
    }

    /// When the role last changed.
    async fn updated_at(&self) -> Instant {
        self.updated_at.into()
    }

    /// Who holds it, the latest first. Null without the permission.
    #[graphql(directive = requires::apply(Permission::UserRead, false))]
    async fn users(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many rows from the start, at most 100; 20 by default, 0 for the count alone.")]
        first: Option<Raw<i32>>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many rows from the end, at most 100.")] last: Option<Raw<i32>>,
        #[graphql(desc = "Only rows ahead of this cursor.")] before: Option<String>,
    ) -> Option<Result<RoleUserConnection>> {
        let args = PageArgs::new(first, after, last, before);
        ctx.guarded(Requires::any(Permission::UserRead), RoleUserConnection::load(ctx, self.id, args)).await
    }
}

/// A role that somebody holds.
#[derive(SimpleObject)]
pub struct RoleAssignment {
    /// The role.
    pub(super) role: Arc<Role>,
    /// When it was given.
    pub(super) assigned_at: Instant,
}

/// Who holds a role.
pub struct RoleUserConnection(Connection<Member>);

/// Somebody who holds a role, and their place in the list.
#[derive(SimpleObject)]
struct RoleUserEdge {
    /// Where the row lies: give it back as `after` or `before`.
    cursor: String,
    /// The person.
    node: Arc<User>,
    /// When the person got the role.
    assigned_at: Instant,
}

impl RoleUserConnection {
    async fn load(ctx: &Context<'_>, role: RoleId, args: PageArgs) -> Result<Self> {
        let list = List::of(Column::new("user_roles", "role_id"), role, ());
        Ok(Self(Connection::load(ctx, list, args, (ByAssignment, true)).await?))
    }
}

/// A page of those who hold a role.
#[Object]
impl RoleUserConnection {
    /// The people with their cursors.
    async fn edges(&self, ctx: &Context<'_>) -> Result<Vec<RoleUserEdge>> {
        let edge = |member: Arc<Member>| async move {
            let node = person(ctx, member.user_id).await?;
            Ok(RoleUserEdge { cursor: self.0.cursor(&member), node, assigned_at: member.created_at.into() })
        };
        futures_util::future::try_join_all(self.0.rows().iter().cloned().map(edge)).await
    }

    /// The people alone.
    async fn nodes(&self, ctx: &Context<'_>) -> Result<Vec<Arc<User>>> {
        futures_util::future::try_join_all(self.0.rows().iter().map(|member| person(ctx, member.user_id))).await
    }

    /// Where the page lies in its list.
    async fn page_info(&self) -> PageInfo {
        self.0.page_info()
    }

    /// How many people hold it. Exact up to 10 000; 10 001 means more. Counted only when selected.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<i32> {
        self.0.total_count(ctx).await
    }
}

/// The list holds visible people only, and the snapshot does not change under it.
async fn person(ctx: &Context<'_>, user: UserId) -> Result<Arc<User>> {
    ctx.load(user).await?.ok_or_else(|| Error::missing_row("a person"))
}
