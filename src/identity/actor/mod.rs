//! The public face of a person: what everybody in a conversation may know of the others in it.

mod face;
mod object;
mod row;

pub use face::face;
pub use row::{Actor, ActorKind, Subject};
