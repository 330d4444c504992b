//! Requests to set a new password, for those who may reset credentials.

use diesel::pg::Pg;
use diesel::prelude::*;

use crate::db::list::{Ending, Fragment, InScope};
use crate::db::schema::password_reset_tokens;
use crate::id::{PasswordResetId, UserId};
use crate::page::{Listed, Newest};
use crate::scalar::Instant;
use crate::viewer::{Permission, Scope, Viewer};
use crate::{by_id, column, row};

row! {
    /// A request to set a new password. Its token is not in it.
    PasswordReset of password_reset_tokens {
        id: PasswordResetId,
        user_id: UserId,
        created_at: Instant,
        expires_at: Instant,
        used: bool,
    }
}

by_id! { PasswordReset by PasswordResetId in password_reset_tokens }

impl PasswordReset {
    /// The requests that `viewer` may see.
    #[must_use]
    pub fn visible_to(viewer: &Viewer) -> password_reset_tokens::BoxedQuery<'static, Pg> {
        let scope = if viewer.can(Permission::UserResetCredentials) { Scope::All } else { Scope::Nothing };
        password_reset_tokens::table.into_boxed().filter(InScope(column!(password_reset_tokens.user_id), scope))
    }
}

impl Listed for PasswordReset {
    type Order = Newest;
    type Filter = ();

    fn newest() -> Newest {
        Newest(column!(password_reset_tokens.created_at))
    }

    fn query(viewer: &Viewer, (): &(), ending: Ending) -> Fragment {
        ending.finish(Self::visible_to(viewer))
    }
}
