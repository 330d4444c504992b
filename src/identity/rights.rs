//! Over people and roles, one rule: whoever changes somebody, or a role, holds every permission on rows of others that
//! the somebody or the role has, or whoever may edit an address could take over an administrator. And what is given is
//! held by the giver, to the letter.
//!
//! Rights are looked at under a lock that holds them still until the end of the transaction. It is the first lock that
//! such a change takes, so that two of them never wait for each other.

use diesel::sql_types::{Array, Bool, Text};
use diesel_async::RunQueryDsl as _;

use super::user::User;
use crate::command::{Command, Done, Write};
use crate::db::statement::{Bind, Statement};
use crate::error::Result;
use crate::id::UserId;
use crate::outcome::{UserError, UserErrorCode};
use crate::viewer::Permissions;

/// What a person may do, which stays so until the end of the transaction.
pub(super) async fn of(write: &Write, person: UserId) -> Result<Permissions> {
    let statement = Statement::<Array<Text>>::new("SELECT app.rights_of(?)", vec![Bind::Uuid(person.0)]);
    let names: Vec<String> = statement.get_result(&mut write.conn()).await?;
    Ok(names.into_iter().collect())
}

/// What the viewer may do, looked at once more: it may have been taken away while the lock was awaited.
pub(super) async fn mine(write: &Write) -> Result<Permissions> {
    of(write, write.person()?).await
}

/// The person that a command is about, locked. Oneself goes without the rule: nobody has more rights than oneself.
pub(super) async fn person<C: Command>(write: &mut Write, person: UserId) -> Done<User> {
    // Who is no staff sees nobody else, and holds nobody up.
    if write.person()? == person || !write.viewer().is_staff() {
        return write.subject(person).await;
    }
    let (mine, theirs) = (mine(write).await?, of(write, person).await?);
    let user = write.subject(person).await?;
    if let Some(requires) = C::REQUIRES {
        write.viewer().check_for(requires, person)?;
    }
    within(&theirs, &mine)?;
    Ok(user)
}

/// Whether somebody with these permissions may change a person, or a role, with those.
pub(super) fn within(theirs: &Permissions, mine: &Permissions) -> std::result::Result<(), UserError> {
    match theirs.beyond(mine) {
        None => Ok(()),
        Some(name) => {
            let message = format!("This needs everything that is held there: you do not hold `{name}`.");
            Err(UserError::new(UserErrorCode::PermissionExceeded, message))
        }
    }
}

/// Whether somebody with these permissions may give these.
pub(super) fn given<'a>(
    names: impl IntoIterator<Item = &'a String>,
    mine: &Permissions,
    field: &str,
) -> std::result::Result<(), UserError> {
    match names.into_iter().find(|name| !mine.holds(name)) {
        None => Ok(()),
        Some(name) => {
            let message = format!("You can give only what you hold, and not `{name}`.");
            Err(UserError::new(UserErrorCode::PermissionExceeded, message).at(field))
        }
    }
}

/// Checks that somebody active still holds everything, after a change that may have taken that away.
pub(super) async fn keep_administrator(write: &Write) -> Done<()> {
    let statement = Statement::<Bool>::new("SELECT app.has_administrator()", vec![]);
    if statement.get_result(&mut write.conn()).await? {
        return Ok(());
    }
    let message = "Nobody else may do everything. Give that to somebody else first.";
    Err(UserError::new(UserErrorCode::LastAdministrator, message).into())
}
