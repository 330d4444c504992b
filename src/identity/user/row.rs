//! The account's row.

use diesel::pg::Pg;
use diesel::prelude::*;

use crate::db::list::InScope;
use crate::db::schema::users;
use crate::id::UserId;
use crate::scalar::Instant;
use crate::viewer::{Permission, Viewer};
use crate::{by_id, column, row, text_enum};

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
    }
}

by_id! { User by UserId in users }

impl User {
    /// The accounts that `viewer` may see: every find, list and loader starts here.
    #[must_use]
    pub fn visible_to(viewer: &Viewer) -> users::BoxedQuery<'static, Pg> {
        let own = InScope(column!(users.id), viewer.scope(Permission::UserRead));
        users::table.into_boxed().filter(own)
    }
}
