//! Signing in and out.

use std::sync::Arc;

use async_graphql::InputObject;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::password::{Passwords, Verdict};
use super::session::{Credentials, Session};
use super::token::Token;
use crate::command::{Becomes, Before, Command, Done, Effect, EffectKind, Payload, Prepare, Write};
use crate::entity::{edge, method};
use crate::error::Error;
use crate::id::{SessionId, UserId};
use crate::outcome::{UserError, UserErrorCode};
use crate::shares::Neighbour;
use crate::viewer::Client;
use crate::{answer, entity};

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
#[derive(Default, Serialize, Deserialize)]
pub struct LoginPayload {
    #[serde(skip)]
    second_factor_token: Option<String>,
    #[serde(skip)]
    token: Option<String>,
    session: Option<SessionId>,
    user: Option<UserId>,
    #[serde(skip)]
    user_errors: Vec<UserError>,
}

entity! {
    /// The outcome of a sign-in.
    LoginPayload {
        /// Set instead of `token` when a second factor has to follow (not before that feature exists).
        second_factor_token;
        /// Shown this once. Send it as `Authorization: Bearer`. Null when the sign-in failed.
        token;
        /// The session that was opened. Null when the sign-in failed.
        session = edge[session];
        /// Who signed in. Null when the sign-in failed, and for those who may not see their own account.
        user = edge[user];
        /// Why the sign-in failed. Empty when it did not.
        user_errors = method[user_errors => user_errors.clone()];
    }
}

impl Payload for LoginPayload {
    fn refused(error: UserError) -> Self {
        Self { user_errors: vec![error], ..Self::default() }
    }
}

/// A sign-in whose password was right.
#[derive(Clone)]
pub struct SignIn {
    credentials: Arc<Credentials>,
    /// The password's new hash, when the old one is of an old cost or pepper.
    new_hash: Option<String>,
    client: Client,
}

/// The credentials are read in a unit of their own, which ends before the password is verified.
impl Prepare for LoginInput {
    type Ready = SignIn;

    async fn prepare(self, before: Before<'_>) -> Done<SignIn> {
        let request = before.request();
        let name = self.login.trim();
        let unit = request.work.program().await?;
        // Longer than any e-mail address or username, or with a character that no text column holds.
        let possible = name.len() <= 1024 && !name.contains('\0');
        let credentials = if possible { Session::credentials(unit.conn(), name).await? } else { None };
        unit.close().await?;
        // Suspended and closed people are strangers, who learn nothing: neither by a word nor by how long it takes.
        let credentials = credentials.filter(|found| matches!(found.status.as_str(), "pending" | "active"));

        let stored = credentials.as_ref().map(|credentials| credentials.hash.clone());
        let account = Neighbour::Account(name.chars().take(100).flat_map(char::to_lowercase).collect());
        let address = request.client.ip.map_or(Neighbour::Nobody, Neighbour::at);
        let passwords = before.data::<Passwords>().of(Arc::new([address, account]));
        let new_hash = match passwords.verify(stored, SecretString::from(self.password)).await? {
            Verdict::Wrong => return Err(wrong_credentials().into()),
            Verdict::Right => None,
            Verdict::Rehashed(hash) => Some(hash),
        };
        let credentials = credentials.ok_or_else(wrong_credentials)?;
        Ok(SignIn { credentials: Arc::new(credentials), new_hash, client: request.client.clone() })
    }
}

impl Command for SignIn {
    const NAME: &'static str = "login";
    const EFFECT: Effect = Effect::of(EffectKind::Session).undone_by("logout");
    const ONCE: bool = true;
    const WAY_IN: bool = true;
    const DRY_RUN: bool = false;
    type Payload = LoginPayload;

    /// A password that changed since it was verified opens nothing.
    async fn run(self, write: &mut Write) -> Done<LoginPayload> {
        let token = Token::fresh().map_err(|cause| Error::internal(std::io::Error::other(cause.to_string())))?;
        let digest = token.digest();
        let opened = Session::open(write.conn(), &self.credentials, self.new_hash, &digest, &self.client).await?;
        let session = opened.ok_or_else(wrong_credentials)?;
        // Whoever signs in again on a device leaves no session behind there.
        if let Some(former) = write.viewer().session() {
            Session::end_own(write.conn(), former).await?;
        }
        write.becomes(Becomes::Session(digest.into()));
        Ok(LoginPayload {
            token: Some(token.reveal().to_owned()),
            session: Some(session),
            user: Some(self.credentials.user),
            ..LoginPayload::default()
        })
    }
}

fn wrong_credentials() -> UserError {
    let message = "The name or the password is wrong, or this account may not sign in.";
    UserError::new(UserErrorCode::WrongCredentials, message)
}

/// Ends the session that asks: everybody may.
#[derive(Clone, Default)]
pub struct Logout;

answer! {
    /// The outcome of a sign-out.
    LogoutPayload {
        /// Whether the session has ended.
        logged_out: bool,
    }
}

impl Command for Logout {
    const NAME: &'static str = "logout";
    const EFFECT: Effect = Effect::of(EffectKind::Session).undone_by("login");
    const DRY_RUN: bool = false;
    type Payload = LogoutPayload;

    async fn run(self, write: &mut Write) -> Done<LogoutPayload> {
        let session = write.viewer().session().ok_or_else(Error::unauthenticated)?;
        let logged_out = Session::end_own(write.conn(), session).await?;
        write.becomes(Becomes::Guest);
        Ok(LogoutPayload { logged_out, ..LogoutPayload::default() })
    }
}
