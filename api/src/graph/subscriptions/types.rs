//! What a subscription looks like.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use entrepot_domain::kernel::Currency;
use entrepot_domain::subscriptions as domain;
use entrepot_projections::subscriptions::SubscriptionDoc;

use super::revenue::rounded;
use crate::graph::catalog::{Product, ProductLoader};
use crate::graph::customers::{Customer, CustomerLoader};
use crate::graph::error::corrupt;
use crate::graph::orders::{Order, OrderLoader};
use crate::graph::scalar::{BigInt, CurrencyCode, Date, DateTime, Money};
use crate::graph::{gid, loader};

/// A subscription: goods that a customer gets again and again, at prices fixed when it was made.
pub struct SubscriptionContract(pub(crate) Arc<SubscriptionDoc>);

impl From<SubscriptionDoc> for SubscriptionContract {
    fn from(doc: SubscriptionDoc) -> Self {
        Self(Arc::new(doc))
    }
}

/// Whether cycles run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::SubscriptionStatus")]
pub enum SubscriptionStatus {
    /// A cycle makes its order when it is due.
    Active,
    /// No cycle runs until it is resumed.
    Paused,
    /// It ended: no cycle runs again.
    Canceled,
}

/// The unit of an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::IntervalUnit")]
pub enum IntervalUnit {
    /// Civil days.
    Day,
    /// Seven days.
    Week,
    /// Calendar months.
    Month,
    /// Calendar years.
    Year,
}

/// How often a subscription comes round: every `count` units.
#[derive(Clone, Debug, SimpleObject)]
pub struct SubscriptionInterval {
    /// Days, weeks, months or years.
    unit: IntervalUnit,
    /// At least 1.
    count: i32,
}

/// A cycle that was due and could not make its order.
#[derive(Clone, Debug, SimpleObject)]
pub struct SubscriptionFailure {
    /// The cycle, from 0.
    cycle: BigInt,
    /// Why: stable, upper case, for programs.
    code: String,
    /// Why, in a sentence.
    message: String,
    /// The day on which it was to be tried again.
    retry_on: Date,
    /// When it failed.
    failed_at: DateTime,
}

impl SubscriptionContract {
    fn terms(&self) -> Result<&domain::SubscriptionCreated> {
        self.0
            .state
            .terms
            .as_ref()
            .ok_or_else(|| corrupt("a subscription's terms", self.0.subscription_id))
    }
}

/// A subscription: goods that a customer gets again and again, at prices fixed when it was made.
#[Object]
impl SubscriptionContract {
    /// Global id.
    pub(in crate::graph) async fn id(&self) -> ID {
        gid::encode("Subscription", self.0.subscription_id.0)
    }

    /// Whether cycles run.
    async fn status(&self) -> SubscriptionStatus {
        self.0.state.status.into()
    }

    /// Who gets the goods.
    async fn customer(&self, ctx: &Context<'_>) -> Result<Option<Customer>> {
        let id = self.terms()?.customer_id.0;
        Ok(loader::load::<CustomerLoader, _>(ctx, id)
            .await?
            .map(Customer))
    }

    /// The channel that its orders count for.
    async fn channel(&self) -> Result<&str> {
        Ok(&self.terms()?.channel)
    }

    /// The currency of every amount here.
    async fn currency(&self) -> Result<CurrencyCode> {
        Ok(CurrencyCode(self.terms()?.currency))
    }

    /// What the next cycle orders.
    async fn items(&self) -> Result<Vec<SubscriptionItem<'_>>> {
        let currency = self.terms()?.currency;
        Ok(self
            .0
            .state
            .items
            .iter()
            .map(|item| SubscriptionItem { item, currency })
            .collect())
    }

    /// How often.
    async fn interval(&self) -> Result<SubscriptionInterval> {
        let interval = self.terms()?.interval;
        Ok(SubscriptionInterval {
            unit: interval.unit.into(),
            count: interval.count,
        })
    }

    /// The day of cycle 0; every later day is computed from it.
    async fn anchor(&self) -> Result<Date> {
        Ok(Date(self.terms()?.anchor))
    }

    /// The IANA time zone in which a cycle's day begins.
    async fn time_zone(&self) -> Result<&str> {
        Ok(&self.terms()?.time_zone.0)
    }

    /// The cycle that is due next, from 0.
    async fn next_cycle(&self) -> BigInt {
        BigInt(self.0.state.next_cycle)
    }

    /// The day on which it is due, or is tried again. Null unless active.
    async fn next_on(&self) -> Option<Date> {
        self.0.next_on.map(Date)
    }

    /// The day on which a pause ends by itself. Null if it does not, or if there is none.
    async fn resume_on(&self) -> Option<Date> {
        self.0.state.resume_on.map(Date)
    }

    /// The order that the newest cycle made. Null before the first.
    async fn last_order(&self, ctx: &Context<'_>) -> Result<Option<Order>> {
        match &self.0.last_order {
            Some(cycle) => Ok(loader::load::<OrderLoader, _>(ctx, cycle.order_id.0)
                .await?
                .map(Order::from)),
            None => Ok(None),
        }
    }

    /// The newest cycle that could not make its order, also if it was made good since. Null if
    /// there never was one.
    async fn last_failure(&self) -> Option<SubscriptionFailure> {
        self.0
            .last_failure
            .as_ref()
            .map(|failure| SubscriptionFailure {
                cycle: BigInt(failure.cycle),
                code: failure.code.clone(),
                message: failure.message.clone(),
                retry_on: Date(failure.retry_on),
                failed_at: DateTime(failure.failed_at),
            })
    }

    /// Why it was canceled, if it was.
    async fn cancel_reason(&self) -> Option<&str> {
        self.0.cancellation.as_ref().map(|end| end.reason.as_str())
    }

    /// Monthly recurring revenue, tax excluded; zero unless active. Rounded half to even here:
    /// sums are taken of exact values, see `mrrSums`.
    async fn mrr(&self, _ctx: &Context<'_>) -> Result<Option<Money>> {
        Ok(Some(rounded(
            self.0.mrr_micros.into(),
            self.terms()?.currency,
        )))
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When its newest event was recorded.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }

    /// The position of its newest event.
    async fn position(&self) -> BigInt {
        BigInt(self.0.position)
    }
}

/// Something that every cycle orders.
pub struct SubscriptionItem<'a> {
    item: &'a domain::SubscriptionItem,
    currency: Currency,
}

/// Something that every cycle orders.
#[Object]
impl SubscriptionItem<'_> {
    /// The SKU: the tenant's own code, verbatim.
    async fn sku(&self) -> &str {
        self.item.sku.as_str()
    }

    /// Units each cycle.
    async fn quantity(&self) -> BigInt {
        BigInt(self.item.quantity)
    }

    /// For one unit, tax excluded; fixed when the subscription was made.
    async fn unit_price(&self) -> Money {
        Money::new(self.item.unit_price_minor, self.currency)
    }

    /// The SKU with its description and today's prices.
    async fn product(&self, ctx: &Context<'_>) -> Result<Option<Product>> {
        Ok(
            loader::load::<ProductLoader, _>(ctx, self.item.sku.0.clone())
                .await?
                .map(Product),
        )
    }
}
