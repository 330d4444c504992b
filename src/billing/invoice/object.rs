//! Invoices and their lines, as clients see them.

use super::item::{InvoiceItem, first_lines, lines};
use super::row::Invoice;
use super::sums::SumsOf;
use crate::billing::Transaction;
use crate::entity;
use crate::entity::{each, edge, loaded_part, part, parts, value};
use crate::money::{Decimal, Money};
use crate::outcome::AllowedAction;

entity! {
    /// An invoice. Visible to whom it is for and to holders of `invoice:read`.
    Invoice: Node {
        /// The invoice's id.
        id;
        /// Counts the changes of the row; give it back as `expectedRevision`.
        revision;
        /// Gapless, given when it is issued. Null while a draft.
        number;
        /// What it is over.
        amount = part[amount, currency => Money::new(amount, *currency)];
        /// What was paid for it, refunds not taken off.
        amount_paid = loaded_part[id => SumsOf(*id); currency; sums => Some(Money::new(&sums?.paid, *currency))];
        /// What was given back of it.
        amount_refunded = loaded_part[id => SumsOf(*id); currency; sums => Some(Money::new(&sums?.refunded, *currency))];
        /// What is still to be paid: nothing before it is issued and after it is settled.
        amount_due = loaded_part[id => SumsOf(*id); amount, status, currency; sums => Some(Money::new(&sums?.due(amount, *status), *currency))];
        /// Where it is in its life.
        status;
        /// When it has to be paid. Null when no day is set.
        due_date;
        /// When it was paid. Null until then.
        paid_at;
        /// When it was made.
        created_at;
        /// When it last changed.
        updated_at;
        /// Whom it is for. Null for those who may not see the account.
        user = edge[user_id];
        /// Its lines, in their order, at most 100; more by `lines`.
        items = each[id => first_lines(*id); ; found => lines(found.as_ref())];
        /// Its lines, in their order.
        lines = page[InvoiceItem of invoice_items.invoice_id];
        /// The money that moved for it, newest first. Null without the permission.
        transactions = page[Transaction of transactions.invoice_id], needs own TransactionRead of user_id;
        /// What the viewer may do with it. Actions come with the mutations that run them.
        allowed_actions = parts[ => Vec::<AllowedAction>::new()];
    }
}

entity! {
    /// A line of an invoice. Visible to whoever sees the invoice.
    InvoiceItem: Node {
        /// The line's id.
        id;
        /// What it charges for.
        description;
        /// How much of it.
        quantity = value[quantity => Decimal::from(quantity.normalized())];
        /// What one costs.
        unit_price = part[unit_price, currency => Money::exact(unit_price, *currency)];
        /// What all of it costs, rounded once.
        amount = part[amount, currency => Money::new(amount, *currency)];
        /// The server that it charges for. Null when it is for none, or for those who may not see it.
        server = edge[server_id];
        /// From when. Null when it is for no span of time.
        period_start;
        /// Until when. Null when it is for no span of time.
        period_end;
    }
}
