//! What the area's tests share: a customer, a monthly subscription of two A, and what is done to it.

use uuid::Uuid;

use super::{
    CreateSubscription, Interval, IntervalUnit, NewItem, RunCycle, Subscription,
    SubscriptionCreated,
};
use crate::kernel::{Currency, CustomerId, Date, SubscriptionId, Zone};
use crate::state::State;
use crate::testing::{Past, customer, retailer};

pub(super) const CUSTOMER: CustomerId = CustomerId(Uuid::from_u128(1));
pub(super) const SUBSCRIPTION: SubscriptionId = SubscriptionId(Uuid::from_u128(2));

/// A retailer with a customer.
pub(super) fn subscribers() -> Past {
    retailer().and(CUSTOMER, customer(CUSTOMER))
}

/// The same with a monthly subscription from `anchor` on.
pub(super) fn subscribed(anchor: &str) -> Past {
    let mut past = subscribers();
    past.when(&create(anchor)).expect("created");
    past
}

pub(super) fn create(anchor: &str) -> CreateSubscription {
    CreateSubscription {
        subscription_id: Some(SUBSCRIPTION),
        customer_id: CUSTOMER,
        channel: "web".to_owned(),
        currency: None,
        items: vec![NewItem {
            sku: "A".into(),
            quantity: 2,
            unit_price_minor: None,
        }],
        interval: monthly(),
        anchor: date(anchor),
        anchor_day: None,
        time_zone: None,
    }
}

pub(super) fn run(cycle: i64) -> RunCycle {
    RunCycle {
        subscription_id: SUBSCRIPTION,
        cycle,
    }
}

/// Terms that recur on the anchor's own day.
pub(super) fn terms(anchor: &str, interval: Interval) -> SubscriptionCreated {
    SubscriptionCreated {
        subscription_id: SUBSCRIPTION,
        customer_id: CUSTOMER,
        channel: "web".to_owned(),
        currency: Currency::default(),
        items: Vec::new(),
        interval,
        anchor: date(anchor),
        anchor_day: date(anchor).0.day(),
        time_zone: Zone::default(),
    }
}

pub(super) const fn monthly() -> Interval {
    Interval {
        unit: IntervalUnit::Month,
        count: 1,
    }
}

pub(super) fn subscription(past: &Past) -> Subscription {
    match past.state_of(SUBSCRIPTION) {
        State::Subscription(subscription) => *subscription,
        other => panic!("a subscription, not {other:?}"),
    }
}

pub(super) fn date(text: &str) -> Date {
    Date::parse(text, "date").expect("date")
}
