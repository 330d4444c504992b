//! What a client can narrow and sort accounts by.

use async_graphql::{ID, InputObject};

use super::list::{UserFilter, UserOrderField};
use super::row::UserStatus;
use crate::error::{Error, Result};
use crate::id::RoleId;
use crate::page::{FilterInput, Filtered, order};
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
    let known = name == "*"
        || Permission::ALL.iter().any(|one| one.name() == name || (one.is_ownable() && one.own_name() == name));
    if known { Ok(name) } else { Err(Error::bad_input("filter.permission", "There is no permission of this name.")) }
}

order! {
    /// How a list of accounts is sorted.
    UserOrder by UserOrderField
}
