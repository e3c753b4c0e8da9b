//! Many buyers want the last units at once: as many are told yes as there are units.

use entrepot_tests::{TestDb, both};
use futures_util::future::join_all;
use serde_json::json;

use super::shopfront::{north, order_of, receive};

const BUYERS: usize = 200;
const UNITS: usize = 10;

both! {
    async fn the_last_ten_units_are_sold_to_ten_of_two_hundred_buyers(db: TestDb) {
        let (_server, seller) = north(&db).await;
        receive(&seller, "A", 10, 880).await;
        let buyers = (0..BUYERS).map(|_| {
            let buyer = seller.clone();
            tokio::spawn(async move { buyer.try_give("orderPlace", order_of("A", 1), "order { status }").await })
        });
        let mut won = 0;
        for payload in join_all(buyers).await {
            let payload = payload.unwrap();
            if payload["userErrors"] == json!([]) {
                assert_eq!(payload["order"]["status"], "PLACED");
                won += 1;
            } else {
                assert_eq!(payload["order"], json!(null));
                assert_eq!(payload["userErrors"][0]["code"], "OUT_OF_STOCK");
                assert_eq!(payload["userErrors"][0]["field"], json!(["lines", "0", "quantity"]));
                assert_eq!(payload["userErrors"].as_array().unwrap().len(), 1);
            }
        }
        assert_eq!(won, UNITS);
        let query = "{ orders { totalCount } stockPosition(sku: \"A\", warehouse: \"east\") { onHand reserved available } }";
        let left = seller.ask(query, json!({})).await;
        let position = json!({ "onHand": "10", "reserved": "10", "available": "0" });
        assert_eq!(left, json!({ "orders": { "totalCount": "10" }, "stockPosition": position }));
    }
}
