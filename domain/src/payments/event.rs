//! Facts about payments. Amounts are minor units of the payment's currency.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::kernel::{Currency, Instant, OrderId, PaymentId, events};

events! {
    /// Facts of a payment's stream.
    PaymentEvent {
        /// The provider holds the amount for the tenant.
        Authorized(PaymentAuthorized) = "payment.authorized" v 1,
        /// The authorization ran out with nothing more to capture.
        AuthorizationExpired(AuthorizationExpired) = "payment.authorization_expired" v 1,
        /// What was not captured was given up.
        Voided(PaymentVoided) = "payment.voided" v 1,
        /// Money moved to the tenant.
        Captured(PaymentCaptured) = "payment.captured" v 1,
        /// A provider call was answered with nothing: it may have happened.
        OutcomeUnknown(OutcomeUnknown) = "payment.outcome_unknown" v 1,
        /// The unknown call did not happen. If it did, a capture or a refund says so.
        OutcomeResolved(OutcomeResolved) = "payment.outcome_resolved" v 1,
        /// Money moved back to the customer.
        Refunded(PaymentRefunded) = "payment.refunded" v 1,
        /// The provider's fee; an estimate until settlement.
        FeeAssessed(FeeAssessed) = "payment.fee_assessed" v 1,
    }
}

/// `payment.authorized`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentAuthorized {
    /// The new payment.
    pub payment_id: PaymentId,
    /// What is paid.
    pub order_id: OrderId,
    /// Who moves the money.
    pub provider: String,
    /// The provider's own id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_ref: Option<String>,
    /// Of every amount of the payment.
    pub currency: Currency,
    /// What may be captured.
    pub amount_minor: i64,
    /// When the provider lets go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Instant>,
}

/// `payment.authorization_expired`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuthorizationExpired {
    /// Which.
    pub payment_id: PaymentId,
    /// What is paid.
    pub order_id: OrderId,
    /// What was not captured.
    pub amount_minor: i64,
}

/// `payment.voided`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentVoided {
    /// Which.
    pub payment_id: PaymentId,
    /// What is paid.
    pub order_id: OrderId,
    /// What was not captured.
    pub amount_minor: i64,
}

/// `payment.captured`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentCaptured {
    /// Which.
    pub payment_id: PaymentId,
    /// What is paid.
    pub order_id: OrderId,
    /// Who moved the money.
    pub provider: String,
    /// The provider's own id of the capture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_ref: Option<String>,
    /// Of the amount.
    pub currency: Currency,
    /// Minor units.
    pub amount_minor: i64,
    /// When the money moved.
    pub captured_at: Instant,
}

/// `payment.outcome_unknown`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OutcomeUnknown {
    /// Which.
    pub payment_id: PaymentId,
    /// What is paid.
    pub order_id: OrderId,
    /// What was attempted.
    pub attempt: Attempt,
    /// Minor units that may have moved.
    pub amount_minor: i64,
}

/// A provider call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Attempt {
    /// Moving money to the tenant.
    Capture,
    /// Moving money back.
    Refund,
}

/// `payment.outcome_resolved`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OutcomeResolved {
    /// Which.
    pub payment_id: PaymentId,
    /// What is paid.
    pub order_id: OrderId,
    /// What was attempted.
    pub attempt: Attempt,
    /// Whether it happened after all; the capture or refund follows in the same commit.
    pub happened: bool,
}

/// `payment.refunded`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentRefunded {
    /// Which.
    pub payment_id: PaymentId,
    /// What was paid.
    pub order_id: OrderId,
    /// Who moved the money.
    pub provider: String,
    /// The provider's own id of the refund.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_ref: Option<String>,
    /// Of the amount.
    pub currency: Currency,
    /// Minor units.
    pub amount_minor: i64,
    /// Why, for people.
    pub reason: String,
    /// When the money moved.
    pub refunded_at: Instant,
}

/// `payment.fee_assessed`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FeeAssessed {
    /// Which.
    pub payment_id: PaymentId,
    /// What is paid.
    pub order_id: OrderId,
    /// Of the amount.
    pub currency: Currency,
    /// Minor units; negative corrects an earlier fee.
    pub amount_minor: i64,
    /// Whether the tenant's fee schedule said so, and not yet the provider.
    pub estimated: bool,
}
