//! What the database's constraints, and ids that lead nowhere, say to people.

use super::Stop;
use crate::db::failure;
use crate::error::Error;
use crate::outcome::{UserError, UserErrorCode};

/// What a constraint says to whoever ran into it: the names are the program's own, see `migrations/README.md`.
pub(super) fn outcome(error: Error) -> Stop {
    let known = failure::constraint(&error).and_then(|name| CONSTRAINTS.iter().find(|(known, ..)| *known == name));
    let Some((_, code, field, message)) = known else { return error.into() };
    let told = UserError::new(*code, *message);
    if field.is_empty() { told.into() } else { told.at(field).into() }
}

/// What the input names leads nowhere, as far as the viewer may know.
#[must_use]
pub fn missing(field: &str) -> UserError {
    UserError::new(UserErrorCode::NotFound, "There is nothing with this id.").at(field)
}

/// Constraints that input can run into: name, code, field (none: the whole input), message.
const CONSTRAINTS: &[(&str, UserErrorCode, &str, &str)] = &[
    ("users_email_unique", UserErrorCode::Taken, "email", "Somebody else has this address."),
    ("users_username_unique", UserErrorCode::Taken, "username", "Somebody else has this name."),
    ("roles_name_unique", UserErrorCode::Taken, "name", "Another role has this name."),
    ("roles_default_unique", UserErrorCode::Conflict, "isDefault", "Another role has become the default."),
    ("roles_at_most_100", UserErrorCode::LimitReached, "", "There are 100 roles, which is as many as there may be."),
    ("departments_slug_unique", UserErrorCode::Taken, "slug", "There is a department with this slug."),
    ("user_roles_role_id_fkey", UserErrorCode::InUse, "", "Somebody holds this role."),
];
