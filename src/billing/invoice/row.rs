//! The invoice's row.

use bigdecimal::BigDecimal;
use diesel::pg::Pg;
use diesel::prelude::*;

use crate::db::list::InScope;
use crate::db::schema::invoices;
use crate::id::{InvoiceId, UserId};
use crate::money::CurrencyCode;
use crate::scalar::{Day, Instant};
use crate::viewer::{Permission, Viewer};
use crate::{by_id, column, row, text_enum};

text_enum! {
    /// Where an invoice is in its life. New values may come: keep a default branch.
    InvoiceStatus {
        /// Not issued: can still change.
        Draft = "draft",
        /// Issued, not paid yet.
        Pending = "pending",
        /// Not paid in time.
        Overdue = "overdue",
        /// Paid.
        Paid = "paid",
        /// Paid, and all of it given back.
        Refunded = "refunded",
        /// Void.
        Cancelled = "cancelled",
        /// Written off.
        Uncollectible = "uncollectible",
    }
    usual {
        [Pending, Overdue],
        [Pending, Overdue, Paid],
        [Paid, Refunded],
    }
}

row! {
    /// An invoice.
    Invoice of invoices {
        id: InvoiceId,
        revision: i32,
        number: Option<String>,
        amount: BigDecimal,
        currency: CurrencyCode,
        status: InvoiceStatus,
        due_date: Option<Day>,
        paid_at: Option<Instant>,
        created_at: Instant,
        updated_at: Instant,
        user_id: UserId,
    }
}

by_id! { Invoice by InvoiceId in invoices }

impl Invoice {
    /// The invoices that `viewer` may see.
    #[must_use]
    pub fn visible_to(viewer: &Viewer) -> invoices::BoxedQuery<'static, Pg> {
        let scope = InScope(column!(invoices.user_id), viewer.scope(Permission::InvoiceRead));
        invoices::table.into_boxed().filter(scope)
    }
}
