//! The mail, as clients see it.

use super::row::Mail;
use crate::entity;
use crate::entity::value;

entity! {
    /// A mail that the system wrote. FAILED ones are the dead letters.
    Mail: Node {
        /// The mail's id.
        id;
        /// The address that it goes to.
        to = value[address => address.clone()];
        /// What it is about, in a line.
        subject;
        /// Where it is.
        status;
        /// How often it was tried.
        attempts;
        /// What was in the way the last time. Null when nothing was.
        last_error;
        /// When it was written.
        created_at;
        /// When the server had it. Null before.
        sent_at;
    }
}
