//! What PostgreSQL's failures mean to a request.

use diesel::result::{DatabaseErrorKind as Kind, Error as Diesel};

use crate::error::Error;

impl From<Diesel> for Error {
    /// diesel-async has kinds for constraints, but none for time-outs and shutdowns: those show in
    /// PostgreSQL's own texts, which the pool's connections ask for in English.
    fn from(cause: Diesel) -> Self {
        let gone = match &cause {
            Diesel::DatabaseError(Kind::ClosedConnection | Kind::UnableToSendCommand, _) => true,
            Diesel::DatabaseError(_, told) => {
                let text = told.message();
                text.starts_with("terminating connection") || text.starts_with("the database system is")
            }
            _ => false,
        };
        let timed_out = matches!(&cause, Diesel::DatabaseError(_, told)
            if told.message().contains("statement timeout") || told.message().contains("lock timeout"));
        match (gone, timed_out) {
            (true, _) => Self::unavailable(cause),
            (_, true) => Self::timed_out(cause),
            (false, false) => Self::internal(cause),
        }
    }
}
