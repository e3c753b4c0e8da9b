use std::collections::BTreeMap;

use entrepot_domain::envelope::Recorded;
use entrepot_domain::event::Event;
use entrepot_domain::kernel::OrderId;
use entrepot_domain::orders::CancelOrder;
use entrepot_domain::payments::RecordExternalPayment;

use super::{OrderDoc, Orders};
use crate::testing::{Shop, fold, rows_do_not_depend_on_batches, rows_of, story, worked_order};

fn only(log: &[Recorded]) -> OrderDoc {
    let mut docs = fold::<Orders>(log).expect("folds");
    let (_, doc) = docs.pop_first().expect("one order");
    assert!(docs.is_empty());
    doc.expect("placed").as_ref().clone()
}

fn paid(order_id: OrderId, amount_minor: i64) -> RecordExternalPayment {
    RecordExternalPayment {
        payment_id: None,
        order_id,
        provider: "stripe".to_owned(),
        provider_ref: None,
        amount_minor,
        currency: None,
        captured_at: None,
        fee_minor: None,
    }
}

#[test]
fn an_event_before_the_order_or_a_second_order_does_not_fit() {
    let log = story();
    let about_orders = |event: &&Recorded| matches!(event.event, Event::Order(_));
    let placed = log.iter().find(about_orders).expect("an order").clone();
    assert!(fold::<Orders>(&[placed.clone(), placed]).is_err());
    for event in log {
        let alone = fold::<Orders>(std::slice::from_ref(&event));
        let fits = event.event.type_name() == "order.placed"
            || alone.as_ref().is_ok_and(BTreeMap::is_empty);
        assert_eq!(alone.is_ok(), fits, "{}", event.event.type_name());
    }
}

#[test]
fn a_payment_that_begins_by_its_capture_counts_as_authorized() {
    let mut shop = Shop::new();
    let order_id = OrderId(shop.with(&worked_order()));
    shop.with(&paid(order_id, 9000));
    let order = only(&shop.log());
    assert_eq!(order.payments[0].authorized_minor, 9000);
    assert_eq!(order.payments[0].fee_estimated, Some(true));
    assert_eq!(order.payment_status().as_str(), "partially_paid");
}

#[test]
fn a_canceled_order_owes_nothing_and_keeps_what_it_was_placed_as() {
    let mut shop = Shop::new();
    let order_id = OrderId(shop.with(&worked_order()));
    let reason = "changed my mind".to_owned();
    shop.with(&CancelOrder { order_id, reason });
    let order = only(&shop.log());
    assert_eq!((order.due_minor(), order.totals.total_minor), (0, 9306));
    assert_eq!(order.status().as_str(), "canceled");
    assert_eq!(order.payment_status().as_str(), "voided");
}

#[test]
fn a_document_reads_back_as_it_was_written() {
    for doc in fold::<Orders>(&story()).expect("folds").into_values() {
        let doc = doc.as_deref();
        let text = serde_json::to_string(&doc).expect("writes");
        let read: Option<OrderDoc> = serde_json::from_str(&text).expect("reads");
        assert_eq!(read.as_ref(), doc);
    }
}

#[tokio::test]
async fn orders_and_their_days_do_not_depend_on_batches() {
    let tables = rows_do_not_depend_on_batches::<Orders>(&story()).await;
    assert_eq!(tables["rm_orders"].len(), 5);
}

#[tokio::test]
async fn a_day_says_what_was_ordered_on_it_and_what_became_of_it() {
    let mut shop = Shop::new();
    shop.with(&worked_order());
    let order_id = OrderId(shop.with(&worked_order()));
    // Two days later in New York: it counts on the day of the order all the same.
    shop.on("2026-01-18T03:00:00Z");
    shop.with(&paid(order_id, 9306));
    let reason = "changed my mind".to_owned();
    shop.with(&CancelOrder { order_id, reason });

    let tables = rows_of::<Orders>(&shop.log(), 5).await;
    let row = |measure: &str, code: &str, amount: i64, count: i64| {
        format!(
            "tenant_id=1 day='2026-01-15' channel='web' currency='USD' measure='{measure}' \
             code='{code}' amount_minor={amount} count={count}"
        )
    };
    let expected = [
        row("canceled", "", 9306, 1),
        row("captured", "stripe", 9306, 1),
        row("discount", "TEN", 2000, 2),
        row("fee", "stripe", 300, 1),
        row("gross", "", 17_996, 2),
        row("net", "", 15_996, 2),
        row("order", "", 18_612, 2),
        row("shipping", "", 1198, 2),
        row("tax", "US-NY", 1418, 2),
        row("total", "", 18_612, 2),
    ];
    assert_eq!(tables["rm_order_days"], expected);
}
