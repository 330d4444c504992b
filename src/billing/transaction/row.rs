//! Movements of money: their rows. An amount is always positive; its direction follows from its kind.

use bigdecimal::BigDecimal;
use diesel::pg::Pg;
use diesel::prelude::*;

use crate::db::list::InScope;
use crate::db::schema::transactions;
use crate::id::{InvoiceId, TransactionId, UserId};
use crate::money::CurrencyCode;
use crate::scalar::Instant;
use crate::viewer::{Permission, Viewer};
use crate::{by_id, column, row, text_enum};

text_enum! {
    /// Where a transaction is in its life. New values may come: keep a default branch.
    TransactionStatus {
        /// Begun.
        Pending = "pending",
        /// The gateway is at it.
        Processing = "processing",
        /// The money moved.
        Completed = "completed",
        /// The money did not move.
        Failed = "failed",
        /// Given up before the money moved.
        Cancelled = "cancelled",
        /// The payer objects.
        Disputed = "disputed",
        /// The payer's objection was upheld: the money went back.
        ChargedBack = "charged_back",
        /// All of it was given back.
        Refunded = "refunded",
    }
    usual {
        [Pending, Processing],
        [Pending, Processing, Completed],
        [Disputed, ChargedBack],
    }
}

text_enum! {
    /// What a transaction is. New values may come: keep a default branch.
    TransactionKind {
        /// Money for an invoice.
        Payment = "payment",
        /// Money given back.
        Refund = "refund",
        /// Prepaid balance bought.
        Credit = "credit",
        /// Prepaid balance used up.
        Usage = "usage",
        /// A correction by staff.
        Adjustment = "adjustment",
    }
    usual {
        [Payment, Refund],
        [Credit, Usage, Adjustment],
    }
}

text_enum! {
    /// Which way money moves.
    TransactionDirection {
        /// Adds to what the person has paid or holds.
        In = "in",
        /// Takes from it.
        Out = "out",
    }
}

row! {
    /// A movement of money. What the gateway sent along is not in it: customers' roles cannot read that
    /// column.
    Transaction of transactions {
        id: TransactionId,
        kind: TransactionKind,
        amount: BigDecimal,
        currency: CurrencyCode,
        gateway: Option<String>,
        direction: TransactionDirection,
        status: TransactionStatus,
        reference: Option<String>,
        created_at: Instant,
        updated_at: Instant,
        user_id: UserId,
        invoice_id: Option<InvoiceId>,
        parent_id: Option<TransactionId>,
    }
}

by_id! { Transaction by TransactionId in transactions }

impl Transaction {
    /// The transactions that `viewer` may see.
    #[must_use]
    pub fn visible_to(viewer: &Viewer) -> transactions::BoxedQuery<'static, Pg> {
        let scope = InScope(column!(transactions.user_id), viewer.scope(Permission::TransactionRead));
        transactions::table.into_boxed().filter(scope)
    }
}
