//! Answers that staff keeps ready.

mod change;
mod object;
mod row;

pub use change::{CreateCannedReplyInput, DeleteCannedReplyInput, UpdateCannedReplyInput};
pub use row::{AllCannedReplies, CannedReply};
