use super::{BiOrderLines, BiOrders, BiPayments, BiShipments};
use crate::testing::{rows_do_not_depend_on_batches, story};

#[tokio::test]
async fn rows_of_every_flat_model_do_not_depend_on_batches() {
    let log = story();
    for (table, rows) in [
        ("rm_bi_orders", 5),
        ("rm_bi_order_lines", 9),
        ("rm_bi_payments", 5),
        ("rm_bi_shipments", 3),
    ] {
        let tables = match table {
            "rm_bi_orders" => rows_do_not_depend_on_batches::<BiOrders>(&log).await,
            "rm_bi_order_lines" => rows_do_not_depend_on_batches::<BiOrderLines>(&log).await,
            "rm_bi_payments" => rows_do_not_depend_on_batches::<BiPayments>(&log).await,
            _ => rows_do_not_depend_on_batches::<BiShipments>(&log).await,
        };
        assert_eq!(tables[table].len(), rows, "{table}: {tables:#?}");
    }
}
