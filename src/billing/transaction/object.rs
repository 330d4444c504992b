//! Transactions, as clients see them.

use std::sync::Arc;

use super::details::{MetadataOf, RefundedOf, refundable};
use super::row::Transaction;
use crate::entity;
use crate::entity::{edge, loaded, loaded_part, part, parts};
use crate::money::Money;
use crate::outcome::AllowedAction;

entity! {
    /// A movement of money. Visible to whose it is and to holders of `transaction:read`.
    Transaction: Node {
        /// The transaction's id.
        id;
        /// What it is.
        kind;
        /// Always positive.
        amount = part[amount, currency => Money::new(amount, *currency)];
        /// Null for credit, usage and adjustments.
        gateway;
        /// IN adds to what the person has paid or holds.
        direction;
        /// What can still be refunded of it.
        amount_refundable = loaded_part[id => RefundedOf(*id); amount, kind, status, currency; refunded => Some(Money::new(&refundable(amount, *kind, *status, refunded), *currency))];
        /// Where it is in its life.
        status;
        /// The gateway's own id of it, unique per gateway. Null until there is one.
        reference;
        /// What the gateway sent along. Null when it sent nothing, or without the permission.
        metadata = loaded[id => MetadataOf(*id); ; metadata => metadata.map(Arc::unwrap_or_clone)], needs TransactionRead;
        /// When it began.
        created_at;
        /// When it last changed.
        updated_at;
        /// Whose it is. Null for those who may not see the account.
        user = edge[user_id];
        /// The invoice that it is for. Null when it is for none, or for those who may not see it.
        invoice = edge[invoice_id];
        /// The payment that a refund gives back. Null for everything but a refund.
        parent = edge[parent_id];
        /// What the viewer may do with it. Actions come with the mutations that run them.
        allowed_actions = parts[ => Vec::<AllowedAction>::new()];
    }
}
