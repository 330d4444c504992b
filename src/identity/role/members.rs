//! The list of those who hold a role, as clients see it: its edges tell since when.

use std::sync::Arc;

use async_graphql::registry::Registry;
use async_graphql::{Context, Object, OutputType, ServerResult, SimpleObject, Value};
use futures_util::future::{BoxFuture, FutureExt as _, try_join_all};

use super::member::Member;
use super::row::Role;
use crate::column;
use crate::db::row::Columns;
use crate::entity::{At, Declared, Kind, Step, failed};
use crate::error::{Error, Result};
use crate::id::UserId;
use crate::identity::user::User;
use crate::page::{Connection, List, Listed as _, One, Page, PageArguments, PageInfo, PageOf, Reads};
use crate::request::ContextExt as _;
use crate::scalar::Instant;

/// The field that has the list.
pub struct Members;

impl Kind<Role> for Members {
    fn declare(&self, registry: &mut Registry) -> Declared {
        let ty = RoleUserConnection::create_type_info(registry);
        Declared::with(ty, PageArguments::declare(registry))
    }

    fn plan(&'static self, _: &At<'_>) -> Option<Step<Role>> {
        None
    }

    fn resolve<'a>(&'a self, role: &'a Role, ctx: &'a Context<'a>) -> BoxFuture<'a, ServerResult<Value>> {
        async move {
            let page = load(ctx, role).await.map_err(|error| failed(ctx, error))?;
            page.resolve(&ctx.with_selection_set(&ctx.item.node.selection_set), ctx.item).await
        }
        .boxed()
    }
}

async fn load(ctx: &Context<'_>, role: &Role) -> Result<RoleUserConnection> {
    let page = Arc::new(Page::read(PageArguments::read(ctx), Member::newest(), true)?);
    let list = List { parent: Some((column!(user_roles.role_id), role.id.0)), filter: Arc::new(()) };
    let found = if page.size == 0 {
        Arc::default()
    } else {
        let key = PageOf { list: list.clone(), page: Arc::clone(&page), reads: Reads::ALL };
        ctx.load(key).await?.unwrap_or_default()
    };
    Ok(RoleUserConnection(Connection::new(list, page, &found)))
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

/// A page of those who hold a role.
#[Object]
impl RoleUserConnection {
    /// The people with their cursors.
    async fn edges(&self, ctx: &Context<'_>) -> Result<Vec<RoleUserEdge>> {
        let edge = |(member, cursor): (&Member, String)| {
            let assigned_at = member.created_at;
            let person = person(ctx, member.user_id);
            async move { Ok(RoleUserEdge { cursor, node: person.await?, assigned_at }) }
        };
        try_join_all(self.0.rows().zip(self.0.cursors()).map(edge)).await
    }

    /// The people alone.
    async fn nodes(&self, ctx: &Context<'_>) -> Result<Vec<Arc<User>>> {
        try_join_all(self.0.rows().map(|member| person(ctx, member.user_id))).await
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
    ctx.load(One::<User>::new(user, Columns::ALL)).await?.ok_or_else(|| Error::missing_row("a person"))
}
