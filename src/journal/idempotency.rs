//! What was answered to a change that came with a key: the same key again does nothing and is answered the same.

use diesel::OptionalExtension as _;
use diesel::sql_types::{Bool, Text};
use diesel_async::RunQueryDsl as _;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::db::client::Client as Database;
use crate::db::statement::{Bind, Statement};
use crate::error::{Code, Error, Result};
use crate::id::UserId;
use crate::json;

/// The longest key.
const LONGEST: usize = 255;

/// A key of one person for one operation, with what was asked under it.
#[derive(Debug)]
pub struct Claim {
    user: UserId,
    operation: &'static str,
    key: String,
    /// The input as it came.
    input: String,
}

impl Claim {
    /// A claim, which binds the key to this input.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a key that is empty, too long, or not printable ASCII.
    pub fn new(user: UserId, operation: &'static str, key: &str, input: &async_graphql::Value) -> Result<Self> {
        if key.is_empty() || key.len() > LONGEST || !key.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            let message = "A key has 1 to 255 printable ASCII characters.";
            return Err(Error::bad_input("input.idempotencyKey", message));
        }
        let mut text = Vec::new();
        json::value(&mut text, input);
        let input = String::from_utf8_lossy(&text).into_owned();
        Ok(Self { user, operation, key: key.to_owned(), input })
    }

    /// Takes the key for this transaction: what was answered under it, or nothing when it is new.
    ///
    /// # Errors
    /// `IDEMPOTENCY_IN_PROGRESS` while another transaction has it, `IDEMPOTENCY_KEY_REUSED` when it was used for another
    /// input.
    pub async fn take<P: DeserializeOwned>(&self, conn: &Database) -> Result<Option<P>> {
        // An INSERT would wait for the other's end, and a pool full of such waits serves nobody.
        let lock = Statement::<Bool>::new(
            "SELECT pg_try_advisory_xact_lock(hashtextextended(concat_ws(chr(1), ?, ?, ?), 0))",
            vec![Bind::text(self.user.0.to_string()), Bind::text(self.operation), Bind::text(&self.key)],
        );
        let is_mine: bool = lock.get_result(&mut &*conn).await?;
        if !is_mine {
            let message = "The same key is at work in another request. Try again in a moment.";
            return Err(Error::new(Code::IdempotencyInProgress, message));
        }
        let stored = Statement::<(Bool, Text)>::new(
            "/* writer */ SELECT fingerprint = encode(sha256(convert_to(?, 'UTF8')), 'hex'), answer::text \
             FROM idempotency_keys WHERE user_id = ? AND operation = ? AND key = ?",
            vec![Bind::text(&self.input), Bind::Uuid(self.user.0), Bind::text(self.operation), Bind::text(&self.key)],
        );
        let stored: Option<(bool, String)> = stored.get_result(&mut &*conn).await.optional()?;
        match stored {
            None => Ok(None),
            Some((true, answer)) => serde_json::from_str(&answer).map(Some).map_err(Error::internal),
            Some((false, _)) => {
                let message = "This key was used for another input. Take a new key for a new change.";
                Err(Error::new(Code::IdempotencyKeyReused, message))
            }
        }
    }

    /// Keeps what is answered.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn keep(&self, conn: &Database, answer: &impl Serialize) -> Result<()> {
        let answer = serde_json::to_string(answer).map_err(Error::internal)?;
        let statement = Statement::<()>::new(
            "/* writer */ INSERT INTO idempotency_keys (user_id, operation, key, fingerprint, answer) \
             VALUES (?, ?, ?, encode(sha256(convert_to(?, 'UTF8')), 'hex'), ?::text::jsonb)",
            vec![
                Bind::Uuid(self.user.0),
                Bind::text(self.operation),
                Bind::text(&self.key),
                Bind::text(&self.input),
                Bind::text(answer),
            ],
        );
        statement.execute(&mut &*conn).await?;
        Ok(())
    }
}

/// Forgets what was answered more than a day ago. How many answers there were.
///
/// # Errors
/// What the database answers.
pub async fn forget_old(conn: &Database) -> Result<i64> {
    let statement = Statement::<()>::new(
        "DELETE FROM idempotency_keys WHERE created_at <= app.now() - interval '24 hours'",
        vec![],
    );
    Ok(i64::try_from(statement.execute(&mut &*conn).await?).unwrap_or(i64::MAX))
}
