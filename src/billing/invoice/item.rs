//! The lines of an invoice.

use std::sync::Arc;

use bigdecimal::BigDecimal;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use rustc_hash::FxHashMap;

use super::row::Invoice;
use crate::db::batch::{Found, Key};
use crate::db::schema::{invoice_items, invoices};
use crate::db::unit::Unit;
use crate::error::Result;
use crate::id::{InvoiceId, InvoiceItemId, ServerId};
use crate::money::CurrencyCode;
use crate::scalar::Instant;

/// A line of an invoice, with the currency of its invoice.
#[derive(Debug, Clone, Queryable)]
pub struct InvoiceItem {
    pub(super) id: InvoiceItemId,
    invoice_id: InvoiceId,
    pub(super) description: String,
    pub(super) quantity: BigDecimal,
    pub(super) unit_price: BigDecimal,
    pub(super) amount: BigDecimal,
    pub(super) server_id: Option<ServerId>,
    pub(super) period_start: Option<Instant>,
    pub(super) period_end: Option<Instant>,
    pub(super) currency: CurrencyCode,
}

/// The key of an invoice's lines, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ItemsOf(pub(super) InvoiceId);

impl Key for ItemsOf {
    type Value = Arc<Vec<Arc<InvoiceItem>>>;

    async fn load(keys: Vec<Self>, unit: Arc<Unit>) -> Result<Found<Self>> {
        let ids: Vec<InvoiceId> = keys.iter().map(|ItemsOf(invoice)| *invoice).collect();
        let visible = Invoice::visible_to(unit.viewer()).filter(invoices::id.eq_any(ids)).select(invoices::id);
        let items: Vec<InvoiceItem> = invoice_items::table
            .inner_join(invoices::table)
            .filter(invoice_items::invoice_id.eq_any(visible))
            .order((invoice_items::invoice_id, invoice_items::position))
            .select((
                invoice_items::id,
                invoice_items::invoice_id,
                invoice_items::description,
                invoice_items::quantity,
                invoice_items::unit_price,
                invoice_items::amount,
                invoice_items::server_id,
                invoice_items::period_start,
                invoice_items::period_end,
                invoices::currency,
            ))
            .load(&mut unit.conn())
            .await?;
        let mut lines: FxHashMap<Self, Vec<Arc<InvoiceItem>>> = keys.into_iter().map(|key| (key, vec![])).collect();
        for item in items {
            lines.entry(ItemsOf(item.invoice_id)).or_default().push(Arc::new(item));
        }
        Ok(lines.into_iter().map(|(key, lines)| (key, Arc::new(lines))).collect())
    }
}
