use std::collections::BTreeSet;

use entrepot_domain::envelope::Recorded;
use entrepot_domain::fulfillment::{DispatchShipment, ShippedLine};
use entrepot_domain::kernel::{Currency, OrderId};
use entrepot_domain::orders::{CancelLine, CancelOrder, PlaceOrder};
use entrepot_domain::payments::{AssessFee, RecordExternalPayment};
use entrepot_entity::margins::Model as Line;
use proptest::prelude::*;

use super::Margins;
use crate::model::Fold as _;
use crate::subject;
use crate::testing::{
    Shop, facts, fold, rows_do_not_depend_on_batches, rows_of, story, worked_order,
};

/// The worked order, paid by `stripe` (2.9 % + 0.30).
fn sold(shop: &mut Shop) -> OrderId {
    let order_id = OrderId(shop.with(&worked_order()));
    shop.with(&RecordExternalPayment {
        payment_id: None,
        order_id,
        provider: "stripe".to_owned(),
        provider_ref: None,
        amount_minor: 9306,
        currency: None,
        captured_at: None,
        fee_minor: None,
    });
    order_id
}

fn dispatch(order_id: OrderId, lines: &[(u32, i64)], label: Option<i64>) -> DispatchShipment {
    let lines = lines.iter().map(|(line, quantity)| ShippedLine {
        line: *line,
        quantity: *quantity,
    });
    DispatchShipment {
        order_id,
        warehouse: None,
        lines: lines.collect(),
        carrier: None,
        tracking: None,
        label_cost_minor: label,
        dispatched_at: None,
    }
}

fn lines(shop: &Shop) -> Vec<Line> {
    let docs = fold::<Margins>(&shop.log()).expect("folds");
    docs.into_values().next().expect("one order")
}

fn column<T>(shop: &Shop, value: impl Fn(&Line) -> T) -> Vec<T> {
    lines(shop).iter().map(value).collect()
}

fn known(amounts: [i64; 3]) -> Vec<Option<i64>> {
    amounts.map(Some).to_vec()
}

#[test]
fn the_worked_order_earns_the_published_amounts() {
    let mut shop = Shop::new();
    let order_id = sold(&mut shop);
    shop.with(&dispatch(order_id, &[], Some(745)));

    assert_eq!(column(&shop, |line| line.gross_minor), [4998, 1500, 2500]);
    assert_eq!(column(&shop, |line| line.discount_minor), [555, 167, 278]);
    assert_eq!(column(&shop, |line| line.net_minor), [4443, 1333, 2222]);
    assert_eq!(column(&shop, |line| line.shipping_minor), [333, 100, 166]);
    assert_eq!(column(&shop, |line| line.fee_minor), [167, 50, 83]);
    assert_eq!(
        column(&shop, |line| line.shipping_cost_minor),
        [414, 124, 207]
    );
    // At cost 8.80, 6.00 and 11.45 a unit. With freight of 0.30 on A, contribution is the published
    // 23.75, 6.59, 9.53.
    assert_eq!(
        column(&shop, |line| line.cogs_minor),
        known([1760, 600, 1145])
    );
    let gross_margin = column(&shop, |line| line.gross_margin_minor);
    assert_eq!(gross_margin, known([2683, 733, 1077]));
    let contribution = column(&shop, |line| line.contribution_minor);
    assert_eq!(contribution, known([2375 + 60, 659, 953]));
}

#[test]
fn what_was_not_shipped_has_no_known_cost() {
    let mut shop = Shop::new();
    sold(&mut shop);
    assert_eq!(column(&shop, |line| line.cogs_minor), [None; 3]);
    assert_eq!(column(&shop, |line| line.gross_margin_minor), [None; 3]);
    assert_eq!(column(&shop, |line| line.contribution_minor), [None; 3]);
}

#[test]
fn a_line_shipped_in_part_has_no_known_cost_until_the_rest_is_shipped_or_given_up() {
    let mut shop = Shop::new();
    let order_id = sold(&mut shop);
    shop.with(&dispatch(order_id, &[(1, 1)], None));
    let line = &lines(&shop)[0];
    assert_eq!((line.issued_minor, line.cogs_known_quantity), (880, 1));
    assert_eq!(
        (line.cogs_minor, line.recognized_on.as_deref()),
        (None, None)
    );

    shop.on("2026-01-17T12:00:00Z");
    shop.with(&CancelLine {
        order_id,
        line: 1,
        quantity: None,
        reason: "late".to_owned(),
    });
    let line = &lines(&shop)[0];
    assert_eq!((line.quantity, line.net_minor), (1, 2222));
    assert_eq!(
        (line.cogs_minor, line.gross_margin_minor),
        (Some(880), Some(1342))
    );
    // Recognized when it was shipped, not when the rest was given up.
    assert_eq!(line.recognized_on.as_deref(), Some("2026-01-15"));
}

#[test]
fn an_untracked_sku_and_an_import_have_no_known_cost() {
    for doc in fold::<Margins>(&story()).expect("folds").values() {
        for line in doc
            .iter()
            .filter(|line| line.sku == "GIFT" || line.channel == "till")
        {
            assert_eq!(
                (line.cogs_minor, line.contribution_minor),
                (None, None),
                "{line:?}"
            );
        }
    }
}

#[test]
fn stock_in_another_currency_says_nothing_about_cost() {
    let mut shop = Shop::new();
    let mut order = PlaceOrder {
        currency: Currency::parse("EUR"),
        ..worked_order()
    };
    for line in &mut order.lines {
        line.unit_price_minor = Some(1000);
    }
    let order_id = OrderId(shop.with(&order));
    shop.with(&dispatch(order_id, &[], None));
    assert_eq!(column(&shop, |line| line.cogs_known_quantity), [2, 1, 1]);
    assert_eq!(column(&shop, |line| line.cogs_minor), [None; 3]);
}

#[test]
fn shipping_that_is_given_back_is_no_revenue() {
    let mut shop = Shop::new();
    let order_id = sold(&mut shop);
    let reason = "changed my mind".to_owned();
    shop.with(&CancelOrder { order_id, reason });
    assert_eq!(column(&shop, |line| line.shipping_minor), [0; 3]);
    assert_eq!(column(&shop, |line| line.net_minor), [0; 3]);
    assert_eq!(column(&shop, |line| line.fee_minor), [167, 50, 83]);
}

/// Whoever follows margins hears of an order when what it earned changes, and only then.
#[test]
fn an_event_touches_the_margins_that_it_changes_and_no_others() {
    let log = story();
    let orders = fold::<Margins>(&log).expect("folds").into_keys();
    let mut untouched = BTreeSet::new();
    for order in orders {
        let mut doc = Vec::new();
        let about = |event: &&Recorded| {
            Margins::keys(&event.event).contains(&order)
                || subject::order(&event.event) == Some(order)
        };
        for event in log.iter().filter(about) {
            let before = doc.clone();
            Margins::apply(&mut doc, &order, event, &facts()).expect("the event fits");
            let touched = Margins::keys(&event.event).contains(&order);
            let name = event.event.type_name();
            assert_eq!(doc != before, touched, "{name}");
            if !touched {
                untouched.insert(name);
            }
        }
    }
    assert!(untouched.contains("shipment.delivered"), "{untouched:?}");
}

#[tokio::test]
async fn margins_and_their_days_do_not_depend_on_batches() {
    let tables = rows_do_not_depend_on_batches::<Margins>(&story()).await;
    assert_eq!(tables["rm_margins"].len(), 9);
}

#[tokio::test]
async fn a_day_counts_unknown_costs_apart() {
    let mut shop = Shop::new();
    let order_id = sold(&mut shop);
    sold(&mut shop);
    shop.with(&dispatch(order_id, &[(2, 1)], None));
    let tables = rows_of::<Margins>(&shop.log(), 3).await;
    let day = tables["rm_margin_days"]
        .iter()
        .find(|row| row.contains("sku='B'"));
    assert_eq!(
        day.map(String::as_str),
        Some(
            "tenant_id=1 day='2026-01-15' channel='web' sku='B' currency='USD' line_count=2 \
             quantity=2 net_minor=2666 cogs_minor=600 shipping_minor=200 fee_minor=100 \
             shipping_cost_minor=0 known_net_minor=1333 gross_margin_minor=733 \
             contribution_minor=783 unknown_cost_lines=1"
        )
    );
}

proptest! {
    /// Whatever fees and labels come, in whatever steps: the lines carry all of it.
    #[test]
    fn shares_sum_to_what_was_spread(fees in prop::collection::vec(1_i64..10_000, 1..6), label in 0_i64..5000) {
        let mut shop = Shop::new();
        let order_id = OrderId(shop.with(&worked_order()));
        let payment = RecordExternalPayment {
            payment_id: None,
            order_id,
            provider: "card".to_owned(),
            provider_ref: None,
            amount_minor: 9306,
            currency: None,
            captured_at: None,
            fee_minor: None,
        };
        let payment_id = shop.with(&payment).into();
        let mut fee = 0;
        for amount_minor in fees.into_iter().filter(|amount| *amount != 0) {
            if amount_minor != fee {
                shop.with(&AssessFee { payment_id, amount_minor });
            }
            fee = amount_minor;
        }
        shop.with(&dispatch(order_id, &[], Some(label)));
        let lines = lines(&shop);
        let sum = |value: fn(&Line) -> i64| lines.iter().map(value).sum::<i64>();
        prop_assert_eq!(sum(|line| line.fee_minor), fee);
        prop_assert_eq!(sum(|line| line.shipping_cost_minor), label);
        prop_assert_eq!(sum(|line| line.shipping_minor), 599);
    }
}
