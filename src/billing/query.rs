//! Asking for invoices, transactions and sums.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object};
use uuid::Uuid;

use super::invoice::{Invoice, InvoiceFilter, InvoiceOrderField, InvoiceStatus};
use super::object::PaymentGateway;
use super::summary::{BillingSummary, SummaryOf};
use super::transaction::{Transaction, TransactionFilter, TransactionKind, TransactionOrderField, TransactionStatus};
use crate::db::list::Column;
use crate::error::{Error, Result};
use crate::id::{InvoiceId, TransactionId, UserId};
use crate::money::CurrencyCode;
use crate::page::{Connection, List, OrderDirection, PageArgs};
use crate::request::Ask as _;
use crate::requires::requires;
use crate::scalar::{Day, Instant, Raw, any_of, decode, exact, search, span};
use crate::viewer::{Permission, Requires};

/// What narrows a list of invoices. All conditions have to hold; null is none.
#[derive(InputObject, Default)]
#[graphql(name = "InvoiceFilter")]
pub struct InvoiceFilterInput {
    /// Any of these.
    status: Option<Vec<InvoiceStatus>>,
    /// In this currency.
    currency: Option<Raw<CurrencyCode>>,
    /// Due on this day or later.
    due_after: Option<Raw<Day>>,
    /// Due before this day.
    due_before: Option<Raw<Day>>,
    /// Matches the start of the number.
    search: Option<String>,
    /// For this person.
    user_id: Option<ID>,
}

impl InvoiceFilterInput {
    fn decode(self) -> Result<InvoiceFilter> {
        let due = ((self.due_after, "filter.dueAfter"), (self.due_before, "filter.dueBefore"));
        let (due_after, due_before) = span(due.0, due.1, |Day(day)| day)?;
        Ok(InvoiceFilter {
            status: any_of(self.status, "filter.status")?,
            currency: decode(self.currency, "filter.currency")?.map(|CurrencyCode(code)| code),
            due_after,
            due_before,
            search: search(self.search, "filter.search")?,
            user: self.user_id.map(|id| UserId::parse(&id, "filter.userId")).transpose()?,
        })
    }
}

/// How a list of invoices is sorted.
#[derive(InputObject, Clone, Copy)]
pub struct InvoiceOrder {
    /// By what.
    field: InvoiceOrderField,
    /// Which way.
    direction: OrderDirection,
}

/// What narrows a list of transactions. All conditions have to hold; null is none.
#[derive(InputObject, Default)]
#[graphql(name = "TransactionFilter")]
pub struct TransactionFilterInput {
    /// Any of these.
    status: Option<Vec<TransactionStatus>>,
    /// Any of these.
    kind: Option<Vec<TransactionKind>>,
    /// Through this gateway, by its name.
    gateway: Option<String>,
    /// With exactly this reference.
    reference: Option<String>,
    /// For this invoice.
    invoice_id: Option<ID>,
    /// Of this person.
    user_id: Option<ID>,
    /// Begun at this instant or later.
    created_after: Option<Raw<Instant>>,
    /// Begun before this instant.
    created_before: Option<Raw<Instant>>,
}

impl TransactionFilterInput {
    fn decode(self) -> Result<TransactionFilter> {
        let created = ((self.created_after, "filter.createdAfter"), (self.created_before, "filter.createdBefore"));
        let (created_after, created_before) = span(created.0, created.1, |Instant(at)| at)?;
        Ok(TransactionFilter {
            status: any_of(self.status, "filter.status")?,
            kind: any_of(self.kind, "filter.kind")?,
            gateway: exact(self.gateway, "filter.gateway")?,
            reference: exact(self.reference, "filter.reference")?,
            invoice: self.invoice_id.map(|id| InvoiceId::parse(&id, "filter.invoiceId")).transpose()?,
            user: self.user_id.map(|id| UserId::parse(&id, "filter.userId")).transpose()?,
            created_after,
            created_before,
        })
    }
}

/// How a list of transactions is sorted.
#[derive(InputObject, Clone, Copy)]
pub struct TransactionOrder {
    /// By what.
    field: TransactionOrderField,
    /// Which way.
    direction: OrderDirection,
}

impl Invoice {
    /// One page of the invoices that the viewer may see, all or those of a parent.
    ///
    /// # Errors
    /// `BAD_USER_INPUT`, and what the database answers.
    pub async fn page(
        ctx: &Context<'_>,
        parent: Option<(Column, Uuid)>,
        args: PageArgs,
        filter: Option<Raw<InvoiceFilterInput>>,
        order: Option<Raw<InvoiceOrder>>,
    ) -> Result<Connection<Self>> {
        let filter = Arc::new(decode(filter, "filter")?.unwrap_or_default().decode()?);
        let order = decode(order, "orderBy")?
            .map_or((InvoiceOrderField::CreatedAt, true), |by| (by.field, by.direction.is_descending()));
        Connection::load(ctx, List { parent, filter }, args, order).await
    }
}

impl Transaction {
    /// One page of the transactions that the viewer may see, all or those of a parent.
    ///
    /// # Errors
    /// `BAD_USER_INPUT`, and what the database answers.
    pub async fn page(
        ctx: &Context<'_>,
        parent: Option<(Column, Uuid)>,
        args: PageArgs,
        filter: Option<Raw<TransactionFilterInput>>,
        order: Option<Raw<TransactionOrder>>,
    ) -> Result<Connection<Self>> {
        let filter = Arc::new(decode(filter, "filter")?.unwrap_or_default().decode()?);
        let order = decode(order, "orderBy")?
            .map_or((TransactionOrderField::CreatedAt, true), |by| (by.field, by.direction.is_descending()));
        Connection::load(ctx, List { parent, filter }, args, order).await
    }
}

/// The longest span of a summary, in days.
const MAX_SUMMARY_DAYS: i64 = 400;

/// The queries of this room.
#[derive(Default)]
pub struct BillingQuery;

/// Asking for invoices, transactions and sums.
#[Object]
impl BillingQuery {
    /// One invoice. Null when there is none with this id, or when the viewer may not know it.
    #[graphql(directive = requires::apply(Permission::InvoiceRead, true))]
    async fn invoice(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The invoice.")] id: Raw<ID>,
    ) -> Option<Result<Option<Arc<Invoice>>>> {
        let invoice = async { ctx.load(InvoiceId::parse(&id.decode("id")?, "id")?).await };
        ctx.guarded(Requires::own(Permission::InvoiceRead), invoice).await
    }

    /// All invoices for holders of `invoice:read`, the viewer's own for others.
    #[graphql(directive = requires::apply(Permission::InvoiceRead, true))]
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection")]
    async fn invoices(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many rows from the start, at most 100; 20 by default, 0 for the count alone.")]
        first: Option<Raw<i32>>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many rows from the end, at most 100.")] last: Option<Raw<i32>>,
        #[graphql(desc = "Only rows ahead of this cursor.")] before: Option<String>,
        #[graphql(desc = "Which rows. Default all.")] filter: Option<Raw<InvoiceFilterInput>>,
        #[graphql(desc = "Default newest first.")] order_by: Option<Raw<InvoiceOrder>>,
    ) -> Option<Result<Connection<Invoice>>> {
        let page = Invoice::page(ctx, None, PageArgs::new(first, after, last, before), filter, order_by);
        ctx.guarded(Requires::own(Permission::InvoiceRead), page).await
    }

    /// One transaction. Null when there is none with this id, or when the viewer may not know it.
    #[graphql(directive = requires::apply(Permission::TransactionRead, true))]
    async fn transaction(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The transaction.")] id: Raw<ID>,
    ) -> Option<Result<Option<Arc<Transaction>>>> {
        let transaction = async { ctx.load(TransactionId::parse(&id.decode("id")?, "id")?).await };
        ctx.guarded(Requires::own(Permission::TransactionRead), transaction).await
    }

    /// All transactions for holders of `transaction:read`, the viewer's own for others.
    #[graphql(directive = requires::apply(Permission::TransactionRead, true))]
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection")]
    async fn transactions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many rows from the start, at most 100; 20 by default, 0 for the count alone.")]
        first: Option<Raw<i32>>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many rows from the end, at most 100.")] last: Option<Raw<i32>>,
        #[graphql(desc = "Only rows ahead of this cursor.")] before: Option<String>,
        #[graphql(desc = "Which rows. Default all.")] filter: Option<Raw<TransactionFilterInput>>,
        #[graphql(desc = "Default newest first.")] order_by: Option<Raw<TransactionOrder>>,
    ) -> Option<Result<Connection<Transaction>>> {
        let page = Transaction::page(ctx, None, PageArgs::new(first, after, last, before), filter, order_by);
        ctx.guarded(Requires::own(Permission::TransactionRead), page).await
    }

    /// The ways to pay. Empty until a gateway is set up.
    async fn payment_gateways(&self) -> Option<Vec<PaymentGateway>> {
        Some(Vec::new())
    }

    /// What came in from one day to another, both included, and what is owed now; one entry a currency.
    /// Null without the permission.
    #[graphql(directive = requires::apply(Permission::TransactionRead, false))]
    async fn billing_summary(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first day, in UTC.")] since: Raw<Day>,
        #[graphql(desc = "The last day, in UTC; at most 400 days later.")] until: Raw<Day>,
    ) -> Option<Result<Arc<Vec<BillingSummary>>>> {
        let summary = async {
            let (Day(since), Day(until)) = (since.decode("since")?, until.decode("until")?);
            if !(0..=MAX_SUMMARY_DAYS).contains(&(until - since).num_days()) {
                let message = format!("`until` lies on or after `since`, at most {MAX_SUMMARY_DAYS} days later.");
                return Err(Error::bad_input("until", message));
            }
            Ok(ctx.load(SummaryOf { since, until }).await?.unwrap_or_default())
        };
        ctx.guarded(Requires::any(Permission::TransactionRead), summary).await
    }
}
