//! Virtual servers, the packages they are sold as, and what is done to them.
//!
//! - A server keeps its own resources, copied from its package when it was made: a package that
//!   changes later changes no server.
//! - Terminated servers stay as rows (`deleted_at`) and are listed only with `includeDeleted`.
//! - Active packages are for everybody; an inactive one stays visible to whoever sees a server on it.

mod action;
mod package;
mod query;
mod server;

pub use action::ServerAction;
pub use package::ServerPackage;
pub use query::ServersQuery;
pub use server::{Server, ServerArguments, ServerFilter, ServerOrderField, ServerStatus, SuspensionReason};
