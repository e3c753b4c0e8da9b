//! Takes a native order: prices it, taxes it and holds stock for it, or refuses it as a whole.

use serde::Serialize;
use uuid::Uuid;

use super::pricing::{LineToPrice, check_discounts, price_lines, taxes_on, totals};
use super::{
    Allocation, LineReservation, NewDiscount, OrderEvent, OrderLine, OrderPlaced, Shipping,
};
use crate::catalog::CatalogItem;
use crate::command::{Command, Decision};
use crate::customers::ExternalRef;
use crate::inventory::{
    InventoryEvent, LineRequest, OrderLineRef, StockReserved, Taken, reserve_for_line,
};
use crate::kernel::{
    CODE_MAX, Ctx, Currency, CustomerId, Halt, Instant, OrderId, Refusal, Refused, Sku, StreamId,
    SubscriptionId, code, non_negative, one_to, quantity, text,
};
use crate::tenants::Tenant;
use crate::world::World;

/// The most lines of one order.
pub(super) const LINES_MAX: usize = 250;

/// Places an order.
#[derive(Clone, Debug, Serialize)]
pub struct PlaceOrder {
    /// The id to use; none: derived from the external reference, or fresh.
    pub order_id: Option<OrderId>,
    /// The channel's code in the tenant's configuration.
    pub channel: String,
    /// The order's id in the system that it comes from.
    pub external_ref: Option<ExternalRef>,
    /// Who orders, if known.
    pub customer_id: Option<CustomerId>,
    /// The stored personal record that holds the addresses.
    pub address_ref: Option<Uuid>,
    /// Of every amount in the order; none: the tenant's own.
    pub currency: Option<Currency>,
    /// 1 to 250.
    pub lines: Vec<PlaceLine>,
    /// Taken off the order, each split over the lines; at most 20.
    pub discounts: Vec<NewDiscount>,
    /// Delivery charged to the customer.
    pub shipping: Option<NewShipping>,
    /// When the customer ordered; none: now.
    pub placed_at: Option<Instant>,
    /// The subscription whose cycle makes the order.
    pub subscription_id: Option<SubscriptionId>,
}

/// A line to order.
#[derive(Clone, Debug, Serialize)]
pub struct PlaceLine {
    /// What.
    pub sku: Sku,
    /// In the SKU's base unit.
    pub quantity: i64,
    /// Minor units for one unit, tax excluded; none: the catalog's price in the order's currency.
    pub unit_price_minor: Option<i64>,
    /// Taken off the line, before those of the order; at most 20.
    pub discounts: Vec<NewDiscount>,
}

/// Delivery to charge.
#[derive(Clone, Debug, Serialize)]
pub struct NewShipping {
    /// For people: `standard`.
    pub method: String,
    /// Minor units, tax excluded.
    pub amount_minor: i64,
    /// Names the taxes that apply.
    pub tax_class: String,
}

impl Command for PlaceOrder {
    const NAME: &'static str = "PlaceOrder";

    /// All that is read before the warehouses are known.
    fn reads(&self) -> impl Iterator<Item = StreamId> {
        let lines = self.lines.iter().take(LINES_MAX);
        let skus = lines.map(|line| StreamId::sku(&line.sku));
        skus.chain(self.given_id().map(StreamId::from))
            .chain(self.customer_id.map(StreamId::from))
            .chain(self.subscription_id.map(StreamId::from))
    }

    fn decide(&self, world: &World<'_>, ctx: &Ctx) -> Result<Decision, Halt> {
        let order_id = self.id(ctx);
        let tenant = world.tenant()?;
        self.check(tenant, ctx)?;
        let items = self.items(world, order_id)?;

        let currency = self.currency.unwrap_or(tenant.base_currency);
        let mut lines = self.price(tenant, &items, currency)?;
        let shipping = self.shipping(tenant)?;
        let totals = totals(&lines, shipping.as_ref())?;
        let reserved = self.reserve(world, ctx, tenant, order_id, &items)?;
        for (line, reserved) in lines.iter_mut().zip(&reserved) {
            line.reservations = reserved.iter().map(LineReservation::from).collect();
        }

        let placed = OrderPlaced {
            order_id,
            channel: self.channel.clone(),
            external_ref: self.external_ref.clone(),
            customer_id: self.customer_id,
            subscription_id: self.subscription_id,
            address_ref: self.address_ref,
            currency,
            placed_at: self.placed_at.unwrap_or(ctx.now),
            allocation: Allocation::Native,
            lines,
            shipping,
            totals,
        };
        let placed = OrderEvent::Placed(Box::new(placed));
        let mut decision = Decision::about(order_id.0).with(order_id, placed);
        for reserved in reserved.into_iter().flatten() {
            let stream = StreamId::stock(&reserved.sku, &reserved.warehouse);
            decision.push(stream, InventoryEvent::Reserved(reserved));
        }
        Ok(decision)
    }
}

impl PlaceOrder {
    /// What the input says by itself.
    fn check(&self, tenant: &Tenant, ctx: &Ctx) -> Refused<()> {
        tenant.check_channel(&self.channel, "channel")?;
        if let Some(external) = &self.external_ref {
            external.check("externalRef")?;
        }
        if let Some(placed_at) = self.placed_at {
            placed_at.not_after(ctx.now, "placedAt")?;
        }
        check_discounts(&self.discounts, "discounts")?;
        one_to(self.lines.len(), LINES_MAX, "lines")?;
        for (index, line) in self.lines.iter().enumerate() {
            line.check(&format!("lines.{index}"))?;
        }
        Ok(())
    }

    fn id(&self, ctx: &Ctx) -> OrderId {
        self.given_id().unwrap_or_else(|| OrderId(ctx.fresh_id()))
    }

    fn given_id(&self) -> Option<OrderId> {
        let natural = |external: &ExternalRef| OrderId::natural(&[&external.system, &external.id]);
        self.order_id
            .or_else(|| self.external_ref.as_ref().map(natural))
    }

    /// The items of the lines. Refuses what the past does not allow.
    fn items<'w>(
        &self,
        world: &World<'w>,
        order_id: OrderId,
    ) -> Result<Vec<&'w CatalogItem>, Halt> {
        if world.order(order_id)?.exists {
            let message = format!("order {order_id} exists");
            return Err(Refusal::at(code::ALREADY_EXISTS, "orderId", message).into());
        }
        if let Some(customer_id) = self.customer_id {
            world.customer(customer_id)?.check_active("customerId")?;
        }
        if let Some(subscription_id) = self.subscription_id
            && world.subscription(subscription_id)?.terms.is_none()
        {
            return Err(Refusal::not_found("subscriptionId", "subscription").into());
        }
        let item = |(index, line): (usize, &PlaceLine)| {
            let item = world.item(&line.sku)?;
            item.check_sellable(&line.sku, &format!("lines.{index}.sku"))?;
            Ok(item)
        };
        self.lines.iter().enumerate().map(item).collect()
    }

    fn price(
        &self,
        tenant: &Tenant,
        items: &[&CatalogItem],
        currency: Currency,
    ) -> Refused<Vec<OrderLine>> {
        let mut lines = Vec::with_capacity(self.lines.len());
        for (index, (line, item)) in self.lines.iter().zip(items).enumerate() {
            let unit_price_minor = match line.unit_price_minor {
                Some(minor) => minor,
                None => item.price(currency, &format!("lines.{index}.unitPriceMinor"))?,
            };
            lines.push(LineToPrice {
                sku: &line.sku,
                quantity: line.quantity,
                unit_price_minor,
                discounts: &line.discounts,
                taxes: tenant.taxes(&item.tax_class, &format!("lines.{index}.sku"))?,
            });
        }
        price_lines(&lines, &self.discounts)
    }

    fn shipping(&self, tenant: &Tenant) -> Refused<Option<Shipping>> {
        let Some(shipping) = &self.shipping else {
            return Ok(None);
        };
        text(&shipping.method, CODE_MAX, "shipping.method")?;
        let net_minor = non_negative(shipping.amount_minor, "shipping.amountMinor")?;
        let taxes = tenant.taxes(&shipping.tax_class, "shipping.taxClass")?;
        Ok(Some(Shipping {
            method: shipping.method.clone(),
            net_minor,
            taxes: taxes_on(net_minor, taxes, "shipping.amountMinor")?,
        }))
    }

    /// The stock held for each line; none for a SKU that is not tracked.
    fn reserve(
        &self,
        world: &World<'_>,
        ctx: &Ctx,
        tenant: &Tenant,
        order_id: OrderId,
        items: &[&CatalogItem],
    ) -> Result<Vec<Vec<StockReserved>>, Halt> {
        let tracked = self
            .lines
            .iter()
            .zip(items)
            .filter(|(_, item)| item.tracked);
        let positions = tracked.flat_map(|(line, _)| {
            let warehouses = tenant.warehouses.iter();
            warehouses.map(|warehouse| StreamId::stock(&line.sku, warehouse))
        });
        world.want(positions)?;

        let mut taken = Taken::default();
        let mut reserved = Vec::with_capacity(self.lines.len());
        for (number, (line, item)) in (1..).zip(self.lines.iter().zip(items)) {
            if !item.tracked {
                reserved.push(Vec::new());
                continue;
            }
            let request = LineRequest {
                sku: &line.sku,
                quantity: line.quantity,
                order_line: OrderLineRef {
                    order_id,
                    line: number,
                },
                field: format!("lines.{}.quantity", number - 1),
            };
            reserved.push(reserve_for_line(world, ctx, tenant, &request, &mut taken)?);
        }
        Ok(reserved)
    }
}

impl PlaceLine {
    fn check(&self, field: &str) -> Refused<()> {
        self.sku.check(&format!("{field}.sku"))?;
        quantity(self.quantity, &format!("{field}.quantity"))?;
        if let Some(minor) = self.unit_price_minor {
            non_negative(minor, &format!("{field}.unitPriceMinor"))?;
        }
        check_discounts(&self.discounts, &format!("{field}.discounts"))
    }
}

impl From<&StockReserved> for LineReservation {
    fn from(reserved: &StockReserved) -> Self {
        Self {
            reservation_id: reserved.reservation_id,
            warehouse: reserved.warehouse.clone(),
            quantity: reserved.quantity,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::customers::EraseCustomer;
    use crate::event::Event;
    use crate::kernel::{AMOUNT_MAX, QUANTITY_MAX};
    use crate::orders::DiscountValue;
    use crate::orders::tests::{line, order, placed, stocked, worked_order};
    use crate::testing::{customer, refused, retailer};

    fn discounts(count: usize) -> Vec<NewDiscount> {
        let discount = NewDiscount {
            code: "WELCOME".to_owned(),
            value: DiscountValue::Amount(1),
        };
        vec![discount; count]
    }

    fn unnamed() -> Vec<NewDiscount> {
        let mut discounts = discounts(1);
        discounts[0].code.clear();
        discounts
    }

    fn shipping(method: &str, amount_minor: i64, tax_class: &str) -> NewShipping {
        NewShipping {
            method: method.to_owned(),
            amount_minor,
            tax_class: tax_class.to_owned(),
        }
    }

    fn assert_refused(cases: Vec<(PlaceOrder, &str)>) {
        for (command, expected) in cases {
            let outcome = stocked().when(&command);
            assert_eq!(refused(outcome), expected, "{command:?}");
        }
    }

    #[test]
    fn a_line_that_breaks_a_rule_is_refused_where_it_does() {
        let with = |change: fn(&mut PlaceLine)| {
            let mut bad = line("A", 1);
            change(&mut bad);
            order(vec![line("B", 1), bad])
        };
        assert_refused(vec![
            (
                with(|line| line.sku = "A\0".into()),
                "TEXT_MALFORMED lines.1.sku",
            ),
            (
                with(|line| line.sku = "Z".into()),
                "SKU_UNKNOWN lines.1.sku",
            ),
            (
                with(|line| line.quantity = 0),
                "QUANTITY_NOT_POSITIVE lines.1.quantity",
            ),
            (
                with(|line| line.quantity = i64::MIN),
                "QUANTITY_NOT_POSITIVE lines.1.quantity",
            ),
            (
                with(|line| line.quantity = i64::MAX),
                "QUANTITY_OUT_OF_RANGE lines.1.quantity",
            ),
            (
                with(|line| line.quantity = 101),
                "OUT_OF_STOCK lines.1.quantity",
            ),
            (
                with(|line| line.unit_price_minor = Some(-1)),
                "AMOUNT_NEGATIVE lines.1.unitPriceMinor",
            ),
            (
                with(|line| line.unit_price_minor = Some(i64::MAX)),
                "AMOUNT_OUT_OF_RANGE lines.1.unitPriceMinor",
            ),
            (
                with(|line| line.discounts = discounts(21)),
                "LIST_TOO_LONG lines.1.discounts",
            ),
            (
                with(|line| line.discounts = unnamed()),
                "TEXT_MALFORMED lines.1.discounts.0.code",
            ),
        ]);
    }

    #[test]
    fn an_order_that_breaks_a_rule_is_refused_where_it_does() {
        let with = |change: fn(&mut PlaceOrder)| {
            let mut bad = order(vec![line("A", 1)]);
            change(&mut bad);
            bad
        };
        let euro = with(|order| order.currency = Currency::parse("EUR"));
        let nul = with(|order| {
            order.external_ref = Some(ExternalRef {
                system: "web".to_owned(),
                id: "1\0".to_owned(),
            });
        });
        let future = Instant::parse("2026-01-15T12:00:01Z", "at").ok();
        let future = PlaceOrder {
            placed_at: future,
            ..order(vec![line("A", 1)])
        };
        assert_refused(vec![
            (euro, "PRICE_MISSING lines.0.unitPriceMinor"),
            (nul, "TEXT_MALFORMED externalRef.id"),
            (future, "TIME_OUT_OF_ORDER placedAt"),
            (
                with(|order| order.channel = "fax".to_owned()),
                "CHANNEL_UNKNOWN channel",
            ),
            (
                with(|order| order.discounts = discounts(21)),
                "LIST_TOO_LONG discounts",
            ),
            (
                with(|order| order.customer_id = Some(CustomerId::default())),
                "NOT_FOUND customerId",
            ),
            (
                with(|order| order.subscription_id = Some(SubscriptionId::default())),
                "NOT_FOUND subscriptionId",
            ),
            (with(|order| order.lines.clear()), "LIST_EMPTY lines"),
            (
                with(|order| order.lines = vec![line("GIFT", 1); 251]),
                "LIST_TOO_LONG lines",
            ),
        ]);
        let most = order(vec![line("GIFT", 1); 250]);
        stocked().when(&most).expect("250 lines are allowed");
    }

    #[test]
    fn shipping_that_breaks_a_rule_is_refused_where_it_does() {
        let with = |new| PlaceOrder {
            shipping: Some(new),
            ..order(vec![line("A", 1)])
        };
        assert_refused(vec![
            (
                with(shipping("", 1, "standard")),
                "TEXT_MALFORMED shipping.method",
            ),
            (
                with(shipping("post", -1, "standard")),
                "AMOUNT_NEGATIVE shipping.amountMinor",
            ),
            (
                with(shipping("post", 1, "luxury")),
                "TAX_CLASS_UNKNOWN shipping.taxClass",
            ),
        ]);
    }

    #[test]
    fn amounts_cannot_overflow() {
        let huge = |quantity, unit_price_minor| PlaceLine {
            unit_price_minor: Some(unit_price_minor),
            ..line("GIFT", quantity)
        };
        let sum = order(vec![huge(1, AMOUNT_MAX); 250]);
        assert_refused(vec![
            (
                order(vec![huge(QUANTITY_MAX, AMOUNT_MAX)]),
                "AMOUNT_OUT_OF_RANGE lines.0",
            ),
            (
                order(vec![huge(1, AMOUNT_MAX); 2]),
                "AMOUNT_OUT_OF_RANGE lines",
            ),
            (sum, "AMOUNT_OUT_OF_RANGE lines"),
        ]);
    }

    #[test]
    fn an_order_id_is_used_once() {
        let mut past = stocked();
        let external_ref = Some(ExternalRef {
            system: "shop".to_owned(),
            id: "1001".to_owned(),
        });
        let command = PlaceOrder {
            order_id: None,
            external_ref,
            ..order(vec![line("A", 1)])
        };
        let outcome = past.when(&command).expect("the first is accepted");
        assert_eq!(outcome.subject, OrderId::natural(&["shop", "1001"]).0);
        assert_eq!(refused(past.when(&command)), "ALREADY_EXISTS orderId");
    }

    #[test]
    fn an_erased_customer_cannot_order() {
        let customer_id = CustomerId::natural(&["web", "7"]);
        let command = PlaceOrder {
            customer_id: Some(customer_id),
            ..order(vec![line("A", 1)])
        };
        let mut past = stocked().and(customer_id, customer(customer_id));
        past.clone().when(&command).expect("an active customer can");
        past.when(&EraseCustomer { customer_id }).expect("erased");
        assert_eq!(refused(past.when(&command)), "WRONG_STATE customerId");
    }

    #[test]
    fn a_refused_order_holds_nothing() {
        let mut past = stocked();
        let facts = past.events.len();
        let command = order(vec![line("A", 1), line("B", 101)]);
        assert_eq!(
            refused(past.when(&command)),
            "OUT_OF_STOCK lines.1.quantity"
        );
        assert_eq!(past.events.len(), facts);
    }

    #[test]
    fn the_worked_order_costs_what_it_says() {
        let outcome = stocked().when(&worked_order()).expect("accepted");
        let placed = placed(&outcome);
        let each =
            |of: fn(&OrderLine) -> i64| -> Vec<i64> { placed.lines.iter().map(of).collect() };
        assert_eq!(each(|line| line.gross_minor), [4998, 1500, 2500]);
        assert_eq!(each(|line| line.discounts[0].amount_minor), [555, 167, 278]);
        assert_eq!(each(|line| line.net_minor), [4443, 1333, 2222]);
        assert_eq!(each(|line| line.taxes[0].amount_minor), [367, 110, 183]);
        let shipping = placed.shipping.as_ref().expect("charged");
        assert_eq!(
            (shipping.net_minor, shipping.taxes[0].amount_minor),
            (599, 49)
        );
        let totals = super::super::Totals {
            gross_minor: 8998,
            discount_minor: 1000,
            net_minor: 7998,
            shipping_minor: 599,
            tax_minor: 709,
            total_minor: 9306,
        };
        assert_eq!(placed.totals, totals);
    }

    #[test]
    fn what_the_lines_hold_is_reserved_in_the_same_commit() {
        let mut past = retailer()
            .stocked("A", "east", 6, 600)
            .stocked("A", "west", 10, 1000);
        let lines = vec![line("A", 12), line("GIFT", 3), line("A", 4)];
        let outcome = past.when(&order(lines)).expect("accepted");
        let held: Vec<Vec<(&str, i64)>> = placed(&outcome)
            .lines
            .iter()
            .map(|line| line.reservations.iter())
            .map(|held| {
                held.map(|held| (held.warehouse.as_str(), held.quantity))
                    .collect()
            })
            .collect();
        assert_eq!(
            held,
            [vec![("east", 6), ("west", 6)], vec![], vec![("west", 4)]]
        );

        let reserved = outcome.events[1..].iter().map(|event| match event {
            Event::Inventory(InventoryEvent::Reserved(reserved)) => (
                reserved.order_line.map(|owner| owner.line),
                reserved.quantity,
            ),
            other => panic!("{other:?}"),
        });
        assert_eq!(
            reserved.collect::<Vec<_>>(),
            [(Some(1), 6), (Some(1), 6), (Some(3), 4)]
        );
        let next = PlaceOrder {
            order_id: None,
            ..order(vec![line("A", 1)])
        };
        assert_eq!(refused(past.when(&next)), "OUT_OF_STOCK lines.0.quantity");
    }

    #[test]
    fn an_order_may_be_in_a_currency_of_its_own() {
        let priced = PlaceLine {
            unit_price_minor: Some(300),
            ..line("A", 2)
        };
        let currency = Currency::parse("JPY");
        let command = PlaceOrder {
            currency,
            ..order(vec![priced])
        };
        let outcome = stocked().when(&command).expect("accepted");
        assert_eq!(placed(&outcome).currency.code(), "JPY");
        assert_eq!(placed(&outcome).totals.net_minor, 600);
    }
}
