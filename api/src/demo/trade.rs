//! Some months of trade: orders with what became of them, and subscriptions.

use entrepot_domain::fulfillment::{DeliverShipment, DispatchShipment};
use entrepot_domain::kernel::{CustomerId, OrderId, PaymentId, ShipmentId, Sku, SubscriptionId};
use entrepot_domain::orders::{
    CancelOrder, DiscountValue, HoldOrder, NewDiscount, NewShipping, PlaceLine, PlaceOrder,
};
use entrepot_domain::payments::{RecordExternalPayment, RefundPayment};
use entrepot_domain::subscriptions::{
    CancelSubscription, CreateSubscription, Interval, IntervalUnit, NewItem, PauseSubscription,
    SkipCycle,
};

use super::catalog::{GIFT_WRAP, GOODS};
use super::chance::Chance;
use super::{DemoError, PROFILES, Shop};

const ORDERS: i64 = 400;
const SUBSCRIPTIONS: i64 = 25;
/// The oldest order, in days.
const DAYS: i64 = 120;

/// What became of an order.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Delivered,
    Shipped,
    Refunded,
    Canceled,
    Held,
    Open,
}

pub(super) async fn fill(
    shop: &Shop<'_>,
    chance: &mut Chance,
    customers: &[CustomerId],
) -> Result<(), DemoError> {
    for number in 1..=ORDERS {
        order(shop, chance, customers, number).await?;
    }
    for number in 1..=SUBSCRIPTIONS {
        subscription(shop, chance, customers, number).await?;
    }
    Ok(())
}

fn fate(chance: &mut Chance, age: i64) -> Fate {
    match chance.below(100) {
        0..5 => Fate::Canceled,
        5..8 => Fate::Refunded,
        8..10 => Fate::Held,
        _ if age < 3 => Fate::Open,
        _ if age < 7 => Fate::Shipped,
        _ => Fate::Delivered,
    }
}

async fn order(
    shop: &Shop<'_>,
    chance: &mut Chance,
    customers: &[CustomerId],
    number: i64,
) -> Result<(), DemoError> {
    let age = DAYS - number * DAYS / ORDERS;
    let minutes = 8 * 60 + chance.below(12 * 60) - 24 * 60;
    let order_id = OrderId::natural(&["demo", &number.to_string()]);
    let placed = place(shop, chance, customers, order_id, (age, minutes));
    let fate = fate(chance, age);
    shop.give(&format!("order:{number}"), placed).await?;
    if fate == Fate::Canceled {
        let command = CancelOrder {
            order_id,
            reason: "changed their mind".to_owned(),
        };
        return shop
            .give(&format!("cancel:{number}"), command)
            .await
            .map(drop);
    }
    let payment_id = PaymentId::natural(&["demo", &number.to_string()]);
    let provider = chance
        .pick(&["stripe", "stripe", "paypal"])
        .copied()
        .unwrap_or("stripe");
    let paid = RecordExternalPayment {
        payment_id: Some(payment_id),
        order_id,
        provider: provider.to_owned(),
        provider_ref: Some(format!("ch_{number:06}")),
        amount_minor: 4_990 + chance.below(20_000),
        currency: None,
        captured_at: Some(shop.before(age, minutes + 2)),
        fee_minor: None,
    };
    shop.give(&format!("payment:{number}"), paid).await?;
    match fate {
        Fate::Held => {
            let command = HoldOrder {
                order_id,
                reason: "address to be checked".to_owned(),
            };
            shop.give(&format!("hold:{number}"), command).await?;
        }
        Fate::Shipped | Fate::Delivered | Fate::Refunded => {
            ship(
                shop,
                chance,
                (order_id, number),
                (age, minutes),
                fate != Fate::Shipped,
            )
            .await?;
        }
        Fate::Open | Fate::Canceled => {}
    }
    if fate == Fate::Refunded {
        let reason = "arrived damaged".to_owned();
        let command = RefundPayment {
            payment_id,
            amount_minor: Some(1_990),
            provider_ref: None,
            reason,
        };
        shop.give(&format!("refund:{number}"), command).await?;
    }
    Ok(())
}

fn place(
    shop: &Shop<'_>,
    chance: &mut Chance,
    customers: &[CustomerId],
    order_id: OrderId,
    (age, minutes): (i64, i64),
) -> PlaceOrder {
    let channel = chance
        .pick(&["web", "web", "web", "marketplace", "till"])
        .copied()
        .unwrap_or("web");
    let mut lines: Vec<PlaceLine> = Vec::new();
    for _ in 0..=chance.below(4) {
        let sku = chance.pick(GOODS).map_or(GOODS[0].0, |good| good.0);
        if lines.iter().all(|line| line.sku.as_str() != sku) {
            lines.push(line(sku, 1 + chance.below(3)));
        }
    }
    if chance.happens(8) {
        lines.push(line(GIFT_WRAP, 1));
    }
    let discounts = if chance.happens(15) {
        vec![NewDiscount {
            code: "SEASON10".to_owned(),
            value: DiscountValue::Rate(100_000),
        }]
    } else {
        Vec::new()
    };
    let shipping = (channel != "till").then(|| NewShipping {
        method: "standard".to_owned(),
        amount_minor: 590,
        tax_class: "standard".to_owned(),
    });
    PlaceOrder {
        order_id: Some(order_id),
        channel: channel.to_owned(),
        external_ref: None,
        customer_id: (channel != "till")
            .then(|| chance.pick(customers).copied())
            .flatten(),
        address_ref: None,
        currency: None,
        lines,
        discounts,
        shipping,
        placed_at: Some(shop.before(age, minutes)),
        subscription_id: None,
    }
}

fn line(sku: &str, quantity: i64) -> PlaceLine {
    PlaceLine {
        sku: Sku::from(sku),
        quantity,
        unit_price_minor: None,
        discounts: Vec::new(),
    }
}

async fn ship(
    shop: &Shop<'_>,
    chance: &mut Chance,
    (order_id, number): (OrderId, i64),
    (age, minutes): (i64, i64),
    delivered: bool,
) -> Result<(), DemoError> {
    let command = DispatchShipment {
        order_id,
        warehouse: None,
        lines: Vec::new(),
        carrier: Some("Parcel Post".to_owned()),
        tracking: Some(format!("PP{number:08}")),
        label_cost_minor: Some(390 + chance.below(400)),
        dispatched_at: Some(shop.before(age - 1, minutes)),
    };
    let receipt = shop.give(&format!("dispatch:{number}"), command).await?;
    if delivered {
        let command = DeliverShipment {
            order_id,
            shipment_id: ShipmentId(receipt.subject),
            delivered_at: Some(shop.before(age - 3, minutes)),
        };
        shop.give(&format!("deliver:{number}"), command).await?;
    }
    Ok(())
}

async fn subscription(
    shop: &Shop<'_>,
    chance: &mut Chance,
    customers: &[CustomerId],
    number: i64,
) -> Result<(), DemoError> {
    let Some(customer_id) = chance.pick(customers).copied() else {
        return Ok(());
    };
    let subscription_id = SubscriptionId::natural(&["demo", &number.to_string()]);
    let (unit, count) = chance
        .pick(&[
            (IntervalUnit::Month, 1),
            (IntervalUnit::Month, 1),
            (IntervalUnit::Week, 2),
            (IntervalUnit::Month, 3),
        ])
        .copied()
        .unwrap_or((IntervalUnit::Month, 1));
    let food: Vec<_> = GOODS.iter().filter(|good| good.2 == "Food").collect();
    let sku = chance.pick(&food).map_or("COFFEE", |good| good.0);
    let zone = PROFILES
        .iter()
        .find(|profile| profile.currency == shop.currency.code());
    let zone =
        entrepot_domain::kernel::Zone(zone.map_or("UTC", |profile| profile.time_zone).to_owned());
    let command = CreateSubscription {
        subscription_id: Some(subscription_id),
        customer_id,
        channel: "web".to_owned(),
        currency: None,
        items: vec![NewItem {
            sku: Sku::from(sku),
            quantity: 1 + chance.below(4),
            unit_price_minor: None,
        }],
        interval: Interval { unit, count },
        anchor: zone.date_of(shop.before(-(number % 20), 12 * 60)),
        anchor_day: None,
        time_zone: None,
    };
    shop.give(&format!("subscription:{number}"), command)
        .await?;
    let key = format!("subscription-fate:{number}");
    match number % 9 {
        3 => shop
            .give(
                &key,
                PauseSubscription {
                    subscription_id,
                    resume_on: None,
                },
            )
            .await
            .map(drop),
        5 => shop
            .give(
                &key,
                SkipCycle {
                    subscription_id,
                    cycles: None,
                },
            )
            .await
            .map(drop),
        7 => {
            let reason = "moved away".to_owned();
            shop.give(
                &key,
                CancelSubscription {
                    subscription_id,
                    reason,
                },
            )
            .await
            .map(drop)
        }
        _ => Ok(()),
    }
}
