//! The account's row.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;

use crate::db::list::InScope;
use crate::db::schema::users;
use crate::id::UserId;
use crate::scalar::Instant;
use crate::viewer::{Permission, Viewer};
use crate::{by_id, column, record, row, text_enum};

text_enum! {
    /// Where an account is in its life.
    UserStatus {
        /// Registered; the e-mail address is not verified yet.
        Pending = "pending",
        /// In use.
        Active = "active",
        /// Suspended by staff: cannot sign in.
        Suspended = "suspended",
        /// Closed for good, or about to be.
        Closed = "closed",
    }
    usual {
        [Pending, Active],
        [Pending, Active, Suspended],
    }
}

row! {
    /// An account. The password's hash is not in it: no application role can read that column.
    User of users {
        id: UserId,
        revision: i32,
        email: String,
        username: String,
        first_name: Option<String>,
        last_name: Option<String>,
        email_verified: bool,
        status: UserStatus,
        created_at: Instant,
        updated_at: Instant,
        last_login: Option<Instant>,
        virtfusion_id: Option<String>,
        suspension_reason: Option<String>,
        server_limit: Option<i32>,
        suspended_from: Option<UserStatus>,
        closed_from: Option<UserStatus>,
        closed_at: Option<Instant>,
    }
}

by_id! { User by UserId in users }

record! {
    User as UserId in users {
        given id, created_at, updated_at;
        email, username, first_name, last_name, email_verified, status, virtfusion_id, server_limit, suspension_reason,
        suspended_from, closed_from, closed_at
    }
}

impl User {
    /// A new account, by its e-mail address and username and the person's first and last name.
    pub(super) fn new(
        id: UserId,
        (email, username): (String, String),
        (first_name, last_name): (Option<String>, Option<String>),
        status: UserStatus,
        now: DateTime<Utc>,
    ) -> Self {
        let (created_at, updated_at) = (now.into(), now.into());
        Self { id, email, username, first_name, last_name, status, created_at, updated_at, ..Self::default() }
    }

    /// The accounts that `viewer` may see: every find, list and loader starts here.
    #[must_use]
    pub fn visible_to(viewer: &Viewer) -> users::BoxedQuery<'static, Pg> {
        let own = InScope(column!(users.id), viewer.scope(Permission::UserRead));
        users::table.into_boxed().filter(own)
    }
}
