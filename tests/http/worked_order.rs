//! One order from the catalog to its margin, number for number, worked out by hand.
//!
//! A 2 × 24.99, B 1 × 15.00, C 1 × 25.00; 10.00 off the order; shipping 5.99; 8.25 % tax on goods
//! and shipping; fee 2.9 % + 0.30; label 7.45. Receipts: 100 A at 8.80, 50 B at 6.00, 40 C at 11.45.

use entrepot_api::auth::Role;
use entrepot_tests::{TestDb, both};
use serde_json::{Value as Json, json};

use super::client::Client;
use super::server::{Server, platform_token, say};
use super::shopfront::receive;

const MONEY: &str = "{ amountMinor amount currency }";

/// Dollars and cents as the graph gives them.
fn usd(minor: i64) -> Json {
    let amount = format!("{}.{:02}", minor / 100, minor % 100);
    json!({ "amountMinor": minor.to_string(), "amount": amount, "currency": "USD" })
}

fn money(minors: impl IntoIterator<Item = i64>) -> Vec<Json> {
    minors.into_iter().map(usd).collect()
}

fn field(rows: &Json, name: &str) -> Vec<Json> {
    rows.as_array()
        .expect("a list")
        .iter()
        .map(|row| row[name].clone())
        .collect()
}

/// A retailer from nothing: a tenant, its configuration, its catalog with prices.
async fn opened(server: &Server) -> Client {
    let operator = server
        .bearer(&platform_token(Role::Operator))
        .with("entrepot-tenant", "north");
    let create = json!({ "slug": "north", "name": "North", "baseCurrency": "USD", "timeZone": "America/New_York" });
    let payload = operator
        .give("tenantCreate", create, "tenant { slug status }")
        .await;
    assert_eq!(
        payload["tenant"],
        json!({ "slug": "north", "status": "ACTIVE" })
    );
    let rates = json!([{ "code": "US-NY", "ratePpm": "82500" }]);
    for config in [
        json!({ "taxTable": [{ "class": "standard", "rates": rates }] }),
        json!({ "channels": [{ "code": "web", "name": "Web shop" }] }),
        json!({ "feeSchedule": [{ "provider": "stripe", "ratePpm": "29000", "fixedMinor": "30" }] }),
        json!({ "warehouses": ["east", "west"] }),
    ] {
        operator.give("tenantConfigure", config, "").await;
    }
    let seller = server.client("north", Role::Commerce);
    for (sku, price) in [("A", "2499"), ("B", "1500"), ("C", "2500")] {
        let create = json!({ "sku": sku, "title": format!("Item {sku}"), "taxClass": "standard" });
        seller.give("skuCreate", create, "").await;
        let price = json!({ "sku": sku, "currency": "USD", "amountMinor": price });
        let payload = seller
            .give(
                "priceSet",
                price.clone(),
                &format!("product {{ prices {MONEY} }}"),
            )
            .await;
        assert_eq!(
            payload["product"]["prices"][0]["amountMinor"],
            price["amountMinor"]
        );
    }
    seller
}

async fn placed(seller: &Client) -> String {
    let line = |sku: &str, quantity: i64| json!({ "sku": sku, "quantity": quantity.to_string() });
    let input = json!({
        "channel": "web",
        "externalId": "1001",
        "lines": [line("A", 2), line("B", 1), line("C", 1)],
        "discounts": [{ "code": "TEN", "amountMinor": "1000" }],
        "shipping": { "method": "standard", "amountMinor": "599", "taxClass": "standard" },
    });
    let selection = format!(
        "order {{ id status paymentStatus fulfillmentStatus allocation
           totals {{ gross {MONEY} discount {MONEY} net {MONEY} shipping {MONEY} tax {MONEY} total {MONEY} }}
           shipping {{ method net {MONEY} taxes {{ code ratePpm amount {MONEY} }} }}
           lines {{ line sku quantity gross {MONEY} net {MONEY} tax {MONEY} unitPrice {MONEY}
             discounts {{ code scope amount {MONEY} }} reservations {{ warehouse quantity }} }} }}"
    );
    let payload = seller.give("orderPlace", input, &selection).await;
    let order = &payload["order"];
    assert_eq!(
        [
            &order["status"],
            &order["paymentStatus"],
            &order["fulfillmentStatus"],
            &order["allocation"]
        ],
        ["PLACED", "UNPAID", "UNFULFILLED", "NATIVE"]
    );
    let totals = ["gross", "discount", "net", "shipping", "tax", "total"]
        .map(|sum| order["totals"][sum].clone());
    assert_eq!(totals.to_vec(), money([8998, 1000, 7998, 599, 709, 9306]));
    let lines = &order["lines"];
    assert_eq!(field(lines, "sku"), ["A", "B", "C"]);
    assert_eq!(field(lines, "unitPrice"), money([2499, 1500, 2500]));
    assert_eq!(field(lines, "gross"), money([4998, 1500, 2500]));
    assert_eq!(field(lines, "net"), money([4443, 1333, 2222]));
    assert_eq!(field(lines, "tax"), money([367, 110, 183]));
    for (index, share) in [555, 167, 278].into_iter().enumerate() {
        let share = json!([{ "code": "TEN", "scope": "ORDER", "amount": usd(share) }]);
        assert_eq!(lines[index]["discounts"], share);
    }
    assert_eq!(
        lines[0]["reservations"],
        json!([{ "warehouse": "east", "quantity": "2" }])
    );
    let tax = json!([{ "code": "US-NY", "ratePpm": "82500", "amount": usd(49) }]);
    assert_eq!(
        order["shipping"],
        json!({ "method": "standard", "net": usd(599), "taxes": tax })
    );
    order["id"].as_str().expect("an id").to_owned()
}

async fn paid(seller: &Client, order: &str) {
    let authorize = json!({ "orderId": order, "provider": "stripe", "amountMinor": "9306" });
    let payload = seller
        .give(
            "paymentAuthorize",
            authorize,
            "payment { id } order { paymentStatus }",
        )
        .await;
    assert_eq!(payload["order"]["paymentStatus"], "AUTHORIZED");
    let capture = json!({ "paymentId": payload["payment"]["id"] });
    let selection =
        format!("payment {{ captured {MONEY} capturable {MONEY} }} order {{ paymentStatus }}");
    let payload = seller.give("paymentCapture", capture, &selection).await;
    assert_eq!(
        payload["payment"],
        json!({ "captured": usd(9306), "capturable": usd(0) })
    );
    assert_eq!(payload["order"]["paymentStatus"], "PAID");
}

async fn shipped(seller: &Client, order: &str) {
    let dispatch = json!({ "orderId": order, "labelCostMinor": "745", "carrier": "ups" });
    let selection =
        "shipment { id warehouse lines { line quantity } } order { status fulfillmentStatus }";
    let payload = seller.give("shipmentDispatch", dispatch, selection).await;
    assert_eq!(
        payload["order"],
        json!({ "status": "COMPLETED", "fulfillmentStatus": "FULFILLED" })
    );
    assert_eq!(payload["shipment"]["warehouse"], "east");
    let deliver = json!({ "orderId": order, "shipmentId": payload["shipment"]["id"] });
    let payload = seller
        .give("shipmentDeliver", deliver, "order { fulfillmentStatus }")
        .await;
    assert_eq!(payload["order"]["fulfillmentStatus"], "DELIVERED");
}

async fn margins(finance: &Client, order: &str) {
    let line = format!(
        "line sku quantity shippedQuantity costKnown recognizedOn gross {MONEY} discount {MONEY} net {MONEY}
         cogs {MONEY} grossMargin {MONEY} grossMarginRatio shippingRevenue {MONEY} fee {MONEY}
         shippingCost {MONEY} contribution {MONEY} contributionRatio"
    );
    let query = format!(
        "query($id: ID!) {{ order(id: $id) {{ margins {{ {line} }}
             payments {{ fee {MONEY} feeEstimated }} shipments {{ labelCost {MONEY} }} }}
           margins(filter: {{ orderId: $id }}, sort: NET_ASC) {{ totalCount nodes {{ {line} order {{ id }} }} }} }}"
    );
    let data = finance.ask(&query, json!({ "id": order })).await;
    let lines = &data["order"]["margins"];
    assert_eq!(field(lines, "sku"), ["A", "B", "C"]);
    for (name, minors) in [
        ("gross", [4998, 1500, 2500]),
        ("discount", [555, 167, 278]),
        ("net", [4443, 1333, 2222]),
        ("cogs", [1760, 600, 1145]),
        ("grossMargin", [2683, 733, 1077]),
        ("shippingRevenue", [333, 100, 166]),
        ("fee", [167, 50, 83]),
        ("shippingCost", [414, 124, 207]),
        ("contribution", [2435, 659, 953]),
    ] {
        assert_eq!(field(lines, name), money(minors), "{name}");
    }
    assert_eq!(
        field(lines, "grossMarginRatio"),
        ["0.603871", "0.549887", "0.484698"]
    );
    assert_eq!(
        field(lines, "contributionRatio"),
        ["0.548053", "0.494374", "0.428893"]
    );
    assert_eq!(field(lines, "costKnown"), [true, true, true]);
    assert_eq!(
        data["order"]["payments"],
        json!([{ "fee": usd(300), "feeEstimated": true }])
    );
    assert_eq!(
        data["order"]["shipments"],
        json!([{ "labelCost": usd(745) }])
    );
    // The list has the same lines in its own order.
    assert_eq!(data["margins"]["totalCount"], "3");
    for (listed, of_order) in [(0, 1), (1, 2), (2, 0)] {
        let mut listed = data["margins"]["nodes"][listed].clone();
        assert_eq!(listed["order"].take()["id"], order);
        listed.as_object_mut().expect("an object").remove("order");
        assert_eq!(listed, lines[of_order]);
    }
}

async fn sums(finance: &Client) {
    let of = format!("{{ code count amount {MONEY} }}");
    let query = format!(
        "{{ orderSums {{ currency orders gross {MONEY} discount {MONEY} discounts {of} net {MONEY} shipping {MONEY}
             taxes {of} total {MONEY} canceled {MONEY} captured {of} refunded {of} }}
           marginSums {{ currency lineCount unknownCostLines quantity net {MONEY} knownNet {MONEY} cogs {MONEY}
             grossMargin {MONEY} grossMarginRatio shippingRevenue {MONEY} fee {MONEY} shippingCost {MONEY}
             contribution {MONEY} contributionRatio }}
           bySku: marginSums(groupBy: [SKU]) {{ sku contribution {MONEY} }} }}"
    );
    let data = finance.ask(&query, json!({})).await;
    // One order has each of them.
    let by_code = |code: &str, minor| json!([{ "code": code, "count": "1", "amount": usd(minor) }]);
    let orders = json!([{
        "currency": "USD", "orders": "1",
        "gross": usd(8998), "discount": usd(1000), "discounts": by_code("TEN", 1000), "net": usd(7998),
        "shipping": usd(599), "taxes": by_code("US-NY", 709), "total": usd(9306), "canceled": usd(0),
        "captured": by_code("stripe", 9306), "refunded": [],
    }]);
    assert_eq!(data["orderSums"], orders);
    let margins = json!([{
        "currency": "USD", "lineCount": "3", "unknownCostLines": "0", "quantity": "4",
        "net": usd(7998), "knownNet": usd(7998), "cogs": usd(3505),
        "grossMargin": usd(4493), "grossMarginRatio": "0.561765",
        "shippingRevenue": usd(599), "fee": usd(300), "shippingCost": usd(745),
        "contribution": usd(4047), "contributionRatio": "0.506002",
    }]);
    assert_eq!(data["marginSums"], margins);
    let by_sku = [("A", 2435), ("B", 659), ("C", 953)];
    let by_sku = by_sku.map(|(sku, minor)| json!({ "sku": sku, "contribution": usd(minor) }));
    assert_eq!(data["bySku"], json!(by_sku));
}

async fn stock(finance: &Client) {
    let query = format!(
        "{{ inventory {{ totalCount nodes {{ sku warehouse onHand reserved available value {MONEY} averageCost }} }} }}"
    );
    let data = finance.ask(&query, json!({})).await;
    let position = |(sku, on_hand, value, average): (&str, i64, i64, &str)| {
        let units = on_hand.to_string();
        json!({
            "sku": sku, "warehouse": "east", "onHand": units, "reserved": "0", "available": units,
            "value": usd(value), "averageCost": average,
        })
    };
    let positions = [
        ("A", 98, 86240, "8.8000"),
        ("B", 49, 29400, "6.0000"),
        ("C", 39, 44655, "11.4500"),
    ]
    .map(position);
    assert_eq!(
        data["inventory"],
        json!({ "totalCount": "3", "nodes": positions })
    );
}

both! {
    async fn the_worked_order_earns_what_it_earns_on_paper(db: TestDb) {
        let server = Server::start(&db).await;
        let seller = opened(&server).await;
        for (sku, quantity, cost) in [("A", 100, 880), ("B", 50, 600), ("C", 40, 1145)] {
            receive(&seller, sku, quantity, cost).await;
        }
        let order = placed(&seller).await;
        paid(&seller, &order).await;
        shipped(&seller, &order).await;
        let finance = server.client("north", Role::Finance);
        margins(&finance, &order).await;
        sums(&finance).await;
        stock(&finance).await;
        let said = say(&db, &["verify"]).await;
        assert!(said.contains("log and read models agree"), "{said}");
    }
}
