//! Anything by its id.

use std::sync::Arc;

use async_graphql::context::ContextBase;
use async_graphql::parser::types::Field;
use async_graphql::{Context, ContextSelectionSet, ID, Interface, Object, OutputType, Positioned, ServerResult, Value};
use futures_util::future::BoxFuture;
use futures_util::future::try_join_all;
use uuid::Uuid;

use crate::billing::{Invoice, InvoiceItem, Transaction};
use crate::db::row::Columns;
use crate::error::{Error, Result};
use crate::id::{
    CannedReplyId, DepartmentId, InvoiceId, InvoiceItemId, JobRunId, MailId, MessageId, PackageId, PasswordResetId,
    RoleId, ServerActionId, ServerId, SessionId, TicketId, TransactionId, UserId, split,
};
use crate::identity::{PasswordReset, Role, Session, User};
use crate::operations::{JobRun, Mail};
use crate::outcome::Finder;
use crate::page::{ById, One};
use crate::request::ContextExt as _;
use crate::scalar::Undecoded;
use crate::servers::{Server, ServerAction, ServerPackage};
use crate::support::{CannedReply, Department, Ticket, TicketMessage};

/// Anything that can be fetched again by its `id`. An id is opaque: a type prefix and the row's UUID, `srv_0190c6f07c4e7b1e9d586d1f5d0e2a11`.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "What it is fetched by."))]
pub enum Node {
    User(Arc<User>),
    Role(Arc<Role>),
    Session(Arc<Session>),
    PasswordReset(Arc<PasswordReset>),
    Server(Arc<Server>),
    ServerAction(Arc<ServerAction>),
    ServerPackage(Arc<ServerPackage>),
    Invoice(Arc<Invoice>),
    InvoiceItem(Arc<InvoiceItem>),
    Transaction(Arc<Transaction>),
    Ticket(Arc<Ticket>),
    TicketMessage(Arc<TicketMessage>),
    Department(Arc<Department>),
    CannedReply(Arc<CannedReply>),
    JobRun(Arc<JobRun>),
    Mail(Arc<Mail>),
}

/// What lets the words below the rooms lead to any of their types.
pub(super) fn finder() -> Finder {
    fn find_anything<'a>(
        id: &'a ID,
        ctx: &'a ContextSelectionSet<'a>,
        field: &'a Positioned<Field>,
    ) -> BoxFuture<'a, ServerResult<Value>> {
        Box::pin(async move {
            match find(ctx, id, "id").await {
                Ok(Some(node)) => node.resolve(ctx, field).await,
                Ok(None) => Ok(Value::Null),
                Err(error) => {
                    Err(async_graphql::Error::from(error.in_field(ctx.path_node.as_ref())).into_server_error(field.pos))
                }
            }
        })
    }
    Finder(find_anything)
}

/// The most ids at once.
const MAX_IDS: usize = 100;

/// The queries by id.
#[derive(Default)]
pub struct NodeQuery;

/// Asking for anything by its id.
#[Object]
impl NodeQuery {
    /// Any entity by id. Null for an unknown id and for one that the viewer may not know, alike.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The entity.")] id: Undecoded<ID>,
    ) -> Option<Result<Option<Node>>> {
        Some(async { find(ctx, &id.decode("id")?, "id").await }.await)
    }

    /// In the order of `ids`, at most 100. Null in a place whose id is unknown or not to be known.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The entities.")] ids: Undecoded<Vec<ID>>,
    ) -> Result<Vec<Option<Node>>> {
        let ids = ids.decode("ids")?;
        if ids.len() > MAX_IDS {
            return Err(Error::bad_input("ids", format!("At most {MAX_IDS} ids.")));
        }
        try_join_all(ids.iter().map(|id| find(ctx, id, "ids"))).await
    }
}

/// A well-formed id of a type that is no entity is unknown like any other.
async fn find<T: Sync>(ctx: &ContextBase<'_, T>, id: &ID, field: &str) -> Result<Option<Node>> {
    let Some((prefix, uuid)) = split(id) else {
        return Err(Error::bad_input(
            field,
            "This is not an id: it is a prefix of three letters, `_`, and 32 hex digits.",
        ));
    };
    // Guests see packages alone, and the database would refuse to be asked for more.
    if ctx.viewer().signed_in.is_none() && prefix != PackageId::PREFIX {
        return Ok(None);
    }
    match prefix {
        UserId::PREFIX => load(ctx, uuid, Node::User).await,
        RoleId::PREFIX => load(ctx, uuid, Node::Role).await,
        SessionId::PREFIX => load(ctx, uuid, Node::Session).await,
        PasswordResetId::PREFIX => load(ctx, uuid, Node::PasswordReset).await,
        ServerId::PREFIX => load(ctx, uuid, Node::Server).await,
        ServerActionId::PREFIX => load(ctx, uuid, Node::ServerAction).await,
        PackageId::PREFIX => load(ctx, uuid, Node::ServerPackage).await,
        InvoiceId::PREFIX => load(ctx, uuid, Node::Invoice).await,
        InvoiceItemId::PREFIX => load(ctx, uuid, Node::InvoiceItem).await,
        TransactionId::PREFIX => load(ctx, uuid, Node::Transaction).await,
        TicketId::PREFIX => load(ctx, uuid, Node::Ticket).await,
        MessageId::PREFIX => load(ctx, uuid, Node::TicketMessage).await,
        DepartmentId::PREFIX => load(ctx, uuid, Node::Department).await,
        CannedReplyId::PREFIX => load(ctx, uuid, Node::CannedReply).await,
        JobRunId::PREFIX => load(ctx, uuid, Node::JobRun).await,
        MailId::PREFIX => load(ctx, uuid, Node::Mail).await,
        _ => Ok(None),
    }
}

async fn load<R: ById, T: Sync>(ctx: &ContextBase<'_, T>, id: Uuid, node: fn(Arc<R>) -> Node) -> Result<Option<Node>> {
    Ok(ctx.load(One::new(id, Columns::ALL)).await?.map(node))
}
