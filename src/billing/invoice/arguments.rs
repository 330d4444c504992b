//! What a client can narrow and sort invoices by.

use async_graphql::{ID, InputObject};

use super::list::{InvoiceFilter, InvoiceOrderField};
use super::row::InvoiceStatus;
use crate::error::Result;
use crate::id::UserId;
use crate::money::CurrencyCode;
use crate::page::{FilterInput, Filtered, order};
use crate::scalar::{Day, Undecoded, any_of, decode, search, span};
use crate::viewer::Viewer;

/// The arguments of a list of invoices.
pub type InvoiceArguments = Filtered<InvoiceFilterInput, InvoiceOrder>;

/// What narrows a list of invoices. All conditions have to hold; null is none.
#[derive(InputObject, Default)]
#[graphql(name = "InvoiceFilter")]
pub struct InvoiceFilterInput {
    /// Any of these.
    status: Option<Vec<InvoiceStatus>>,
    /// In this currency.
    currency: Option<Undecoded<CurrencyCode>>,
    /// Due on this day or later.
    due_after: Option<Undecoded<Day>>,
    /// Due before this day.
    due_before: Option<Undecoded<Day>>,
    /// Matches the start of the number. Blanks at the edges do not count; blank is no condition.
    search: Option<String>,
    /// For this person.
    user_id: Option<ID>,
}

impl FilterInput for InvoiceFilterInput {
    type Filter = InvoiceFilter;
    const ABOUT: &'static str = "Which rows. Default all.";

    fn decode(self, _: &Viewer) -> Result<InvoiceFilter> {
        let due = ((self.due_after, "filter.dueAfter"), (self.due_before, "filter.dueBefore"));
        let (due_after, due_before) = span(due.0, due.1)?;
        Ok(InvoiceFilter {
            status: any_of(self.status, "filter.status")?,
            currency: decode(self.currency, "filter.currency")?,
            due_after,
            due_before,
            search: search(self.search, "filter.search")?,
            user: self.user_id.map(|id| UserId::parse(&id, "filter.userId")).transpose()?,
        })
    }
}

order! {
    /// How a list of invoices is sorted.
    InvoiceOrder by InvoiceOrderField
}
