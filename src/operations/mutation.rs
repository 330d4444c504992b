//! Having the program try again what it gave up.

use super::mail::RetryMailInput;
use crate::command::command;
use crate::entity;

/// The mutations of this room.
#[derive(Default)]
pub struct OperationsMutation;

entity! {
    /// Having the program try again what it gave up.
    OperationsMutation {
        /// Has a mail that was given up leave after all.
        retry_mail = command[RetryMailInput];
    }
}
