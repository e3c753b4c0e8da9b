//! Tests of [`ImportOrder`].

use super::*;
use crate::customers::EraseCustomer;
use crate::event::Event;
use crate::kernel::AMOUNT_MAX;
use crate::orders::tests::placed;
use crate::orders::{DiscountScope, Order};
use crate::state::State;
use crate::testing::{Past, refused, retailer};

fn sold(sku: &str, quantity: i64, gross_minor: i64) -> ImportLine {
    ImportLine {
        sku: sku.into(),
        quantity,
        unit_price_minor: None,
        gross_minor,
        discounts: Vec::new(),
        taxes: Vec::new(),
        net_minor: None,
    }
}

fn off(code: &str, amount_minor: i64) -> Discount {
    Discount {
        scope: DiscountScope::Order,
        code: code.to_owned(),
        amount_minor,
    }
}

fn tax(code: &str, amount_minor: i64) -> Tax {
    Tax {
        code: code.to_owned(),
        rate_ppm: None,
        amount_minor,
    }
}

fn paid(amount_minor: i64) -> ImportPayment {
    ImportPayment {
        provider: "card".to_owned(),
        provider_ref: Some("ch_1".to_owned()),
        amount_minor,
    }
}

/// Two A at 20.00 less 1.01, one B at 10.00 less 0.99, 2.00 tax, 5.00 shipping: 35.00.
fn receipt() -> ImportOrder {
    let a = ImportLine {
        discounts: vec![off("TWO", 101)],
        taxes: vec![tax("VAT", 200)],
        net_minor: Some(1899),
        ..sold("A", 2, 2000)
    };
    let b = ImportLine {
        discounts: vec![off("TWO", 99)],
        ..sold("B", 1, 1000)
    };
    ImportOrder {
        channel: "till".to_owned(),
        external_id: "R-1".to_owned(),
        customer_external_id: Some("7".to_owned()),
        currency: Currency::default(),
        placed_at: Instant::from_micros(0).expect("1970"),
        lines: vec![a, b],
        shipping: Some(Shipping {
            method: "post".to_owned(),
            net_minor: 500,
            taxes: Vec::new(),
        }),
        total_minor: Some(3500),
        payments: vec![paid(3000), paid(0), paid(500)],
        shipped: true,
    }
}

fn state(past: &Past) -> Order {
    match past.state_of(OrderId::natural(&["till", "R-1"])) {
        State::Order(order) => *order,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_import_that_breaks_a_rule_is_refused_where_it_does() {
    let with = |change: fn(&mut ImportOrder)| {
        let mut bad = receipt();
        change(&mut bad);
        bad
    };
    for (command, expected) in [
        (
            with(|order| order.channel = "fax".to_owned()),
            "CHANNEL_UNKNOWN channel",
        ),
        (
            with(|order| order.external_id.push('\0')),
            "TEXT_MALFORMED externalId",
        ),
        (
            with(|order| order.customer_external_id = Some(String::new())),
            "TEXT_MALFORMED customerExternalId",
        ),
        (
            with(|order| order.placed_at = Instant(jiff::Timestamp::MAX)),
            "TIME_OUT_OF_ORDER placedAt",
        ),
        (with(|order| order.lines.clear()), "LIST_EMPTY lines"),
        (
            with(|order| order.lines = vec![sold("A", 1, 1); 251]),
            "LIST_TOO_LONG lines",
        ),
        (
            with(|order| order.payments = vec![paid(1); 21]),
            "LIST_TOO_LONG payments",
        ),
        (
            with(|order| order.total_minor = Some(3501)),
            "TOTALS_MISMATCH totalMinor",
        ),
        (
            with(|order| order.payments[2] = paid(501)),
            "TOTALS_MISMATCH payments",
        ),
        (
            with(|order| order.payments = vec![paid(-1)]),
            "TOTALS_MISMATCH payments",
        ),
        (
            with(|order| order.payments[1].provider.clear()),
            "TEXT_MALFORMED payments.1.provider",
        ),
    ] {
        assert_eq!(refused(retailer().when(&command)), expected, "{command:?}");
    }
}

#[test]
fn a_line_that_breaks_a_rule_is_refused_where_it_does() {
    let with = |change: fn(&mut ImportLine)| {
        let mut bad = receipt();
        change(&mut bad.lines[0]);
        bad
    };
    for (command, expected) in [
        (
            with(|line| line.sku = "Z".into()),
            "SKU_UNKNOWN lines.0.sku",
        ),
        (
            with(|line| line.sku = "\0".into()),
            "TEXT_MALFORMED lines.0.sku",
        ),
        (
            with(|line| line.quantity = -1),
            "QUANTITY_NOT_POSITIVE lines.0.quantity",
        ),
        (
            with(|line| line.quantity = i64::MAX),
            "QUANTITY_OUT_OF_RANGE lines.0.quantity",
        ),
        (
            with(|line| line.gross_minor = -1),
            "AMOUNT_NEGATIVE lines.0.grossMinor",
        ),
        (
            with(|line| line.gross_minor = i64::MAX),
            "AMOUNT_OUT_OF_RANGE lines.0.grossMinor",
        ),
        (
            with(|line| line.net_minor = Some(1900)),
            "TOTALS_MISMATCH lines.0.netMinor",
        ),
        (
            with(|line| line.discounts = vec![off("x", 1); 21]),
            "LIST_TOO_LONG lines.0.discounts",
        ),
        (
            with(|line| line.discounts[0].amount_minor = i64::MIN),
            "AMOUNT_OUT_OF_RANGE lines.0.discounts.0.amountMinor",
        ),
        (
            with(|line| line.discounts = vec![off("x", -AMOUNT_MAX); 2]),
            "AMOUNT_OUT_OF_RANGE lines.0.netMinor",
        ),
        (
            with(|line| line.taxes[0].amount_minor = i64::MIN),
            "AMOUNT_OUT_OF_RANGE lines.0.taxes.0.amountMinor",
        ),
        (
            with(|line| line.taxes[0].rate_ppm = Some(-1)),
            "RATE_OUT_OF_RANGE lines.0.taxes.0.ratePpm",
        ),
        (
            with(|line| line.taxes = vec![tax("x", 1); 21]),
            "LIST_TOO_LONG lines.0.taxes",
        ),
    ] {
        assert_eq!(refused(retailer().when(&command)), expected, "{command:?}");
    }
}

#[test]
fn an_order_is_imported_once() {
    let mut past = retailer();
    let outcome = past.when(&receipt()).expect("the first is accepted");
    assert_eq!(outcome.subject, OrderId::natural(&["till", "R-1"]).0);
    assert_eq!(refused(past.when(&receipt())), "ALREADY_EXISTS externalId");
}

#[test]
fn money_given_back_is_a_refund_of_a_payment_that_captured_nothing() {
    let mut past = retailer();
    let command = ImportOrder {
        payments: vec![paid(4000), paid(-500)],
        ..receipt()
    };
    let outcome = past.when(&command).expect("accepted");
    let moved: Vec<_> = outcome
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Payment(PaymentEvent::Captured(captured)) => Some(captured.amount_minor),
            Event::Payment(PaymentEvent::Refunded(refunded)) => Some(-refunded.amount_minor),
            _ => None,
        })
        .collect();
    assert_eq!(moved, [4000, 0, -500]);
}

#[test]
fn one_commit_holds_customer_order_payments_and_shipment() {
    let mut past = retailer();
    let outcome = past.when(&receipt()).expect("accepted");
    let names: Vec<_> = outcome.events.iter().map(Event::type_name).collect();
    assert_eq!(
        names,
        [
            "customer.registered",
            "order.placed",
            "payment.captured",
            "payment.captured",
            "shipment.dispatched"
        ]
    );
    let placed = placed(&outcome);
    assert_eq!(placed.allocation, Allocation::Imported);
    assert_eq!(placed.lines[0].discounts, [off("TWO", 101)]);
    assert_eq!(
        (placed.totals.net_minor, placed.totals.total_minor),
        (2800, 3500)
    );
    assert_eq!(state(&past).open(), 0);

    let next = ImportOrder {
        external_id: "R-2".to_owned(),
        ..receipt()
    };
    let outcome = past.when(&next).expect("accepted");
    assert_eq!(
        outcome.events[0].type_name(),
        "order.placed",
        "the customer is known"
    );
}

#[test]
fn a_line_may_be_worth_less_than_nothing_but_an_order_may_not() {
    let coupon = |off_minor| {
        let discounts = vec![off("COUPON", off_minor)];
        let free = ImportLine {
            discounts,
            ..sold("B", 0, 100)
        };
        ImportOrder {
            lines: vec![sold("A", 1, 200), free],
            shipping: None,
            total_minor: None,
            payments: Vec::new(),
            shipped: false,
            ..receipt()
        }
    };
    let outcome = retailer().when(&coupon(301));
    assert_eq!(refused(outcome), "AMOUNT_NEGATIVE totalMinor");
    let mut past = retailer();
    let outcome = past.when(&coupon(300)).expect("accepted");
    assert_eq!(placed(&outcome).lines[1].net_minor, -200);
    assert_eq!(
        state(&past).open(),
        1,
        "the line without goods has nothing open"
    );
}

#[test]
fn an_erased_customer_is_not_linked_again() {
    let mut past = retailer();
    past.when(&receipt()).expect("accepted");
    let customer_id = CustomerId::natural(&["till", "7"]);
    past.when(&EraseCustomer { customer_id }).expect("erased");
    let next = ImportOrder {
        external_id: "R-2".to_owned(),
        ..receipt()
    };
    let outcome = past.when(&next).expect("the sale is a fact all the same");
    assert_eq!(placed(&outcome).customer_id, None);
}

#[test]
fn nothing_is_shipped_if_no_line_has_goods() {
    let lines = vec![sold("A", 0, 100)];
    let command = ImportOrder {
        lines,
        shipping: None,
        total_minor: Some(100),
        payments: Vec::new(),
        ..receipt()
    };
    let outcome = retailer().when(&command).expect("accepted");
    assert_eq!(outcome.events.len(), 2);
}
