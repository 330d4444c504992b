//! Departments, as clients see them.

use super::row::Department;
use super::target::{ServiceTarget, TargetsOf};
use crate::entity;
use crate::entity::each;

entity! {
    /// Whom a ticket is for: the company's own list. Seeded: general, technical, billing, sales, abuse. Public ones are
    /// visible to everybody who is signed in, all of them to staff.
    Department: Node {
        /// The department's id.
        id;
        /// Counts the changes of the row; give it back as `expectedRevision`.
        revision;
        /// Lower-case letters, digits and hyphens; never changes.
        slug;
        /// What people call it.
        name;
        /// Whether customers may choose it.
        is_public;
        /// How soon tickets are answered and settled, one entry a priority, in minutes around the clock. Null without
        /// the permission.
        targets = each[slug => TargetsOf(slug.clone()); ; found => found.map(|all| all.to_vec()).unwrap_or_default()], needs TicketUpdate;
    }
}

entity! {
    /// How soon tickets of one priority are answered and settled, in minutes around the clock.
    ServiceTarget {
        /// Of which tickets.
        priority;
        /// Until the first answer.
        response_minutes;
        /// Until it is settled.
        resolution_minutes;
    }
}
