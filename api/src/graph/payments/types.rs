//! What a payment looks like.

use async_graphql::{Context, Enum, ID, Object, Result};
use entrepot_domain::kernel::Currency;
use entrepot_domain::payments::Attempt;
use entrepot_projections::orders::PaymentDoc;

use crate::graph::gid;
use crate::graph::scalar::{DateTime, Money};

/// A payment of an order.
pub struct Payment {
    payment: PaymentDoc,
    currency: Currency,
}

/// A provider call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Attempt")]
pub enum PaymentAttempt {
    /// Moving money to the tenant.
    Capture,
    /// Moving money back.
    Refund,
}

impl Payment {
    /// One of an order's payments.
    pub(in crate::graph) fn new(payment: &PaymentDoc, currency: Currency) -> Self {
        Self {
            payment: payment.clone(),
            currency,
        }
    }
}

/// A payment of an order.
#[Object]
impl Payment {
    /// Global id.
    async fn id(&self) -> ID {
        gid::encode("Payment", self.payment.payment_id.0)
    }

    /// Who moves the money.
    async fn provider(&self) -> &str {
        &self.payment.provider
    }

    /// The provider's own id.
    async fn provider_ref(&self) -> Option<&str> {
        self.payment.provider_ref.as_deref()
    }

    /// What the provider held at first.
    async fn authorized(&self) -> Money {
        Money::new(self.payment.authorized_minor, self.currency)
    }

    /// What moved to the tenant.
    async fn captured(&self) -> Money {
        Money::new(self.payment.captured_minor, self.currency)
    }

    /// What moved back to the customer.
    async fn refunded(&self) -> Money {
        Money::new(self.payment.refunded_minor, self.currency)
    }

    /// What may still be captured.
    async fn capturable(&self) -> Money {
        Money::new(self.payment.capturable_minor(), self.currency)
    }

    /// What the provider took; zero also before anybody said.
    async fn fee(&self, _ctx: &Context<'_>) -> Result<Option<Money>> {
        Ok(Some(Money::new(self.payment.fee_minor, self.currency)))
    }

    /// Whether the fee is an estimate; null before any fee.
    async fn fee_estimated(&self, _ctx: &Context<'_>) -> Result<Option<bool>> {
        Ok(self.payment.fee_estimated)
    }

    /// Whether a call to the provider has no answer yet: money may have moved.
    async fn outcome_unknown(&self) -> bool {
        self.payment.unknown.is_some()
    }

    /// When the provider lets go of what is authorized.
    async fn expires_at(&self) -> Option<DateTime> {
        self.payment.expires_at.map(DateTime)
    }

    /// When money last moved to the tenant.
    async fn captured_at(&self) -> Option<DateTime> {
        self.payment.captured_at.map(DateTime)
    }

    /// When money last moved back.
    async fn refunded_at(&self) -> Option<DateTime> {
        self.payment.refunded_at.map(DateTime)
    }
}
