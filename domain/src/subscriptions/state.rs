//! What decisions know of a subscription.

use serde::{Deserialize, Serialize};

use super::event::{SubscriptionCreated, SubscriptionEvent, SubscriptionItem};
use crate::event::Event;
use crate::kernel::Date;
use crate::state::Aggregate;

/// A subscription.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Subscription {
    /// What it was made as; `None` before `subscription.created`.
    pub terms: Option<SubscriptionCreated>,
    /// What the next cycle orders.
    pub items: Vec<SubscriptionItem>,
    /// Whether cycles run.
    pub status: SubscriptionStatus,
    /// The cycle that is due next.
    pub next_cycle: i64,
    /// The day on which a pause ends by itself.
    pub resume_on: Option<Date>,
    /// The day on which a failed cycle is tried again.
    pub retry_on: Option<Date>,
}

/// Whether cycles run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubscriptionStatus {
    /// They do.
    #[default]
    Active,
    /// Not for now.
    Paused,
    /// Never again.
    Canceled,
}

impl Aggregate for Subscription {
    fn evolve(&mut self, event: &Event) {
        let Event::Subscription(event) = event else {
            return;
        };
        match event {
            SubscriptionEvent::Created(created) => {
                self.items.clone_from(&created.items);
                self.terms = Some(created.clone());
            }
            SubscriptionEvent::Renewed(renewed) => {
                self.next_cycle = renewed.cycle + 1;
                self.retry_on = None;
            }
            SubscriptionEvent::RenewalFailed(failed) => self.retry_on = Some(failed.retry_on),
            SubscriptionEvent::CycleSkipped(skipped) => {
                self.next_cycle = skipped.cycle + 1;
                self.retry_on = None;
            }
            SubscriptionEvent::Paused(paused) => {
                self.status = SubscriptionStatus::Paused;
                self.resume_on = paused.resume_on;
            }
            SubscriptionEvent::Resumed(resumed) => {
                self.status = SubscriptionStatus::Active;
                if resumed.next_cycle != self.next_cycle {
                    // The failed cycle passed during the pause: nothing is left to try again.
                    self.retry_on = None;
                }
                self.next_cycle = resumed.next_cycle;
                self.resume_on = None;
            }
            SubscriptionEvent::QuantityChanged(changed) => {
                let items = self.items.iter_mut().filter(|item| item.sku == changed.sku);
                items.for_each(|item| item.quantity = changed.quantity);
            }
            SubscriptionEvent::Canceled(_) => self.status = SubscriptionStatus::Canceled,
        }
    }
}
