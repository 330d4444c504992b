//! The account.

mod address;
mod arguments;
mod close;
mod create;
mod life;
mod list;
mod object;
mod row;
mod standing;
mod suspend;
mod update;

pub use arguments::{UpdateUserInput, UserArguments};
pub use close::{CloseUserInput, ReopenUserInput};
pub use create::CreateUserInput;
pub use list::{UserFilter, UserOrderField};
pub use row::{User, UserStatus};
pub use suspend::{ActivateUserInput, ReinstateUserInput, SuspendUserInput};
