//! Starts a subscription: what a customer wants again and again, at prices fixed now.

use std::slice;

use serde::Serialize;

use super::calendar::{cycle_date, first_date};
use super::guard::check_value;
use super::{Interval, IntervalUnit, SubscriptionCreated, SubscriptionEvent, SubscriptionItem};
use crate::command::{Command, Decision};
use crate::kernel::{
    Ctx, Currency, CustomerId, Date, Halt, Refusal, Refused, Sku, StreamId, SubscriptionId, Zone,
    code, distinct, non_negative, one_to, quantity,
};
use crate::world::World;

/// The most items of a subscription.
const ITEMS_MAX: usize = 50;
/// The most days, weeks, months or years between two cycles.
const INTERVAL_MAX: i32 = 1000;

/// Creates a subscription.
#[derive(Clone, Debug, Serialize)]
pub struct CreateSubscription {
    /// The new subscription's id; a fresh one if not given.
    pub subscription_id: Option<SubscriptionId>,
    /// Who wants the goods.
    pub customer_id: CustomerId,
    /// The channel that its orders count for.
    pub channel: String,
    /// Of every price; the tenant's own if not given.
    pub currency: Option<Currency>,
    /// 1 to 50, each SKU once.
    pub items: Vec<NewItem>,
    /// How often.
    pub interval: Interval,
    /// The first day on which a cycle may be due; not before today in the subscription's zone.
    pub anchor: Date,
    /// The day of the month for months and years, 1 to 31; the anchor's if not given.
    pub anchor_day: Option<i8>,
    /// The zone in which a cycle's day begins; the tenant's if not given.
    pub time_zone: Option<Zone>,
}

/// Something to order in every cycle.
#[derive(Clone, Debug, Serialize)]
pub struct NewItem {
    /// What.
    pub sku: Sku,
    /// Units each cycle.
    pub quantity: i64,
    /// Minor units for one unit, tax excluded; the catalog's price of today if not given.
    pub unit_price_minor: Option<i64>,
}

impl Command for CreateSubscription {
    const NAME: &'static str = "CreateSubscription";

    fn decide(&self, world: &World<'_>, ctx: &Ctx) -> Result<Decision, Halt> {
        let tenant = world.tenant()?;
        self.check_id(world)?;
        world
            .customer(self.customer_id)?
            .check_active("customerId")?;
        tenant.check_channel(&self.channel, "channel")?;
        check_interval(self.interval)?;
        let currency = self.currency.unwrap_or(tenant.base_currency);
        let items = self.items(world, currency)?;

        let time_zone = self.time_zone.as_ref().unwrap_or(&tenant.time_zone);
        time_zone.check("timeZone")?;
        let (anchor, anchor_day) = self.anchor(time_zone.date_of(ctx.now))?;
        let subscription_id = self.subscription_id;
        let subscription_id = subscription_id.unwrap_or_else(|| SubscriptionId(ctx.fresh_id()));
        let created = SubscriptionCreated {
            subscription_id,
            customer_id: self.customer_id,
            channel: self.channel.clone(),
            currency,
            items,
            interval: self.interval,
            anchor,
            anchor_day,
            time_zone: time_zone.clone(),
        };
        cycle_date(&created, 1).map_err(at_anchor)?;
        let decision = Decision::about(subscription_id.0);
        Ok(decision.with(subscription_id, SubscriptionEvent::Created(created)))
    }
}

impl CreateSubscription {
    fn check_id(&self, world: &World<'_>) -> Result<(), Halt> {
        let Some(id) = self.subscription_id else {
            return Ok(());
        };
        if world.subscription(id)?.terms.is_some() {
            let message = "the subscription exists";
            return Err(Refusal::at(code::ALREADY_EXISTS, "subscriptionId", message).into());
        }
        Ok(())
    }

    fn items(&self, world: &World<'_>, currency: Currency) -> Result<Vec<SubscriptionItem>, Halt> {
        one_to(self.items.len(), ITEMS_MAX, "items")?;
        let skus = self.items.iter().map(|item| &item.sku);
        distinct(skus.clone(), |index| format!("items.{index}.sku"))?;
        world.want(skus.map(StreamId::sku))?;
        let mut items = Vec::with_capacity(self.items.len());
        for (index, item) in self.items.iter().enumerate() {
            let item = item.priced(world, currency, &format!("items.{index}"))?;
            check_value(slice::from_ref(&item), &format!("items.{index}.quantity"))?;
            items.push(item);
        }
        check_value(&items, "items")?;
        Ok(items)
    }

    /// The date of cycle 0 and the day of the month that later dates fall on.
    fn anchor(&self, today: Date) -> Refused<(Date, i8)> {
        if self.anchor < today {
            let message = format!("the first cycle cannot be due before today, {today}");
            return Err(Refusal::at(code::TIME_OUT_OF_ORDER, "anchor", message));
        }
        let anchor_day = match self.interval.unit {
            IntervalUnit::Day | IntervalUnit::Week => self.anchor.0.day(),
            IntervalUnit::Month | IntervalUnit::Year => {
                self.anchor_day.unwrap_or(self.anchor.0.day())
            }
        };
        if !(1..=31).contains(&anchor_day) {
            let message = "a day of the month is 1 to 31";
            return Err(Refusal::at(code::TIME_MALFORMED, "anchorDay", message));
        }
        let first = first_date(self.anchor, self.interval, anchor_day).map_err(at_anchor)?;
        Ok((first, anchor_day))
    }
}

impl NewItem {
    fn priced(
        &self,
        world: &World<'_>,
        currency: Currency,
        field: &str,
    ) -> Result<SubscriptionItem, Halt> {
        quantity(self.quantity, &format!("{field}.quantity"))?;
        let item = world.item(&self.sku)?;
        item.check_sellable(&self.sku, &format!("{field}.sku"))?;
        let price_field = format!("{field}.unitPriceMinor");
        let unit_price_minor = match self.unit_price_minor {
            Some(minor) => non_negative(minor, &price_field)?,
            None => item.price(currency, &price_field)?,
        };
        Ok(SubscriptionItem {
            sku: self.sku.clone(),
            quantity: self.quantity,
            unit_price_minor,
        })
    }
}

fn check_interval(interval: Interval) -> Refused<()> {
    let count = quantity(i64::from(interval.count), "interval.count")?;
    if count <= i64::from(INTERVAL_MAX) {
        return Ok(());
    }
    let message = format!("an interval has at most {INTERVAL_MAX} units");
    Err(Refusal::at(
        code::QUANTITY_OUT_OF_RANGE,
        "interval.count",
        message,
    ))
}

fn at_anchor(refusal: Refusal) -> Refusal {
    Refusal {
        field: Some("anchor".to_owned()),
        ..refusal
    }
}

#[cfg(test)]
mod tests {
    use super::super::given::{SUBSCRIPTION, create, date, subscribers, subscription};
    use super::*;
    use crate::kernel::AMOUNT_MAX;
    use crate::testing::refused;

    type Change<T> = fn(&mut T);

    #[test]
    fn prices_are_fixed_and_the_tenants_currency_and_zone_hold() {
        let mut past = subscribers();
        let command = CreateSubscription {
            items: vec![
                NewItem {
                    sku: "A".into(),
                    quantity: 2,
                    unit_price_minor: None,
                },
                NewItem {
                    sku: "GIFT".into(),
                    quantity: 1,
                    unit_price_minor: Some(0),
                },
            ],
            ..create("2026-01-31")
        };
        past.when(&command).expect("created");
        let past = past.price("A", 9999);
        let subscription = subscription(&past);
        let prices: Vec<i64> = subscription
            .items
            .iter()
            .map(|item| item.unit_price_minor)
            .collect();
        assert_eq!(prices, [2499, 0]);
        let terms = subscription.terms.expect("created");
        assert_eq!(terms.currency, Currency::default());
        assert_eq!(terms.time_zone.0, "America/New_York");
        assert_eq!((terms.anchor, terms.anchor_day), (date("2026-01-31"), 31));
    }

    #[test]
    fn another_anchor_day_moves_the_first_cycle_and_never_before_the_start() {
        for (start, anchor_day, first) in [
            ("2026-01-20", 5, "2026-02-05"),
            ("2026-01-20", 25, "2026-01-25"),
            ("2026-02-20", 31, "2026-02-28"),
        ] {
            let mut past = subscribers();
            let command = CreateSubscription {
                anchor_day: Some(anchor_day),
                ..create(start)
            };
            past.when(&command).expect("created");
            let terms = subscription(&past).terms.expect("created");
            assert_eq!((terms.anchor, terms.anchor_day), (date(first), anchor_day));
        }
    }

    /// It is 2026-01-15 in New York and, at 12:00Z, 2026-01-16 on Kiritimati.
    #[test]
    fn today_is_todays_date_in_the_subscriptions_zone() {
        let mut past = subscribers();
        let kiritimati = CreateSubscription {
            time_zone: Some(Zone("Pacific/Kiritimati".to_owned())),
            ..create("2026-01-15")
        };
        assert_eq!(refused(past.when(&kiritimati)), "TIME_OUT_OF_ORDER anchor");
        past.when(&create("2026-01-15")).expect("today");
    }

    #[test]
    fn an_id_is_used_once_and_drawn_if_not_given() {
        let mut past = subscribers();
        past.when(&create("2026-02-01")).expect("created");
        assert_eq!(
            refused(past.when(&create("2026-02-01"))),
            "ALREADY_EXISTS subscriptionId"
        );
        let fresh = CreateSubscription {
            subscription_id: None,
            ..create("2026-02-01")
        };
        let id = past.when(&fresh).expect("created").subject;
        assert_ne!(id, SUBSCRIPTION.0);
    }

    #[test]
    fn terms_that_break_a_rule_are_refused() {
        let changed: [(Change<CreateSubscription>, &str); 12] = [
            (
                |new| new.customer_id = CustomerId(SUBSCRIPTION.0),
                "NOT_FOUND customerId",
            ),
            (|new| new.channel.clear(), "CHANNEL_UNKNOWN channel"),
            (|new| new.items.clear(), "LIST_EMPTY items"),
            (
                |new| new.items = vec![new.items[0].clone(); 51],
                "LIST_TOO_LONG items",
            ),
            (
                |new| new.items.push(new.items[0].clone()),
                "DUPLICATE_ENTRY items.1.sku",
            ),
            (
                |new| new.currency = Currency::parse("EUR"),
                "PRICE_MISSING items.0.unitPriceMinor",
            ),
            (
                |new| new.interval.count = 0,
                "QUANTITY_NOT_POSITIVE interval.count",
            ),
            (
                |new| new.interval.count = 1001,
                "QUANTITY_OUT_OF_RANGE interval.count",
            ),
            (|new| new.anchor_day = Some(32), "TIME_MALFORMED anchorDay"),
            (
                |new| new.anchor = date("9998-12-31"),
                "TIME_MALFORMED anchor",
            ),
            (
                |new| new.anchor = date("2026-01-14"),
                "TIME_OUT_OF_ORDER anchor",
            ),
            (
                |new| new.time_zone = Some(Zone("Mars".to_owned())),
                "TIME_ZONE_UNKNOWN timeZone",
            ),
        ];
        for (change, expected) in changed {
            let mut command = create("2026-02-01");
            change(&mut command);
            assert_eq!(refused(subscribers().when(&command)), expected);
        }
    }

    #[test]
    fn items_that_break_a_rule_are_refused_where_they_do() {
        let changed: [(Change<NewItem>, &str); 4] = [
            (
                |item| item.quantity = 0,
                "QUANTITY_NOT_POSITIVE items.0.quantity",
            ),
            (|item| item.sku = "Z".into(), "SKU_UNKNOWN items.0.sku"),
            (
                |item| item.unit_price_minor = Some(-1),
                "AMOUNT_NEGATIVE items.0.unitPriceMinor",
            ),
            (
                |item| item.unit_price_minor = Some(AMOUNT_MAX),
                "AMOUNT_OUT_OF_RANGE items.0.quantity",
            ),
        ];
        for (change, expected) in changed {
            let mut command = create("2026-02-01");
            change(&mut command.items[0]);
            assert_eq!(refused(subscribers().when(&command)), expected);
        }
    }
}
