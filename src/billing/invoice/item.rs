//! The lines of an invoice, and their lists.

use std::ops::Deref;
use std::sync::Arc;

use bigdecimal::BigDecimal;
use diesel::pg::Pg;
use diesel::prelude::*;

use super::row::Invoice;
use crate::db::list::{Column, Ending, Fragment};
use crate::db::row::{Columns, Placed};
use crate::db::schema::{invoice_items, invoices};
use crate::id::{InvoiceId, InvoiceItemId, ServerId};
use crate::money::CurrencyCode;
use crate::page::{List, Listed, MAX_SIZE, Order, Page, PageOf, Reads, Rows};
use crate::scalar::Instant;
use crate::viewer::{Permission, Scope, Viewer};
use crate::{by_id, column, row};

row! {
    /// A line of an invoice.
    InvoiceItem of invoice_items {
        id: InvoiceItemId,
        description: String,
        quantity: BigDecimal,
        unit_price: BigDecimal,
        amount: BigDecimal,
        currency: CurrencyCode,
        server_id: Option<ServerId>,
        period_start: Option<Instant>,
        period_end: Option<Instant>,
    }
}

by_id! { InvoiceItem by InvoiceItemId in invoice_items }

impl InvoiceItem {
    /// The lines of the invoices that `viewer` may see.
    #[must_use]
    pub fn visible_to(viewer: &Viewer) -> invoice_items::BoxedQuery<'static, Pg> {
        let query = invoice_items::table.into_boxed();
        if viewer.scope(Permission::InvoiceRead) == Scope::All {
            return query;
        }
        let seen = Invoice::visible_to(viewer).select(invoices::id);
        query.filter(invoice_items::invoice_id.eq_any(seen))
    }
}

/// The order of lines: as on the paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OnPaper;

impl Order for OnPaper {
    fn column(self) -> Column {
        column!(invoice_items.position)
    }
}

impl Listed for InvoiceItem {
    type Order = OnPaper;
    type Filter = ();
    const DESCENDS: bool = false;

    fn newest() -> OnPaper {
        OnPaper
    }

    fn query(viewer: &Viewer, (): &(), ending: Ending) -> Fragment {
        ending.finish(Self::visible_to(viewer))
    }
}

/// A line out of a page of them, which loaders share.
pub struct Line(Arc<Placed<InvoiceItem>>);

impl Deref for Line {
    type Target = InvoiceItem;

    fn deref(&self) -> &InvoiceItem {
        &self.0.row
    }
}

/// The key of an invoice's first lines: of the list without pages, which ends where the largest page would.
pub fn first_lines(invoice: InvoiceId) -> PageOf<InvoiceItem> {
    let parent = Some((column!(invoice_items.invoice_id), invoice.0));
    let page = Page { size: MAX_SIZE, backward: false, from: None, order: OnPaper, descending: InvoiceItem::DESCENDS };
    let reads = Reads { columns: Columns::ALL, cursors: false };
    PageOf { list: List { parent, filter: Arc::default() }, page: Arc::new(page), reads }
}

/// The lines that were found for [`first_lines`], without the one that tells that there are more.
pub fn lines(found: Option<&Rows<InvoiceItem>>) -> Vec<Line> {
    found.into_iter().flat_map(|rows| rows.iter()).take(MAX_SIZE).map(|row| Line(Arc::clone(row))).collect()
}
