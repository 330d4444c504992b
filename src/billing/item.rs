//! The lines of an invoice.

use std::collections::HashMap;
use std::sync::Arc;

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::invoice::Invoice;
use crate::db::batch::{Found, Key};
use crate::db::schema::{invoice_items, invoices};
use crate::db::unit::Unit;
use crate::error::Result;
use crate::id::{InvoiceId, InvoiceItemId, ServerId};

/// A line of an invoice, with the currency of its invoice.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Queryable, Selectable)]
#[diesel(table_name = invoice_items, check_for_backend(Pg))]
pub struct InvoiceItem {
    pub(crate) id: InvoiceItemId,
    pub(crate) invoice_id: InvoiceId,
    pub(crate) description: String,
    pub(crate) quantity: BigDecimal,
    pub(crate) unit_price: BigDecimal,
    pub(crate) amount: BigDecimal,
    pub(crate) server_id: Option<ServerId>,
    pub(crate) period_start: Option<DateTime<Utc>>,
    pub(crate) period_end: Option<DateTime<Utc>>,
}

/// The key of an invoice's lines, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ItemsOf(pub(crate) InvoiceId);

impl Key for ItemsOf {
    type Value = Arc<Vec<Arc<InvoiceItem>>>;

    async fn load(keys: Vec<Self>, unit: Arc<Unit>) -> Result<Found<Self>> {
        let ids: Vec<InvoiceId> = keys.iter().map(|ItemsOf(invoice)| *invoice).collect();
        let visible = Invoice::visible_to(unit.viewer()).filter(invoices::id.eq_any(ids)).select(invoices::id);
        let rows: Vec<InvoiceItem> = invoice_items::table
            .filter(invoice_items::invoice_id.eq_any(visible))
            .order((invoice_items::invoice_id, invoice_items::position))
            .select(InvoiceItem::as_select())
            .load(&mut unit.conn())
            .await?;
        let mut items: HashMap<Self, Vec<Arc<InvoiceItem>>> = keys.into_iter().map(|key| (key, vec![])).collect();
        for item in rows {
            items.entry(ItemsOf(item.invoice_id)).or_default().push(Arc::new(item));
        }
        Ok(items.into_iter().map(|(key, items)| (key, Arc::new(items))).collect())
    }
}
