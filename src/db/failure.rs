//! What PostgreSQL's failures mean to a request. They are told apart by SQLSTATE and by type, never by a text: the
//! server writes those in a language of its own choice.

use std::fmt;

use diesel::result::Error as Diesel;
use tokio_postgres::error::SqlState;

use crate::error::Error;

/// What PostgreSQL answered instead, or what became of the way to it. Prints code and message; the details, which
/// repeat values, stay where they are.
pub struct Failure(tokio_postgres::Error);

impl From<tokio_postgres::Error> for Failure {
    fn from(cause: tokio_postgres::Error) -> Self {
        Self(cause)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.as_db_error(), std::error::Error::source(&self.0)) {
            (Some(told), _) => write!(out, "{} {}", told.code().code(), told.message()),
            (None, Some(source)) => write!(out, "{}: {source}", self.0),
            (None, None) => write!(out, "{}", self.0),
        }
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{self}")
    }
}

impl std::error::Error for Failure {}

/// Through diesel, whose traits know only its own errors: of those, this one keeps what it is given.
impl From<Failure> for Diesel {
    fn from(failure: Failure) -> Self {
        Self::QueryBuilderError(Box::new(failure))
    }
}

impl From<Diesel> for Error {
    fn from(cause: Diesel) -> Self {
        match cause {
            Diesel::QueryBuilderError(cause) => match cause.downcast::<Failure>() {
                Ok(failure) => Self::from(*failure),
                Err(cause) => Self::internal(Diesel::QueryBuilderError(cause)),
            },
            cause => Self::internal(cause),
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure.meaning() {
            Meaning::Away => Self::unavailable(failure),
            Meaning::Slow => Self::timed_out(failure),
            Meaning::ReadOnly => Self::read_only(failure),
            Meaning::Ours => Self::internal(failure),
        }
    }
}

/// What a failure says of the database.
enum Meaning {
    /// It cannot be used now.
    Away,
    /// It took too long.
    Slow,
    /// It does not take changes: a standby, or one that was set so.
    ReadOnly,
    /// Nothing: the statement was wrong.
    Ours,
}

impl Failure {
    fn meaning(&self) -> Meaning {
        let Some(code) = self.0.code() else {
            let lost = std::error::Error::source(&self.0).is_some_and(<dyn std::error::Error>::is::<std::io::Error>);
            return if lost || self.0.is_closed() { Meaning::Away } else { Meaning::Ours };
        };
        match code {
            &SqlState::QUERY_CANCELED | &SqlState::LOCK_NOT_AVAILABLE => Meaning::Slow,
            &SqlState::READ_ONLY_SQL_TRANSACTION => Meaning::ReadOnly,
            // The server ends this connection, or all of them.
            &SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT => Meaning::Away,
            // A class is the first two characters: of the connection, of resources that ran out, of whoever operates
            // the server, of the system under it.
            _ if ["08", "53", "57", "58"].iter().any(|class| code.code().starts_with(class)) => Meaning::Away,
            _ => Meaning::Ours,
        }
    }
}

/// Whether this only tells that an earlier statement of the transaction failed.
pub(super) fn is_aftermath(error: &Error) -> bool {
    failure(error).is_some_and(|failure| failure.0.code() == Some(&SqlState::IN_FAILED_SQL_TRANSACTION))
}

fn failure(error: &Error) -> Option<&Failure> {
    error.cause().and_then(|cause| cause.downcast_ref::<Failure>())
}

/// The constraint that a change ran into.
#[must_use]
pub fn constraint(error: &Error) -> Option<&str> {
    failure(error)?.0.as_db_error()?.constraint()
}

/// Whether two transactions were in each other's way: the whole of it may succeed when it is tried again.
#[must_use]
pub fn is_collision(error: &Error) -> bool {
    let code = failure(error).and_then(|failure| failure.0.code());
    matches!(code, Some(&SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::T_R_DEADLOCK_DETECTED))
}
