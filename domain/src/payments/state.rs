//! What decisions know of a payment: amounts are derived from its transactions.

use serde::{Deserialize, Serialize};

use super::event::{Attempt, PaymentEvent};
use crate::event::Event;
use crate::kernel::{Currency, Instant, OrderId};
use crate::state::Aggregate;

/// A payment.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Payment {
    /// Whether the first event happened.
    pub exists: bool,
    /// What is paid.
    pub order_id: OrderId,
    /// Who moves the money.
    pub provider: String,
    /// Of every amount.
    pub currency: Currency,
    /// What the provider held at first.
    pub authorized_minor: i64,
    /// What moved to the tenant.
    pub captured_minor: i64,
    /// What moved back.
    pub refunded_minor: i64,
    /// Whether the rest of the authorization was given up or ran out.
    pub closed: bool,
    /// When the provider lets go.
    pub expires_at: Option<Instant>,
    /// A provider call with no answer. Nothing else may be attempted until it is resolved.
    pub unknown: Option<(Attempt, i64)>,
    /// The fee so far, as the schedule estimated it or the provider stated it.
    pub fee_minor: i64,
}

impl Payment {
    /// What may still be captured.
    pub const fn capturable(&self) -> i64 {
        if self.closed {
            0
        } else {
            self.authorized_minor - self.captured_minor
        }
    }

    /// Whether the provider let go of the authorization.
    pub fn expired(&self, now: Instant) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }

    /// What may still be refunded.
    pub const fn refundable(&self) -> i64 {
        self.captured_minor - self.refunded_minor
    }
}

impl Aggregate for Payment {
    fn evolve(&mut self, event: &Event) {
        let Event::Payment(event) = event else { return };
        match event {
            PaymentEvent::Authorized(authorized) => {
                self.exists = true;
                self.order_id = authorized.order_id;
                self.provider.clone_from(&authorized.provider);
                self.currency = authorized.currency;
                self.authorized_minor = authorized.amount_minor;
                self.expires_at = authorized.expires_at;
            }
            PaymentEvent::AuthorizationExpired(_) | PaymentEvent::Voided(_) => self.closed = true,
            PaymentEvent::Captured(captured) => {
                if !self.exists {
                    // Recorded from outside: the capture is the first that is heard of it.
                    self.exists = true;
                    self.order_id = captured.order_id;
                    self.provider.clone_from(&captured.provider);
                    self.currency = captured.currency;
                    self.authorized_minor = captured.amount_minor;
                }
                self.captured_minor += captured.amount_minor;
            }
            PaymentEvent::OutcomeUnknown(unknown) => {
                self.unknown = Some((unknown.attempt, unknown.amount_minor));
            }
            PaymentEvent::OutcomeResolved(_) => self.unknown = None,
            PaymentEvent::Refunded(refunded) => self.refunded_minor += refunded.amount_minor,
            PaymentEvent::FeeAssessed(fee) => self.fee_minor += fee.amount_minor,
        }
    }
}
