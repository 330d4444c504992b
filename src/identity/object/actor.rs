//! The public face of a person, as clients see it.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};

use crate::error::Result;
use crate::identity::actor::{Actor, ActorKind};
use crate::identity::user::User;
use crate::request::Ask as _;

/// Who did something: the public face of a person, or the system. Customers see staff as their
/// display name at most, never an e-mail address; the actor of a suspension is "Support" to them.
#[Object]
impl Actor {
    /// The id of this face, not of the account.
    async fn id(&self) -> ID {
        ID(format!("act_{}", self.face()))
    }

    /// First and last name, else the username; of staff, to customers, the first name.
    async fn display_name(&self) -> &str {
        &self.display_name
    }

    /// Customer, staff or system.
    async fn kind(&self) -> ActorKind {
        self.kind
    }

    /// The account, for those who may see it, else null.
    async fn user(&self, ctx: &Context<'_>) -> Option<Result<Arc<User>>> {
        ctx.edge(self.user?).await
    }
}
