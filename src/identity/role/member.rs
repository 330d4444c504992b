//! Who holds a role, as rows of the role's list.

use diesel::prelude::*;

use crate::db::list::{Ending, Fragment};
use crate::db::schema::{user_roles, users};
use crate::id::{RoleId, UserId};
use crate::identity::user::User;
use crate::page::{Listed, Newest};
use crate::scalar::Instant;
use crate::viewer::{Permission, Scope, Viewer};
use crate::{column, row};

row! {
    /// A person who holds a role.
    Member of user_roles {
        user_id: UserId,
        role_id: RoleId,
        created_at: Instant,
    }
}

/// Members are sorted by when they got the role.
impl Listed for Member {
    type Order = Newest;
    type Filter = ();

    fn newest() -> Newest {
        Newest(column!(user_roles.created_at, ties: user_id))
    }

    fn query(viewer: &Viewer, (): &(), ending: Ending) -> Fragment {
        let mut query = user_roles::table.into_boxed();
        if viewer.scope(Permission::UserRead) != Scope::All {
            query = query.filter(user_roles::user_id.eq_any(User::visible_to(viewer).select(users::id)));
        }
        ending.finish(query)
    }
}
