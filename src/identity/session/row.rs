//! Sessions: signed-in devices. The database holds the SHA-256 of a token, never the token.

use chrono::{DateTime, Utc};
use diesel::define_sql_function;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::db::client::Client as Database;
use crate::db::list::{Ending, Fragment, InScope};
use crate::db::schema::sessions;
use crate::db::statement::{Bind, Statement};
use crate::db::unit::TokenDigest;
use crate::error::Result;
use crate::id::{SessionId, UserId};
use crate::page::{Listed, Newest};
use crate::scalar::Instant;
use crate::viewer::{Client, Permission, Viewer};
use crate::{by_id, column, row};

row! {
    /// A signed-in device.
    Session of sessions {
        id: SessionId,
        user_id: UserId,
        ip_address: Option<String>,
        user_agent: Option<String>,
        created_at: Instant,
        last_activity: Instant,
        expires_at: Instant,
    }
}

by_id! { Session by SessionId in sessions }

define_sql_function! {
    /// Whether a session is alive, as its token is.
    #[sql_name = "app.is_live_session"]
    fn is_live(session: SqlUuid) -> Bool;
}

/// What the verification of a password needs.
pub struct Credentials {
    pub(in crate::identity) user: UserId,
    pub(in crate::identity) hash: String,
    pub(in crate::identity) status: String,
}

impl Session {
    /// The live sessions that `viewer` may see; always the one that asks.
    #[must_use]
    pub fn visible_to(viewer: &Viewer) -> sessions::BoxedQuery<'static, Pg> {
        let scope = InScope(column!(sessions.user_id), viewer.scope(Permission::SessionRead));
        let current = sessions::id.nullable().eq(viewer.session());
        sessions::table.into_boxed().filter(scope.nullable().and(is_live(sessions::id).nullable()).or(current))
    }

    /// The credentials behind an e-mail address or a username, if there are any.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn credentials(conn: &Database, login: &str) -> Result<Option<Credentials>> {
        let statement = Statement::<(SqlUuid, Text, Text)>::new(
            "SELECT user_id, password_hash, status FROM app.credentials(?)",
            vec![Bind::text(login)],
        );
        let row: Option<(Uuid, String, String)> = statement.get_result(&mut &*conn).await.optional()?;
        Ok(row.map(|(user, hash, status)| Credentials { user: UserId(user), hash, status }))
    }

    /// What the password of an account is verified against.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn password_of(conn: &Database, user: UserId) -> Result<Option<String>> {
        let statement = Statement::<Nullable<Text>>::new("SELECT app.password_of(?)", vec![Bind::Uuid(user.0)]);
        Ok(statement.get_result(&mut &*conn).await?)
    }

    /// Opens a session for a verified password. `None` when the password changed or the account was
    /// suspended since it was verified.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn open(
        conn: &Database,
        credentials: &Credentials,
        new_hash: Option<String>,
        token: &TokenDigest,
        client: &Client,
    ) -> Result<Option<SessionId>> {
        let id = SessionId::fresh();
        let statement = Statement::<Nullable<Timestamptz>>::new(
            "SELECT app.open_session(?, ?, ?, ?, ?, ?, ?)",
            vec![
                Bind::Uuid(credentials.user.0),
                Bind::text(&credentials.hash),
                Bind::Text(new_hash),
                Bind::Uuid(id.0),
                Bind::text(&token.0),
                Bind::Text(client.ip.map(|ip| ip.to_string())),
                Bind::Text(client.user_agent.clone()),
            ],
        );
        let expires_at: Option<DateTime<Utc>> = statement.get_result(&mut &*conn).await?;
        Ok(expires_at.map(|_| id))
    }

    /// Ends a live session that the viewer may end. Whether there was one.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn end(conn: &Database, id: SessionId) -> Result<bool> {
        let statement = Statement::<Bool>::new("SELECT app.end_session(?)", vec![Bind::Uuid(id.0)]);
        Ok(statement.get_result(&mut &*conn).await?)
    }

    /// Whose a session is, for those who may end anybody's.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn holder(conn: &Database, id: SessionId) -> Result<Option<UserId>> {
        let statement = Statement::<Nullable<SqlUuid>>::new("SELECT app.holder_of_session(?)", vec![Bind::Uuid(id.0)]);
        let holder: Option<Uuid> = statement.get_result(&mut &*conn).await?;
        Ok(holder.map(UserId))
    }

    /// Ends the session that asks: everybody may sign out.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn end_own(conn: &Database, id: SessionId) -> Result<bool> {
        Ok(diesel::delete(sessions::table.filter(sessions::id.eq(id))).execute(&mut &*conn).await? > 0)
    }

    /// Ends all sessions of a person whom the viewer suspends or whose account the viewer closes. How many were alive.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn end_all(conn: &Database, user: UserId) -> Result<i64> {
        let statement = Statement::<BigInt>::new("SELECT app.end_sessions_of(?)", vec![Bind::Uuid(user.0)]);
        Ok(statement.get_result(&mut &*conn).await?)
    }

    /// Deletes the sessions of everybody that have ended. How many there were.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn delete_ended(conn: &Database) -> Result<i64> {
        let statement = Statement::<BigInt>::new("SELECT app.delete_ended_sessions()", vec![]);
        Ok(statement.get_result(&mut &*conn).await?)
    }

    /// Ends all live sessions of the viewer but the one that asks. How many there were.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn end_others(conn: &Database) -> Result<i64> {
        let statement = Statement::<BigInt>::new("SELECT app.end_other_sessions()", vec![]);
        Ok(statement.get_result(&mut &*conn).await?)
    }
}

/// Sessions are sorted by when they began.
impl Listed for Session {
    type Order = Newest;
    type Filter = ();

    fn newest() -> Newest {
        Newest(column!(sessions.created_at))
    }

    fn query(viewer: &Viewer, (): &(), ending: Ending) -> Fragment {
        ending.finish(Self::visible_to(viewer))
    }
}
