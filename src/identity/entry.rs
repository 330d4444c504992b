//! The password, entered once more by whoever is signed in.

use std::sync::Arc;

use secrecy::SecretString;

use super::password::{Passwords, Verdict};
use super::session::Session;
use crate::command::{Before, Command, Done};
use crate::id::UserId;
use crate::outcome::{UserError, UserErrorCode};
use crate::shares::Neighbour;

/// A password that was right for whoever asks.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Whose it is.
    pub(super) user: UserId,
}

/// Verifies the password that came with a command at `field`, if one did, against the one of whoever asks.
///
/// # Errors
/// What keeps the viewer from calling the command, and the outcome `WRONG_CREDENTIALS` at the field.
pub async fn of<C: Command>(before: Before<'_>, password: Option<SecretString>, field: &str) -> Done<Option<Entry>> {
    let request = before.request();
    let viewer = request.work.viewer();
    if let Some(requires) = C::REQUIRES {
        viewer.check(requires)?;
    }
    let (Some(user), Some(password)) = (viewer.user(), password) else { return Ok(None) };
    let unit = request.work.program().await?;
    let stored = Session::password_of(unit.conn(), user).await?;
    unit.close().await?;
    let address = request.client.ip.map_or(Neighbour::Nobody, Neighbour::at);
    let passwords = before.data::<Passwords>().of(Arc::new([address, Neighbour::Account(user.0.to_string())]));
    match passwords.verify(stored, password).await? {
        Verdict::Right | Verdict::Rehashed(_) => Ok(Some(Entry { user })),
        Verdict::Wrong => {
            Err(UserError::new(UserErrorCode::WrongCredentials, "The password is wrong.").at(field).into())
        }
    }
}
