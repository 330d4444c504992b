//! The public face of a person, as clients see it.

use async_graphql::ID;

use super::row::Actor;
use crate::entity;
use crate::entity::{edge, value};

entity! {
    /// Who did something: the public face of a person, or the system. Customers see staff as their
    /// display name at most, never an e-mail address; the actor of a suspension is "Support" to them.
    Actor {
        /// The id of this face, not of the account.
        id = value[subject => ID(format!("act_{}", subject.face()))];
        /// First and last name, else the username; of staff, to customers, the first name.
        display_name;
        /// Customer, staff or system.
        kind;
        /// The account, for those who may see it, else null.
        user = edge[subject => subject.user()];
    }
}
