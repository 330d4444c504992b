//! Signing in and out.

use std::sync::Arc;

use async_graphql::{ComplexObject, Context, ID, InputObject, Object, SimpleObject};
use secrecy::SecretString;

use super::password::{Passwords, Verdict};
use super::session::Session;
use super::token::Token;
use super::user::User;
use crate::db::row::Columns;
use crate::error::{Error, Result};
use crate::id::{SessionId, UserId};
use crate::outcome::{UserError, UserErrorCode};
use crate::page::One;
use crate::request::ContextExt as _;
use crate::requires::requires;
use crate::scalar::Undecoded;
use crate::shares::Neighbour;
use crate::viewer::{Permission, Requires};

/// Who signs in.
#[derive(InputObject)]
pub struct LoginInput {
    /// E-mail or username.
    login: String,
    /// The password.
    #[graphql(secret)]
    password: String,
}

/// The outcome of a sign-in.
#[derive(SimpleObject, Default)]
#[graphql(complex)]
pub struct LoginPayload {
    /// Set instead of `token` when a second factor has to follow (not before that feature exists).
    second_factor_token: Option<String>,
    /// Shown this once. Send it as `Authorization: Bearer`. Null when the sign-in failed.
    token: Option<String>,
    /// Why the sign-in failed. Empty when it did not.
    user_errors: Vec<UserError>,
    #[graphql(skip)]
    opened: Option<(SessionId, UserId)>,
}

/// Edges, not values: whatever fails in them, the token is told.
#[ComplexObject]
impl LoginPayload {
    /// The session that was opened. Null when the sign-in failed.
    async fn session(&self, ctx: &Context<'_>) -> Option<Result<Arc<Session>>> {
        ctx.load(One::new(self.opened?.0, Columns::ALL)).await.transpose()
    }

    /// Who signed in. Null when the sign-in failed, and for those who may not see their own account.
    async fn user(&self, ctx: &Context<'_>) -> Option<Result<Arc<User>>> {
        ctx.load(One::new(self.opened?.1, Columns::ALL)).await.transpose()
    }
}

/// The outcome of a sign-out.
#[derive(SimpleObject)]
pub struct LogoutPayload {
    /// Whether the session has ended.
    logged_out: bool,
    /// Always empty so far.
    user_errors: Vec<UserError>,
}

/// Which session to end.
#[derive(InputObject)]
pub struct RevokeSessionInput {
    /// The session.
    id: ID,
}

/// The outcome of ending a session.
#[derive(SimpleObject)]
pub struct RevokeSessionPayload {
    /// The session that has ended.
    session_id: Option<ID>,
    /// Always empty so far.
    user_errors: Vec<UserError>,
}

/// The outcome of ending all other sessions.
#[derive(SimpleObject)]
pub struct RevokeOtherSessionsPayload {
    /// How many sessions have ended.
    revoked_count: i32,
    /// Always empty so far.
    user_errors: Vec<UserError>,
}

/// The mutations of this room.
#[derive(Default)]
pub struct IdentityMutation;

/// Signing in and out.
#[Object]
impl IdentityMutation {
    /// Signs in with an e-mail address or a username, and a password. The rest of the payload is what
    /// the new session sees.
    async fn login(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who signs in.")] input: Undecoded<LoginInput>,
    ) -> Option<Result<LoginPayload>> {
        Some(login(ctx, input).await)
    }

    /// Ends the session that asks.
    async fn logout(&self, ctx: &Context<'_>) -> Option<Result<LogoutPayload>> {
        Some(logout(ctx).await)
    }

    /// Ends a session: one's own, or anybody's for holders of `session:revoke`.
    #[graphql(directive = requires::apply(Permission::SessionRevoke, true))]
    async fn revoke_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which session to end.")] input: Undecoded<RevokeSessionInput>,
    ) -> Option<Result<RevokeSessionPayload>> {
        ctx.guarded(Requires::own(Permission::SessionRevoke), revoke_session(ctx, input)).await
    }

    /// Ends every session of the viewer but the one that asks.
    #[graphql(directive = requires::apply(Permission::SessionRevoke, true))]
    async fn revoke_other_sessions(&self, ctx: &Context<'_>) -> Option<Result<RevokeOtherSessionsPayload>> {
        ctx.guarded(Requires::own(Permission::SessionRevoke), revoke_other_sessions(ctx)).await
    }
}

/// Three steps: read the credentials and give the connection back, verify, open the session in a unit
/// of its own. A password that changes in between makes the last step fail.
async fn login(ctx: &Context<'_>, input: Undecoded<LoginInput>) -> Result<LoginPayload> {
    let input = input.decode("input")?;
    let request = ctx.request();
    let passwords: &Passwords = ctx.data_unchecked();
    let unit = request.work.program().await?;
    let name = input.login.trim();
    // Longer than any e-mail address or username, or with a character that no text column holds.
    let possible = name.len() <= 1024 && !name.contains('\0');
    let credentials = if possible { Session::credentials(unit.conn(), name).await? } else { None };
    unit.close().await?;
    // Suspended and closed people are strangers, who learn nothing: neither by a word nor by how long it takes.
    let credentials = credentials.filter(|found| matches!(found.status.as_str(), "pending" | "active"));

    let stored = credentials.as_ref().map(|credentials| credentials.hash.clone());
    let account = Neighbour::Account(name.chars().take(100).flat_map(char::to_lowercase).collect());
    let address = request.client.ip.map_or(Neighbour::Nobody, Neighbour::at);
    let passwords = passwords.of(Arc::new([address, account]));
    let new_hash = match passwords.verify(stored, SecretString::from(input.password)).await? {
        Verdict::Wrong => return Ok(wrong_credentials()),
        Verdict::Right => None,
        Verdict::Rehashed(hash) => Some(hash),
    };
    let Some(credentials) = credentials else { return Ok(wrong_credentials()) };

    let token = Token::fresh().map_err(|cause| Error::internal(std::io::Error::other(cause.to_string())))?;
    let unit = request.write().await?;
    let opened = Session::open(unit.conn(), &credentials, new_hash, &token.digest(), &request.client).await?;
    // Whoever signs in again on a device leaves no session behind there.
    if let Some(former) = unit.viewer().session().filter(|_| opened.is_some()) {
        Session::end_own(unit.conn(), former).await?;
    }
    unit.commit().await?;
    let Some(session) = opened else { return Ok(wrong_credentials()) };
    request.work.become_session(Some(token.digest().into())).await;
    let opened = Some((session, credentials.user));
    Ok(LoginPayload { token: Some(token.reveal().to_owned()), opened, ..LoginPayload::default() })
}

fn wrong_credentials() -> LoginPayload {
    let message = "The name or the password is wrong, or this account may not sign in.";
    let user_errors = vec![UserError::new(UserErrorCode::WrongCredentials, message)];
    LoginPayload { user_errors, ..LoginPayload::default() }
}

async fn logout(ctx: &Context<'_>) -> Result<LogoutPayload> {
    let session = ctx.viewer().session().ok_or_else(Error::unauthenticated)?;
    let unit = ctx.request().write().await?;
    let logged_out = Session::end_own(unit.conn(), session).await?;
    unit.commit().await?;
    ctx.request().work.become_session(None).await;
    Ok(LogoutPayload { logged_out, user_errors: Vec::new() })
}

async fn revoke_session(ctx: &Context<'_>, input: Undecoded<RevokeSessionInput>) -> Result<RevokeSessionPayload> {
    let input = input.decode("input")?;
    let id = SessionId::parse(&input.id, "input.id")?;
    let unit = ctx.request().write().await?;
    let ended = Session::end(unit.conn(), id).await?;
    unit.commit().await?;
    if !ended {
        return Err(Error::not_found());
    }
    if ctx.viewer().session() == Some(id) {
        ctx.request().work.become_session(None).await;
    }
    Ok(RevokeSessionPayload { session_id: Some(input.id), user_errors: Vec::new() })
}

async fn revoke_other_sessions(ctx: &Context<'_>) -> Result<RevokeOtherSessionsPayload> {
    let unit = ctx.request().write().await?;
    let ended = Session::end_others(unit.conn()).await?;
    unit.commit().await?;
    Ok(RevokeOtherSessionsPayload { revoked_count: i32::try_from(ended).unwrap_or(i32::MAX), user_errors: Vec::new() })
}
