//! Makes a due cycle's order: what the clock asks for.

use serde::Serialize;

use super::calendar::{cycle_date, day_after, due_at};
use super::guard::{check_status, known, wrong_state};
use super::{
    RenewalFailed, Subscription, SubscriptionCreated, SubscriptionEvent, SubscriptionItem,
    SubscriptionRenewed, SubscriptionStatus,
};
use crate::command::{Command, Decision};
use crate::kernel::{Ctx, Halt, Instant, OrderId, Refusal, Refused, SubscriptionId, code};
use crate::orders::{PlaceLine, PlaceOrder};
use crate::world::World;

/// Runs the cycle that is due next. An order that cannot be placed fails the renewal, which is a
/// fact; the cycle stays due and is tried again on the next day.
#[derive(Clone, Debug, Serialize)]
pub struct RunCycle {
    /// Which.
    pub subscription_id: SubscriptionId,
    /// The cycle to run. Any other than the next is refused, so that none runs twice.
    pub cycle: i64,
}

impl Command for RunCycle {
    const NAME: &'static str = "RunCycle";

    fn decide(&self, world: &World<'_>, ctx: &Ctx) -> Result<Decision, Halt> {
        let (subscription, terms) = known(world, self.subscription_id)?;
        check_status(subscription, SubscriptionStatus::Active)?;
        if self.cycle != subscription.next_cycle {
            let message = format!("cycle {} is due next", subscription.next_cycle);
            return Err(wrong_state(&message).into());
        }
        check_due(subscription, terms, ctx.now)?;

        let order = self.order(subscription, terms);
        world.want(order.reads())?;
        match Command::decide(&order, world, ctx) {
            Ok(placed) => Ok(self.renewed(terms, placed)?),
            Err(Halt::Refused(refusal)) => Ok(self.failed(terms, refusal, ctx.now)?),
            Err(Halt::NeedsState) => Err(Halt::NeedsState),
        }
    }
}

/// Refuses a cycle whose day, or the day to try it again, has not begun.
fn check_due(
    subscription: &Subscription,
    terms: &SubscriptionCreated,
    now: Instant,
) -> Refused<()> {
    let due = due_at(terms, subscription.next_cycle)?;
    let retry = subscription.retry_on;
    let due = retry.map_or(due, |day| due.max(terms.time_zone.start_of(day)));
    if due <= now {
        return Ok(());
    }
    let message = format!("the cycle is due at {due}");
    Err(Refusal::at(code::TIME_OUT_OF_ORDER, "cycle", message))
}

impl RunCycle {
    /// The id depends on the cycle alone, so no other history can order for it again.
    fn order_id(&self) -> OrderId {
        let id = self.subscription_id.to_string();
        OrderId::natural(&["subscription", &id, &self.cycle.to_string()])
    }

    fn order(&self, subscription: &Subscription, terms: &SubscriptionCreated) -> PlaceOrder {
        let line = |item: &SubscriptionItem| PlaceLine {
            sku: item.sku.clone(),
            quantity: item.quantity,
            unit_price_minor: Some(item.unit_price_minor),
            discounts: Vec::new(),
        };
        PlaceOrder {
            order_id: Some(self.order_id()),
            channel: terms.channel.clone(),
            external_ref: None,
            customer_id: Some(terms.customer_id),
            address_ref: None,
            currency: Some(terms.currency),
            lines: subscription.items.iter().map(line).collect(),
            discounts: Vec::new(),
            shipping: None,
            placed_at: None,
            subscription_id: Some(self.subscription_id),
        }
    }

    fn renewed(&self, terms: &SubscriptionCreated, placed: Decision) -> Refused<Decision> {
        let renewed = SubscriptionRenewed {
            subscription_id: self.subscription_id,
            cycle: self.cycle,
            from: cycle_date(terms, self.cycle)?,
            to: cycle_date(terms, self.cycle + 1)?,
            order_id: self.order_id(),
        };
        let mut decision = Decision::about(self.subscription_id.0);
        decision.include(placed);
        Ok(decision.with(self.subscription_id, SubscriptionEvent::Renewed(renewed)))
    }

    fn failed(
        &self,
        terms: &SubscriptionCreated,
        refusal: Refusal,
        now: Instant,
    ) -> Refused<Decision> {
        let failed = RenewalFailed {
            subscription_id: self.subscription_id,
            cycle: self.cycle,
            code: refusal.code.to_owned(),
            message: refusal.message,
            retry_on: day_after(terms.time_zone.date_of(now))?,
        };
        let decision = Decision::about(self.subscription_id.0);
        Ok(decision.with(
            self.subscription_id,
            SubscriptionEvent::RenewalFailed(failed),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::super::given::{SUBSCRIPTION, date, run, subscribed, subscription};
    use super::super::{CancelSubscription, PauseSubscription};
    use super::*;
    use crate::event::Event;
    use crate::testing::{Past, refused};

    fn names(past: &mut Past, cycle: i64) -> Vec<&'static str> {
        let outcome = past.when(&run(cycle)).expect("due");
        outcome.events.iter().map(Event::type_name).collect()
    }

    #[test]
    fn a_due_cycle_makes_its_order_once() {
        let mut past = subscribed("2026-01-31")
            .stocked("A", "east", 5, 0)
            .at("2026-01-31T05:00:00Z");
        let facts = ["order.placed", "inventory.reserved", "subscription.renewed"];
        assert_eq!(names(&mut past, 0), facts);
        let renewed = past.events.last().expect("a fact").event.clone();
        assert!(matches!(
            renewed,
            Event::Subscription(SubscriptionEvent::Renewed(renewed))
                if (renewed.from, renewed.to) == (date("2026-01-31"), date("2026-02-28"))
        ));
        assert_eq!(refused(past.when(&run(0))), "WRONG_STATE subscriptionId");
        assert_eq!(refused(past.when(&run(1))), "TIME_OUT_OF_ORDER cycle");
    }

    #[test]
    fn a_cycle_is_not_due_before_its_local_day() {
        let mut past = subscribed("2026-01-31")
            .stocked("A", "east", 5, 0)
            .at("2026-01-31T04:59:59Z");
        assert_eq!(refused(past.when(&run(0))), "TIME_OUT_OF_ORDER cycle");
    }

    #[test]
    fn an_order_that_cannot_be_placed_fails_the_renewal_until_the_next_day() {
        let mut past = subscribed("2026-01-31").at("2026-01-31T23:00:00Z");
        assert_eq!(names(&mut past, 0), ["subscription.renewal_failed"]);
        assert_eq!(subscription(&past).retry_on, Some(date("2026-02-01")));
        assert_eq!(subscription(&past).next_cycle, 0);

        let past = past.stocked("A", "east", 5, 0);
        let mut past = past.at("2026-02-01T04:59:59Z");
        assert_eq!(refused(past.when(&run(0))), "TIME_OUT_OF_ORDER cycle");
        let mut past = past.at("2026-02-01T05:00:00Z");
        assert_eq!(names(&mut past, 0).len(), 3);
        assert_eq!(subscription(&past).retry_on, None);
    }

    #[test]
    fn cycles_that_were_missed_run_in_order() {
        let mut past = subscribed("2026-01-31")
            .stocked("A", "east", 9, 0)
            .at("2026-03-31T05:00:00Z");
        assert_eq!(refused(past.when(&run(1))), "WRONG_STATE subscriptionId");
        for cycle in 0..3 {
            assert_eq!(names(&mut past, cycle).len(), 3);
        }
        assert_eq!(subscription(&past).next_cycle, 3);
    }

    #[test]
    fn only_an_active_subscription_runs() {
        let paused = PauseSubscription {
            subscription_id: SUBSCRIPTION,
            resume_on: None,
        };
        let canceled = CancelSubscription {
            subscription_id: SUBSCRIPTION,
            reason: "moved".to_owned(),
        };
        let mut past = subscribed("2026-01-31");
        past.when(&paused).expect("paused");
        let mut past = past.at("2026-03-01T00:00:00Z");
        assert_eq!(refused(past.when(&run(0))), "WRONG_STATE subscriptionId");
        past.when(&canceled).expect("canceled");
        assert_eq!(refused(past.when(&run(0))), "WRONG_STATE subscriptionId");
        let unknown = RunCycle {
            subscription_id: SubscriptionId::default(),
            cycle: 0,
        };
        assert_eq!(refused(past.when(&unknown)), "NOT_FOUND subscriptionId");
    }
}
