//! People: accounts, roles, sessions, passwords.
//!
//! - A session's token is shown once and stored as its digest; a session is checked in the database at
//!   every request, so ending it works at once.
//! - Nothing slow happens inside a unit of work: `login` reads the credentials, gives the connection
//!   back, verifies the password, and opens the session in a second unit that fails when the hash has
//!   changed meanwhile.
//! - An account is visible to its owner and to holders of `user:read`; everybody else in a
//!   conversation sees an [`Actor`].

mod activity;
mod actor;
mod entry;
mod leaving;
mod mutation;
mod password;
mod password_reset;
mod pepper;
mod query;
mod revoke;
mod rights;
mod role;
mod rounds;
mod session;
mod sign_in;
mod token;
mod user;

pub use activity::Activity;
pub use actor::{Actor, ActorKind, Subject, face};
pub use mutation::IdentityMutation;
pub use password::{COST as PASSWORD_COST, Passwords};
pub use password_reset::PasswordReset;
pub use pepper::Pepper;
pub use query::IdentityQuery;
pub use role::{AllRoles, Role};
pub use session::Session;
pub use token::Token;
pub use user::{User, UserFilter, UserOrderField, UserStatus};
