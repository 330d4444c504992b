//! Sessions and password resets, as clients see them.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};

use crate::error::Result;
use crate::identity::password_reset::PasswordReset;
use crate::identity::session::Session;
use crate::identity::user::User;
use crate::request::Ask as _;
use crate::scalar::Instant;

/// A signed-in device. The token itself is shown once, by `login`.
#[Object]
impl Session {
    /// The session's id.
    pub async fn id(&self) -> ID {
        self.id.into()
    }

    /// The address that it signed in from. Null when unknown.
    async fn ip_address(&self) -> Option<&str> {
        self.ip_address.as_deref()
    }

    /// What the device calls itself. Null when it does not.
    async fn user_agent(&self) -> Option<&str> {
        self.user_agent.as_deref()
    }

    /// When it signed in.
    async fn created_at(&self) -> Instant {
        self.created_at.into()
    }

    /// When it was last seen, to within a minute.
    async fn last_activity(&self) -> Instant {
        self.last_activity.into()
    }

    /// When it ends at the latest.
    async fn expires_at(&self) -> Instant {
        self.expires_at.into()
    }

    /// Whether this is the session that asks.
    async fn is_current(&self, ctx: &Context<'_>) -> bool {
        ctx.viewer().session() == Some(self.id)
    }

    /// The account. Null for those who may not see it.
    async fn user(&self, ctx: &Context<'_>) -> Option<Result<Arc<User>>> {
        ctx.edge(self.user_id).await
    }
}

/// A request to set a new password.
#[Object]
impl PasswordReset {
    /// The request's id.
    pub async fn id(&self) -> ID {
        self.id.into()
    }

    /// The account. Null for those who may not see it.
    async fn user(&self, ctx: &Context<'_>) -> Option<Result<Arc<User>>> {
        ctx.edge(self.user_id).await
    }

    /// When it was asked for.
    async fn created_at(&self) -> Instant {
        self.created_at.into()
    }

    /// Until when it can be used.
    async fn expires_at(&self) -> Instant {
        self.expires_at.into()
    }

    /// Whether it was used.
    async fn used(&self) -> bool {
        self.used
    }
}
