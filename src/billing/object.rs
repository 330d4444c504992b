//! Invoices and transactions, as clients see them.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, SimpleObject};
use bigdecimal::BigDecimal;

use super::invoice::{Invoice, InvoiceStatus, Sums, SumsOf};
use super::item::{InvoiceItem, ItemsOf};
use super::transaction::{
    MetadataOf, RefundedOf, Transaction, TransactionDirection, TransactionKind, TransactionStatus,
};
use crate::db::list::Column;
use crate::error::{Error, Result};
use crate::identity::User;
use crate::money::{CurrencyCode, Decimal, Money};
use crate::outcome::AllowedAction;
use crate::page::{Connection, PageArgs};
use crate::request::Ask as _;
use crate::requires::requires;
use crate::scalar::{Day, Instant, Raw};
use crate::servers::Server;
use crate::viewer::{Permission, Requires};

/// An invoice. Visible to whom it is for and to holders of `invoice:read`.
#[Object]
impl Invoice {
    /// The invoice's id.
    pub async fn id(&self) -> ID {
        self.id.into()
    }

    /// Counts the changes of the row; give it back as `expectedRevision`.
    async fn revision(&self) -> i32 {
        self.revision
    }

    /// Gapless, given when it is issued. Null while a draft.
    async fn number(&self) -> Option<&str> {
        self.number.as_deref()
    }

    /// What it is over.
    async fn amount(&self) -> Money {
        Money::new(&self.amount, &self.currency)
    }

    /// What was paid for it, refunds not taken off.
    async fn amount_paid(&self, ctx: &Context<'_>) -> Result<Money> {
        Ok(Money::new(&sums(ctx, self).await?.paid, &self.currency))
    }

    /// What was given back of it.
    async fn amount_refunded(&self, ctx: &Context<'_>) -> Result<Money> {
        Ok(Money::new(&sums(ctx, self).await?.refunded, &self.currency))
    }

    /// What is still to be paid: nothing before it is issued and after it is settled.
    async fn amount_due(&self, ctx: &Context<'_>) -> Result<Money> {
        let sums = sums(ctx, self).await?;
        Ok(Money::new(&self.due(&sums), &self.currency))
    }

    /// Where it is in its life.
    async fn status(&self) -> InvoiceStatus {
        self.status
    }

    /// When it has to be paid. Null when no day is set.
    async fn due_date(&self) -> Option<Day> {
        self.due_date.map(Into::into)
    }

    /// When it was paid. Null until then.
    async fn paid_at(&self) -> Option<Instant> {
        self.paid_at.map(Into::into)
    }

    /// When it was made.
    async fn created_at(&self) -> Instant {
        self.created_at.into()
    }

    /// When it last changed.
    async fn updated_at(&self) -> Instant {
        self.updated_at.into()
    }

    /// Whom it is for. Null for those who may not see the account.
    async fn user(&self, ctx: &Context<'_>) -> Option<Result<Arc<User>>> {
        ctx.edge(self.user_id).await
    }

    /// Its lines, in their order.
    async fn items(&self, ctx: &Context<'_>) -> Result<Vec<Line>> {
        let items = ctx.load(ItemsOf(self.id)).await?.unwrap_or_default();
        Ok(items.iter().map(|item| Line { item: Arc::clone(item), currency: self.currency.clone() }).collect())
    }

    /// The money that moved for it, newest first. Null without the permission.
    #[graphql(directive = requires::apply(Permission::TransactionRead, true))]
    async fn transactions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many rows from the start, at most 100; 20 by default, 0 for the count alone.")]
        first: Option<Raw<i32>>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many rows from the end, at most 100.")] last: Option<Raw<i32>>,
        #[graphql(desc = "Only rows ahead of this cursor.")] before: Option<String>,
    ) -> Option<Result<Connection<Transaction>>> {
        let args = PageArgs::new(first, after, last, before);
        let page =
            Transaction::page(ctx, Some((Column::new("transactions", "invoice_id"), self.id.0)), args, None, None);
        ctx.guarded_for(Requires::own(Permission::TransactionRead), self.user_id, page).await
    }

    /// What the viewer may do with it. Actions come with the mutations that run them.
    async fn allowed_actions(&self) -> Vec<AllowedAction> {
        Vec::new()
    }
}

async fn sums(ctx: &Context<'_>, invoice: &Invoice) -> Result<Arc<Sums>> {
    ctx.load(SumsOf(invoice.id)).await?.ok_or_else(|| Error::missing_row("an invoice"))
}

/// A line of an invoice; its amounts are in the invoice's currency.
pub struct Line {
    item: Arc<InvoiceItem>,
    currency: String,
}

/// A line of an invoice.
#[Object(name = "InvoiceItem")]
impl Line {
    /// The line's id.
    async fn id(&self) -> ID {
        self.item.id.into()
    }

    /// What it charges for.
    async fn description(&self) -> &str {
        &self.item.description
    }

    /// How much of it.
    async fn quantity(&self) -> Decimal {
        Decimal(self.item.quantity.normalized())
    }

    /// What one costs.
    async fn unit_price(&self) -> Money {
        Money::exact(&self.item.unit_price, &self.currency)
    }

    /// What all of it costs, rounded once.
    async fn amount(&self) -> Money {
        Money::new(&self.item.amount, &self.currency)
    }

    /// The server that it charges for. Null when it is for none, or for those who may not see it.
    async fn server(&self, ctx: &Context<'_>) -> Option<Result<Arc<Server>>> {
        ctx.edge(self.item.server_id?).await
    }

    /// From when. Null when it is for no span of time.
    async fn period_start(&self) -> Option<Instant> {
        self.item.period_start.map(Into::into)
    }

    /// Until when. Null when it is for no span of time.
    async fn period_end(&self) -> Option<Instant> {
        self.item.period_end.map(Into::into)
    }
}

/// A movement of money. Visible to whose it is and to holders of `transaction:read`.
#[Object]
impl Transaction {
    /// The transaction's id.
    pub async fn id(&self) -> ID {
        self.id.into()
    }

    /// What it is.
    async fn kind(&self) -> TransactionKind {
        self.kind
    }

    /// Always positive.
    async fn amount(&self) -> Money {
        Money::new(&self.amount, &self.currency)
    }

    /// Null for credit, usage and adjustments.
    async fn gateway(&self) -> Option<&str> {
        self.gateway.as_deref()
    }

    /// IN adds to what the person has paid or holds.
    async fn direction(&self) -> TransactionDirection {
        self.direction
    }

    /// What can still be refunded of it.
    async fn amount_refundable(&self, ctx: &Context<'_>) -> Result<Money> {
        let refunded: BigDecimal = ctx.load(RefundedOf(self.id)).await?.unwrap_or_default();
        Ok(Money::new(&self.refundable(&refunded), &self.currency))
    }

    /// Where it is in its life.
    async fn status(&self) -> TransactionStatus {
        self.status
    }

    /// The gateway's own id of it, unique per gateway. Null until there is one.
    async fn reference(&self) -> Option<&str> {
        self.reference.as_deref()
    }

    /// What the gateway sent along. Null when it sent nothing, or without the permission.
    #[graphql(directive = requires::apply(Permission::TransactionRead, false))]
    async fn metadata(&self, ctx: &Context<'_>) -> Option<Result<Option<serde_json::Value>>> {
        let metadata = async { Ok(ctx.load(MetadataOf(self.id)).await?.map(Arc::unwrap_or_clone)) };
        ctx.guarded(Requires::any(Permission::TransactionRead), metadata).await
    }

    /// When it began.
    async fn created_at(&self) -> Instant {
        self.created_at.into()
    }

    /// When it last changed.
    async fn updated_at(&self) -> Instant {
        self.updated_at.into()
    }

    /// Whose it is. Null for those who may not see the account.
    async fn user(&self, ctx: &Context<'_>) -> Option<Result<Arc<User>>> {
        ctx.edge(self.user_id).await
    }

    /// The invoice that it is for. Null when it is for none, or for those who may not see it.
    async fn invoice(&self, ctx: &Context<'_>) -> Option<Result<Arc<Invoice>>> {
        ctx.edge(self.invoice_id?).await
    }

    /// The payment that a refund gives back. Null for everything but a refund.
    async fn parent(&self, ctx: &Context<'_>) -> Option<Result<Arc<Transaction>>> {
        ctx.edge(self.parent_id?).await
    }

    /// What the viewer may do with it. Actions come with the mutations that run them.
    async fn allowed_actions(&self) -> Vec<AllowedAction> {
        Vec::new()
    }
}

/// A way to pay.
#[derive(SimpleObject)]
pub struct PaymentGateway {
    /// What the API calls it.
    name: String,
    /// What people call it.
    display_name: String,
    /// What it takes.
    currencies: Vec<CurrencyCode>,
}
