//! Lists of invoices.

use diesel::prelude::*;

use super::row::{Invoice, InvoiceStatus};
use crate::column;
use crate::db::list::{Column, Ending, Fragment, StartsWith};
use crate::db::schema::invoices;
use crate::id::UserId;
use crate::money::CurrencyCode;
use crate::page::{Listed, Order};
use crate::scalar::Day;
use crate::viewer::Viewer;

/// What narrows a list of invoices.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct InvoiceFilter {
    pub(super) status: Option<Vec<InvoiceStatus>>,
    pub(super) currency: Option<CurrencyCode>,
    pub(super) due_after: Option<Day>,
    pub(super) due_before: Option<Day>,
    pub(super) search: Option<String>,
    pub(super) user: Option<UserId>,
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
        match self {
            Self::CreatedAt => column!(invoices.created_at),
            Self::DueDate => column!(invoices.due_date_sort),
        }
    }
}

impl Listed for Invoice {
    type Order = InvoiceOrderField;
    type Filter = InvoiceFilter;

    fn newest() -> InvoiceOrderField {
        InvoiceOrderField::CreatedAt
    }

    fn query(viewer: &Viewer, filter: &InvoiceFilter, mut ending: Ending) -> Fragment {
        let mut query = Self::visible_to(viewer);
        if let Some(status) = ending.any_of(column!(invoices.status), filter.status.as_ref()) {
            query = query.filter(status);
        }
        if let Some(currency) = filter.currency {
            query = query.filter(invoices::currency.eq(currency.as_str().to_owned()));
        }
        if let Some(Day(after)) = filter.due_after {
            query = query.filter(invoices::due_date_sort.ge(after));
        }
        if let Some(Day(before)) = filter.due_before {
            // The column that lists are sorted by bounds the walk; the other leaves out who has no due date.
            query = query.filter(invoices::due_date.lt(before)).filter(invoices::due_date_sort.lt(before));
        }
        if let Some(search) = &filter.search {
            query = query.filter(StartsWith { column: column!(invoices.number_key), prefix: search.clone() });
        }
        if let Some(user) = filter.user {
            query = query.filter(invoices::user_id.eq(user));
        }
        ending.finish(query)
    }
}
