//! Who asks: the first statement of every unit.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{RunQueryDsl as _, SimpleAsyncConnection as _};
use uuid::Uuid;

use super::Access;
use crate::db::client::Client;
use crate::db::statement::{Bind, Statement};
use crate::error::Result;
use crate::id::{SessionId, UserId};
use crate::viewer::{SignedIn, Viewer};

/// The SHA-256 of a session token in lower-case hex: all that the database knows of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TokenDigest(pub String);

/// What a request is known by.
#[derive(Debug, Clone)]
pub struct Presented {
    /// The token's digest.
    pub token: TokenDigest,
    /// When its session was last used, as far as the program knows and may not have written yet.
    pub used: Option<DateTime<Utc>>,
    /// Whether it counts as none when its session has ended.
    pub may_be_dead: bool,
}

impl From<TokenDigest> for Presented {
    fn from(token: TokenDigest) -> Self {
        Self { token, used: None, may_be_dead: false }
    }
}

/// What the authentication answers: session, person, kind, permissions, when the session was last noted
/// as active, the time of the database, the role that was taken.
type Authenticated = (Option<Uuid>, Option<Uuid>, String, Vec<String>, Option<DateTime<Utc>>, DateTime<Utc>, String);
type AuthenticatedSql =
    (Nullable<SqlUuid>, Nullable<SqlUuid>, Text, Array<Text>, Nullable<Timestamptz>, Timestamptz, Text);

/// What the database said of who asks.
#[derive(Clone)]
pub struct Seen {
    /// Who it is.
    pub viewer: Arc<Viewer>,
    /// When the session was last noted as active, and what time it is now, by the clock of the database, which also
    /// judges the idle limit.
    pub idle_since: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

/// Authenticates behind a first statement, such as the one that opens the transaction: the two leave together.
pub(super) async fn authenticate(
    conn: &Client,
    behind: &str,
    access: Access,
    presented: Option<&Presented>,
) -> Result<Seen> {
    let (mut first, mut second) = (conn, conn);
    let text = match access {
        Access::Read => {
            "SELECT a.session_id, a.user_id, a.kind, a.permissions, a.last_activity, now(), \
             set_config('role', app.role_of_viewer(), true) FROM app.authenticate(?, ?) a"
        }
        // One role for all that a writing unit does; its policies look at the same viewer.
        Access::Write => {
            "SELECT a.session_id, a.user_id, a.kind, a.permissions, a.last_activity, now(), \
             set_config('role', 'app_writer', true) FROM app.authenticate(?, ?) a"
        }
    };
    let statement = Statement::<AuthenticatedSql>::new(
        text,
        vec![
            Bind::Text(presented.map(|presented| presented.token.0.clone())),
            Bind::Instant(presented.and_then(|presented| presented.used)),
        ],
    );
    let (begun, row) =
        futures_util::join!(first.batch_execute(behind), statement.get_result::<Authenticated>(&mut second));
    begun?;
    let (session, user, kind, permissions, last_activity, now, _) = row?;
    let signed_in = user.zip(session).map(|(user, session)| SignedIn {
        user: UserId(user),
        session: SessionId(session),
        is_staff: kind == "staff",
    });
    let viewer = Arc::new(Viewer { signed_in, permissions: permissions.into_iter().collect() });
    Ok(Seen { viewer, idle_since: last_activity.map(|last_activity| (last_activity, now)) })
}
