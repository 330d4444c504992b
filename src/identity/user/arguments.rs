//! What a client can narrow and sort accounts by, and change of one.

use async_graphql::{ID, InputObject, MaybeUndefined};

use super::list::{UserFilter, UserOrderField};
use super::row::UserStatus;
use crate::error::{Error, Result};
use crate::id::RoleId;
use crate::page::{FilterInput, Filtered, order};
use crate::requires::requires;
use crate::scalar::{Instant, Undecoded, any_of, search, span};
use crate::viewer::{Permission, Viewer};

/// The arguments of a list of accounts.
pub type UserArguments = Filtered<UserFilterInput, UserOrder>;

/// What narrows a list of accounts. All conditions have to hold; null is none.
#[derive(InputObject, Default)]
#[graphql(name = "UserFilter")]
pub struct UserFilterInput {
    /// Matches the start of e-mail or username, case-insensitive. Blanks at the edges do not count; blank is no condition.
    search: Option<String>,
    /// Any of these.
    status: Option<Vec<UserStatus>>,
    /// Holders of this role.
    role_id: Option<ID>,
    /// Holders of this permission, by name; `x` counts as `x:own`, `*` as all.
    permission: Option<String>,
    /// Made at this instant or later.
    created_after: Option<Undecoded<Instant>>,
    /// Made before this instant.
    created_before: Option<Undecoded<Instant>>,
}

impl FilterInput for UserFilterInput {
    type Filter = UserFilter;
    const ABOUT: &'static str = "Which rows. Default all.";

    fn decode(self, _: &Viewer) -> Result<UserFilter> {
        let created = ((self.created_after, "filter.createdAfter"), (self.created_before, "filter.createdBefore"));
        let (created_after, created_before) = span(created.0, created.1)?;
        Ok(UserFilter {
            search: search(self.search, "filter.search")?,
            status: any_of(self.status, "filter.status")?,
            role: self.role_id.map(|id| RoleId::parse(&id, "filter.roleId")).transpose()?,
            permission: self.permission.map(known_permission).transpose()?,
            created_after,
            created_before,
        })
    }
}

fn known_permission(name: String) -> Result<String> {
    if Permission::is_known(&name) {
        Ok(name)
    } else {
        Err(Error::bad_input("filter.permission", "There is no permission of this name."))
    }
}

order! {
    /// How a list of accounts is sorted.
    UserOrder by UserOrderField
}

/// What of an account changes. Fields left out stay as they are.
#[derive(InputObject, Clone)]
pub struct UpdateUserInput {
    /// The account.
    pub(super) id: ID,
    /// A new address has to be verified again.
    pub(super) email: Option<String>,
    /// 3 to 32 of `a-z`, `0-9`, `_` and `-`.
    pub(super) username: Option<String>,
    /// At most 100 characters; null: none.
    pub(super) first_name: MaybeUndefined<String>,
    /// At most 100 characters; null: none.
    pub(super) last_name: MaybeUndefined<String>,
    /// The id of this person in VirtFusion; null: none.
    #[graphql(directive = requires::apply(Permission::UserUpdate, false))]
    pub(super) virtfusion_id: MaybeUndefined<String>,
    /// How many live servers the person may have; null: as many as they like.
    #[graphql(directive = requires::apply(Permission::UserUpdate, false))]
    pub(super) server_limit: MaybeUndefined<i32>,
    /// The `revision` that the form was filled from; answers CONFLICT when the row has moved on.
    pub(super) expected_revision: Option<i32>,
}
