//! The account, as clients see it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::row::User;
use super::standing::allowed_actions;
use crate::billing::{CreditsOf, Invoice, InvoiceArguments, Transaction, TransactionArguments};
use crate::entity;
use crate::entity::{each, loaded, value};
use crate::identity::password_reset::PasswordReset;
use crate::identity::role::{Held, Role, RolesOf};
use crate::identity::session::Session;
use crate::servers::{Server, ServerArguments};
use crate::support::{Ticket, TicketArguments, TicketMessage};

entity! {
    /// An account. Visible to its owner and to holders of `user:read`.
    User: Node {
        /// The account's id.
        id;
        /// Counts the changes of the row; give it back as `expectedRevision`.
        revision;
        /// First and last name, else the username.
        display_name = value[first_name, last_name, username => display_name(first_name.as_deref(), last_name.as_deref(), username)];
        /// The address that the account signs in with and gets mail at.
        email;
        /// The other name that the account signs in with.
        username;
        /// Null when the person gave none.
        first_name;
        /// Null when the person gave none.
        last_name;
        /// Whether the person has shown that the e-mail address is theirs.
        email_verified;
        /// Where the account is in its life.
        status;
        /// When the account was made.
        created_at;
        /// When the account last changed.
        updated_at;
        /// When the person last signed in. Null before the first time.
        last_login;
        /// The id of this person in VirtFusion. Null when there is none, or without `user:read`.
        virtfusion_id, needs UserRead;
        /// The roles that the person holds, the longest held first. There are at most 100 roles.
        roles = each[id => RolesOf(*id); ; held => roles(held.as_ref())];
        /// The roles with the time each was given.
        role_assignments = each[id => RolesOf(*id); ; held => held.iter().flat_map(|held| held.iter().cloned()).collect()];
        /// Prepaid balance, one entry a currency. Null without the permission.
        credits = each[id => CreditsOf(*id); ; credits => credits.map(|credits| credits.to_vec()).unwrap_or_default()], needs own CreditRead of id;
        /// What the person is told about the suspension. Null when not suspended.
        account_suspension_reason = value[suspension_reason => suspension_reason.clone()];
        /// Requests to set a new password, newest first. Null without the permission.
        password_resets = page[PasswordReset of password_reset_tokens.user_id], needs UserResetCredentials;
        /// The union of the permissions of all roles, sorted.
        permissions = loaded[id => RolesOf(*id); ; held => permissions(held.as_ref())];
        /// What the viewer may do with this account.
        allowed_actions = allowed_actions[of id, status, closed_at, closed_from, suspended_from];
        /// Signed-in devices, the newest first. Null without the permission.
        sessions = page[Session of sessions.user_id], needs own SessionRead of id;
        /// The person's servers, newest first. Null without the permission.
        servers = page[Server of servers.user_id, ServerArguments], needs own ServerRead of id;
        /// The person's invoices, newest first. Null without the permission.
        invoices = page[Invoice of invoices.user_id, InvoiceArguments], needs own InvoiceRead of id;
        /// The person's transactions, newest first. Null without the permission.
        transactions = page[Transaction of transactions.user_id, TransactionArguments], needs own TransactionRead of id;
        /// Tickets that this person opened, newest first. Null without the permission.
        tickets = page[Ticket of tickets.user_id, TicketArguments], needs own TicketRead of id;
        /// Tickets assigned to this person, newest first. Null without the permission.
        assigned_tickets = page[Ticket of tickets.assigned_to, TicketArguments], needs own TicketRead of id;
        /// Messages that this person wrote, newest first. Null without the permission.
        ticket_messages = page[TicketMessage of ticket_messages.user_id], needs own TicketRead of id;
    }
}

fn display_name(first: Option<&str>, last: Option<&str>, username: &str) -> String {
    match (first, last) {
        (Some(first), Some(last)) => format!("{first} {last}"),
        (Some(name), None) | (None, Some(name)) => name.to_owned(),
        (None, None) => username.to_owned(),
    }
}

fn roles(held: Option<&Arc<Vec<Arc<Held>>>>) -> Vec<Arc<Role>> {
    held.into_iter().flat_map(|held| held.iter()).map(|held| Arc::clone(&held.role)).collect()
}

fn permissions(held: Option<&Arc<Vec<Arc<Held>>>>) -> BTreeSet<String> {
    roles(held).iter().flat_map(|role| role.permissions()).collect()
}
