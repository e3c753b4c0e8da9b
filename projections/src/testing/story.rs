//! A retailer's history with something of everything, made by the domain's own commands.

use entrepot_domain::catalog::{DiscontinueSku, SetPrice};
use entrepot_domain::command::AnyCommand;
use entrepot_domain::customers::{EraseCustomer, ExternalRef, RegisterCustomer, UpdateCustomer};
use entrepot_domain::envelope::Recorded;
use entrepot_domain::fulfillment::{DeliverShipment, DispatchShipment, ShippedLine};
use entrepot_domain::inventory::{
    AdjustStock, ExpireReservation, ReleaseStock, ReserveStock, TransferStock,
};
use entrepot_domain::kernel::{
    Currency, CustomerId, OrderId, PaymentId, ReservationId, ShipmentId, SubscriptionId,
};
use entrepot_domain::orders::{
    CancelLine, CancelOrder, DiscountValue, HoldOrder, ImportLine, ImportOrder, ImportPayment,
    NewDiscount, NewShipping, PlaceLine, PlaceOrder, ReleaseOrder,
};
use entrepot_domain::payments::{
    AssessFee, Attempt, AuthorizePayment, CapturePayment, ExpireAuthorization, RefundPayment,
    ReportUnknownOutcome, ResolveOutcome, VoidPayment,
};
use entrepot_domain::subscriptions::{
    CancelSubscription, ChangeQuantity, CreateSubscription, Interval, IntervalUnit, NewItem,
    PauseSubscription, ResumeSubscription, RunCycle, SkipCycle,
};
use entrepot_domain::testing::{Past, retailer};
use uuid::Uuid;

use super::{at, day, log};

/// The retailer of the domain's tests, whose past can be told to folds.
pub(crate) struct Shop {
    past: Past,
}

impl Shop {
    /// A hundred each of A, B, C at 8.80, 6.00, 11.45 in warehouse `east`.
    pub(crate) fn new() -> Self {
        let past = retailer()
            .stocked("A", "east", 100, 88_000)
            .stocked("B", "east", 100, 60_000)
            .stocked("C", "east", 100, 114_500);
        Self { past }
    }

    /// Gives a command that must be accepted; what it was about.
    pub(crate) fn with(&mut self, command: &dyn AnyCommand) -> Uuid {
        self.past.when(command).expect("accepted").subject
    }

    /// Moves the clock.
    pub(crate) fn on(&mut self, now: &str) {
        self.past = self.past.clone().at(now);
    }

    /// Everything that happened.
    pub(crate) fn log(&self) -> Vec<Recorded> {
        log(self.past.events.iter().map(|new| new.event.clone()))
    }
}

fn line(sku: &str, quantity: i64) -> PlaceLine {
    PlaceLine {
        sku: sku.into(),
        quantity,
        unit_price_minor: None,
        discounts: Vec::new(),
    }
}

/// The published worked order: two A, one B, one C, 10.00 off, 5.99 shipping; 93.06 in all.
pub(crate) fn worked_order() -> PlaceOrder {
    PlaceOrder {
        order_id: None,
        channel: "web".to_owned(),
        external_ref: None,
        customer_id: None,
        address_ref: None,
        currency: None,
        lines: vec![line("A", 2), line("B", 1), line("C", 1)],
        discounts: vec![NewDiscount {
            code: "TEN".to_owned(),
            value: DiscountValue::Amount(1000),
        }],
        shipping: Some(NewShipping {
            method: "standard".to_owned(),
            amount_minor: 599,
            tax_class: "standard".to_owned(),
        }),
        placed_at: None,
        subscription_id: None,
    }
}

/// A history that reaches every event type.
pub(crate) fn story() -> Vec<Recorded> {
    let mut shop = Shop::new();
    people(&mut shop);
    sale(&mut shop);
    let payment_id = change_of_mind(&mut shop);
    import(&mut shop);
    warehouse(&mut shop);
    subscriptions(&mut shop);
    shop.with(&ExpireAuthorization { payment_id });
    let sku = "B".into();
    shop.with(&DiscontinueSku { sku });
    shop.log()
}

fn people(shop: &mut Shop) {
    let register = RegisterCustomer {
        customer_id: None,
        external_ref: Some(ExternalRef {
            system: "crm".to_owned(),
            id: "7".to_owned(),
        }),
        personal_ref: Some(Uuid::from_u128(1)),
    };
    let customer_id = CustomerId(shop.with(&register));
    let personal_ref = Uuid::from_u128(2);
    shop.with(&UpdateCustomer {
        customer_id,
        personal_ref,
    });
    let order = PlaceOrder {
        customer_id: Some(customer_id),
        lines: vec![line("GIFT", 3)],
        discounts: Vec::new(),
        shipping: None,
        ..worked_order()
    };
    shop.with(&order);
    shop.with(&EraseCustomer { customer_id });
    shop.with(&SetPrice {
        sku: "A".into(),
        currency: Currency::parse("EUR").expect("a currency"),
        amount_minor: 2299,
    });
}

fn dispatch(order_id: OrderId, lines: &[(u32, i64)], label: i64) -> DispatchShipment {
    let lines = lines.iter().map(|(line, quantity)| ShippedLine {
        line: *line,
        quantity: *quantity,
    });
    DispatchShipment {
        order_id,
        warehouse: None,
        lines: lines.collect(),
        carrier: Some("post".to_owned()),
        tracking: None,
        label_cost_minor: Some(label),
        dispatched_at: None,
    }
}

fn sale(shop: &mut Shop) {
    let order_id = OrderId(shop.with(&worked_order()));
    let payment_id = PaymentId(shop.with(&AuthorizePayment {
        payment_id: None,
        order_id,
        provider: "stripe".to_owned(),
        provider_ref: Some("pi_1".to_owned()),
        amount_minor: 9306,
        currency: None,
        expires_at: Some(at("2026-01-22T12:00:00Z")),
    }));
    shop.with(&HoldOrder {
        order_id,
        reason: "fraud check".to_owned(),
    });
    shop.with(&ReleaseOrder { order_id });
    shop.with(&ReportUnknownOutcome {
        payment_id,
        attempt: Attempt::Capture,
        amount_minor: 5000,
    });
    shop.with(&ResolveOutcome {
        payment_id,
        happened: true,
        provider_ref: None,
    });
    shop.on("2026-01-16T03:00:00Z");
    let shipment = shop.with(&dispatch(order_id, &[(1, 1), (2, 1)], 745));
    shop.with(&CapturePayment {
        payment_id,
        amount_minor: None,
        provider_ref: None,
        fee_minor: None,
    });
    shop.with(&AssessFee {
        payment_id,
        amount_minor: 290,
    });
    shop.with(&DeliverShipment {
        order_id,
        shipment_id: ShipmentId(shipment),
        delivered_at: None,
    });
    shop.with(&CancelLine {
        order_id,
        line: 1,
        quantity: Some(1),
        reason: "too many".to_owned(),
    });
    shop.with(&dispatch(order_id, &[], 300));
    shop.with(&RefundPayment {
        payment_id,
        amount_minor: Some(2405),
        provider_ref: None,
        reason: "one unit".to_owned(),
    });
}

/// A payment is left to expire.
fn change_of_mind(shop: &mut Shop) -> PaymentId {
    let order_id = OrderId(shop.with(&worked_order()));
    let authorize = AuthorizePayment {
        payment_id: None,
        order_id,
        provider: "stripe".to_owned(),
        provider_ref: None,
        amount_minor: 9306,
        currency: None,
        expires_at: Some(at("2026-01-22T12:00:00Z")),
    };
    let payment_id = PaymentId(shop.with(&authorize));
    shop.with(&VoidPayment { payment_id });
    let expiring = PaymentId(shop.with(&authorize));
    // Nobody notices that this one ran out: its timer stays.
    shop.with(&authorize);
    shop.with(&CancelOrder {
        order_id,
        reason: "changed my mind".to_owned(),
    });
    expiring
}

fn import(shop: &mut Shop) {
    shop.with(&ImportOrder {
        channel: "till".to_owned(),
        external_id: "R-1".to_owned(),
        customer_external_id: Some("7".to_owned()),
        currency: Currency::parse("EUR").expect("a currency"),
        placed_at: at("2026-01-02T01:00:00Z"),
        lines: vec![ImportLine {
            sku: "A".into(),
            quantity: 2,
            unit_price_minor: None,
            gross_minor: 4000,
            discounts: Vec::new(),
            taxes: Vec::new(),
            net_minor: None,
        }],
        shipping: None,
        total_minor: None,
        payments: vec![ImportPayment {
            provider: "cash".to_owned(),
            provider_ref: None,
            amount_minor: 4000,
        }],
        shipped: true,
    });
}

fn warehouse(shop: &mut Shop) {
    let reserve = ReserveStock {
        sku: "C".into(),
        warehouse: Some("east".into()),
        quantity: 5,
        expires_at: Some(at("2026-01-17T00:00:00Z")),
    };
    let lapsed = ReservationId(shop.with(&reserve));
    let released = ReservationId(shop.with(&reserve));
    // Kept until its time: its timer stays.
    let shrunk = ReservationId(shop.with(&reserve));
    let release = |reservation_id, quantity| ReleaseStock {
        sku: "C".into(),
        warehouse: "east".into(),
        reservation_id,
        quantity,
    };
    shop.with(&release(released, None));
    shop.with(&release(shrunk, Some(2)));
    shop.on("2026-01-17T12:00:00Z");
    shop.with(&ExpireReservation {
        sku: "C".into(),
        warehouse: "east".into(),
        reservation_id: lapsed,
    });
    shop.with(&AdjustStock {
        sku: "C".into(),
        warehouse: "east".into(),
        quantity_delta: -3,
        value_delta_minor: None,
        reason: "damaged".to_owned(),
    });
    shop.with(&TransferStock {
        sku: "C".into(),
        from: "east".into(),
        to: "west".into(),
        quantity: 4,
    });
}

fn subscriptions(shop: &mut Shop) {
    let customer_id = CustomerId(shop.with(&RegisterCustomer {
        customer_id: None,
        external_ref: None,
        personal_ref: None,
    }));
    let create = |quantity| CreateSubscription {
        subscription_id: None,
        customer_id,
        channel: "web".to_owned(),
        currency: None,
        items: vec![NewItem {
            sku: "A".into(),
            quantity,
            unit_price_minor: None,
        }],
        interval: Interval {
            unit: IntervalUnit::Month,
            count: 1,
        },
        anchor: day("2026-01-31"),
        anchor_day: None,
        time_zone: None,
    };
    let small = SubscriptionId(shop.with(&create(1)));
    let large = SubscriptionId(shop.with(&create(1000)));
    shop.on("2026-01-31T12:00:00Z");
    for subscription_id in [small, large] {
        shop.with(&RunCycle {
            subscription_id,
            cycle: 0,
        });
    }
    shop.with(&SkipCycle {
        subscription_id: small,
        cycles: None,
    });
    shop.with(&ChangeQuantity {
        subscription_id: small,
        sku: "A".into(),
        quantity: 3,
    });
    for (subscription_id, resume_on) in [(small, Some(day("2026-02-10"))), (large, None)] {
        shop.with(&PauseSubscription {
            subscription_id,
            resume_on,
        });
    }
    shop.on("2026-02-10T12:00:00Z");
    shop.with(&ResumeSubscription {
        subscription_id: small,
    });
    shop.with(&PauseSubscription {
        subscription_id: small,
        resume_on: Some(day("2026-03-10")),
    });
    let canceled = SubscriptionId(shop.with(&CreateSubscription {
        anchor: day("2026-02-20"),
        ..create(2)
    }));
    shop.with(&CancelSubscription {
        subscription_id: canceled,
        reason: "moved away".to_owned(),
    });
}

#[test]
fn the_story_reaches_every_event_type_of_business() {
    let told: std::collections::BTreeSet<&str> = story()
        .iter()
        .map(|event| event.event.type_name())
        .collect();
    let types = entrepot_domain::event::Event::types().into_iter();
    let untold: Vec<&str> = types
        .map(|known| known.name)
        .filter(|name| !name.starts_with("tenant.") && !told.contains(name))
        .collect();
    assert_eq!(untold, Vec::<&str>::new());
}
