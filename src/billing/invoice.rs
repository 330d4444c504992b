//! The invoice.

use std::sync::Arc;

use bigdecimal::BigDecimal;
use chrono::{DateTime, NaiveDate, Utc};
use diesel::dsl::AsSelect;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Numeric, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::db::batch::{Found, Key};
use crate::db::list::{Column, Fragment, InScope, OfParent, SortValue, StartsWith};
use crate::db::schema::invoices;
use crate::db::statement::{Bind, Statement};
use crate::db::unit::Unit;
use crate::error::Result;
use crate::id::{InvoiceId, UserId};
use crate::page::{Cut, Listed, Order};
use crate::viewer::{Permission, Viewer};
use crate::{finish_list, list_rows, text_enum};

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
}

/// An invoice.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Queryable, Selectable)]
#[diesel(table_name = invoices, check_for_backend(Pg))]
pub struct Invoice {
    pub(crate) id: InvoiceId,
    pub(crate) revision: i32,
    pub(crate) number: Option<String>,
    pub(crate) amount: BigDecimal,
    pub(crate) currency: String,
    pub(crate) status: InvoiceStatus,
    pub(crate) due_date: Option<NaiveDate>,
    pub(crate) paid_at: Option<DateTime<Utc>>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
    pub(crate) user_id: UserId,
}

/// What narrows a list of invoices.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct InvoiceFilter {
    pub(crate) status: Option<Vec<InvoiceStatus>>,
    pub(crate) currency: Option<String>,
    pub(crate) due_after: Option<NaiveDate>,
    pub(crate) due_before: Option<NaiveDate>,
    pub(crate) search: Option<String>,
    pub(crate) user: Option<UserId>,
}

/// What invoices can be sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, async_graphql::Enum)]
pub enum InvoiceOrderField {
    /// When the invoice was made.
    CreatedAt,
    /// When it has to be paid; those without a day come last when descending.
    DueDate,
}

impl Order for InvoiceOrderField {
    fn column(self) -> Column {
        Column::new(
            "invoices",
            match self {
                Self::CreatedAt => "created_at",
                Self::DueDate => "due_date_sort",
            },
        )
    }
}

type Query = invoices::BoxedQuery<'static, Pg, AsSelect<Invoice, Pg>>;

impl Invoice {
    /// The invoices that `viewer` may see.
    #[must_use]
    pub fn visible_to(viewer: &Viewer) -> Query {
        let scope = InScope(Column::new("invoices", "user_id"), viewer.scope(Permission::InvoiceRead));
        invoices::table.select(Self::as_select()).into_boxed().filter(scope)
    }

    /// What is still to be paid. Nothing before the invoice is issued and after it is settled.
    #[must_use]
    pub fn due(&self, sums: &Sums) -> BigDecimal {
        let owes =
            matches!(self.status, InvoiceStatus::Pending | InvoiceStatus::Overdue | InvoiceStatus::Uncollectible);
        let rest = &self.amount - &sums.paid + &sums.refunded;
        if owes { rest.max(BigDecimal::from(0)) } else { BigDecimal::from(0) }
    }
}

impl Listed for Invoice {
    type Order = InvoiceOrderField;
    type Filter = InvoiceFilter;

    fn id(&self) -> Uuid {
        self.id.0
    }

    fn sort_value(&self, order: InvoiceOrderField) -> SortValue {
        match order {
            InvoiceOrderField::CreatedAt => SortValue::Instant(Some(self.created_at)),
            InvoiceOrderField::DueDate => SortValue::Day(self.due_date),
        }
    }

    fn query(
        viewer: &Viewer,
        parent: Option<OfParent>,
        filter: &InvoiceFilter,
        cut: Cut<'_, InvoiceOrderField>,
    ) -> Fragment {
        let mut query = Self::visible_to(viewer);
        if let Some(status) = &filter.status {
            query = query.filter(invoices::status.eq_any(status.clone()));
        }
        if let Some(currency) = &filter.currency {
            query = query.filter(invoices::currency.eq(currency.clone()));
        }
        if let Some(after) = filter.due_after {
            query = query.filter(invoices::due_date_sort.ge(after));
        }
        if let Some(before) = filter.due_before {
            query = query.filter(invoices::due_date.lt(before));
        }
        if let Some(search) = &filter.search {
            query = query.filter(StartsWith { column: Column::new("invoices", "number_key"), prefix: search.clone() });
        }
        if let Some(user) = filter.user {
            query = query.filter(invoices::user_id.eq(user));
        }
        finish_list!(query, parent, cut)
    }

    list_rows!();
}

impl Key for InvoiceId {
    type Value = Arc<Invoice>;

    async fn load(keys: Vec<Self>, unit: Arc<Unit>) -> Result<Found<Self>> {
        let query = Invoice::visible_to(unit.viewer()).filter(invoices::id.eq_any(keys));
        let rows: Vec<Invoice> = query.load(&mut unit.conn()).await?;
        Ok(rows.into_iter().map(|invoice| (invoice.id, Arc::new(invoice))).collect())
    }
}

/// The key of the money that moved for an invoice.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SumsOf(pub(crate) InvoiceId);

/// The money that moved for an invoice.
#[derive(Debug, Clone)]
pub struct Sums {
    pub(crate) paid: BigDecimal,
    pub(crate) refunded: BigDecimal,
}

impl Key for SumsOf {
    type Value = Arc<Sums>;

    async fn load(keys: Vec<Self>, unit: Arc<Unit>) -> Result<Found<Self>> {
        let statement = Statement::<(SqlUuid, Numeric, Numeric)>::new(
            "SELECT invoice_id, paid, refunded FROM app.invoice_sums(?)",
            vec![Bind::ids(keys.into_iter().map(|SumsOf(invoice)| invoice))],
        );
        let rows: Vec<(Uuid, BigDecimal, BigDecimal)> = statement.load(&mut unit.conn()).await?;
        let sums =
            rows.into_iter().map(|(id, paid, refunded)| (SumsOf(InvoiceId(id)), Arc::new(Sums { paid, refunded })));
        Ok(sums.collect())
    }
}
