use super::{BiOrderLines, BiOrders, BiPayments, BiShipments};
use crate::customers::Customers;
use crate::inventory::Inventory;
use crate::margins::Margins;
use crate::orders::Orders;
use crate::subscriptions::Subscriptions;
use crate::testing::{TestDb, fold, rows_do_not_depend_on_batches, story};

#[tokio::test]
async fn flat_rows_do_not_depend_on_batches() {
    let log = story();
    let orders = rows_do_not_depend_on_batches::<BiOrders>(&log).await;
    assert_eq!(orders["rm_bi_orders"].len(), 5);
    let lines = rows_do_not_depend_on_batches::<BiOrderLines>(&log).await;
    assert_eq!(lines["rm_bi_order_lines"].len(), 9);
    let payments = rows_do_not_depend_on_batches::<BiPayments>(&log).await;
    assert_eq!(payments["rm_bi_payments"].len(), 5);
    let shipments = rows_do_not_depend_on_batches::<BiShipments>(&log).await;
    assert_eq!(shipments["rm_bi_shipments"].len(), 3);
}

#[test]
fn flat_orders_say_what_the_documents_say() {
    let log = story();
    let flat = fold::<BiOrders>(&log).expect("folds");
    for (order_id, order) in fold::<Orders>(&log).expect("folds") {
        let (row, order) = (
            flat[&order_id].clone().expect("a row"),
            order.expect("a document"),
        );
        assert_eq!(row.status, order.status().as_str());
        let amounts = (row.canceled_minor, row.captured_minor, row.refunded_minor);
        let expected = (
            order.canceled.total_minor(),
            order.captured_minor(),
            order.refunded_minor(),
        );
        assert_eq!(amounts, expected, "{order_id}");
        let fees: i64 = order.payments.iter().map(|payment| payment.fee_minor).sum();
        assert_eq!(row.fee_minor, fees);
    }
}

#[tokio::test]
async fn every_view_shows_its_rows() {
    let (log, db) = (story(), TestDb::new().await);
    db.fold::<BiOrders>(&log, 50).await;
    db.fold::<BiOrderLines>(&log, 50).await;
    db.fold::<BiPayments>(&log, 50).await;
    db.fold::<BiShipments>(&log, 50).await;
    db.fold::<Inventory>(&log, 50).await;
    db.fold::<Margins>(&log, 50).await;
    db.fold::<Subscriptions>(&log, 50).await;
    db.fold::<Customers>(&log, 50).await;
    for (view, rows) in [
        ("orders", 5),
        ("order_lines", 9),
        ("payments", 5),
        ("shipments", 3),
        ("order_costs", 5),
        ("payment_costs", 5),
        ("shipment_costs", 3),
        ("inventory_positions", 4),
        ("inventory_values", 4),
        ("line_margins", 9),
        ("daily_margins", 6),
        ("subscriptions", 3),
        ("recurring_revenue", 3),
        ("customers", 3),
        ("mrr_movements", 9),
        ("freshness", 0),
    ] {
        let shown = db.dump(&format!("bi_{view}")).await;
        assert_eq!(shown.len(), rows, "{view}: {shown:#?}");
    }
    let parcel = "SELECT dispatched_at || ' ' || currency || ' ' || label_cost FROM bi_shipment_costs \
                  WHERE label_cost_minor = 745";
    assert_eq!(
        db.texts(parcel).await,
        ["2026-01-16T03:00:00.000000Z USD 7.45"]
    );
}
