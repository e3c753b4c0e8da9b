//! What most of these tests begin with: a served retailer, and the commands that they give most.

use std::collections::BTreeMap;

use entrepot_api::auth::Role;
use entrepot_event_store::clock;
use entrepot_tests::{TestDb, tenant};
use sea_orm::{ConnectionTrait as _, Statement};
use serde_json::{Value as Json, json};

use super::client::Client;
use super::server::Server;

/// Makes retailers with a catalog and nothing in stock, before any server is up.
pub(super) async fn tenants(db: &TestDb, slugs: &[&str]) {
    let store = db.store().await;
    for slug in slugs {
        tenant(&store, slug).await;
    }
    store.db().close().await;
}

/// A server, and somebody who sells for `north`, which has a catalog and nothing in stock.
pub(super) async fn north(db: &TestDb) -> (Server, Client) {
    tenants(db, &["north"]).await;
    let server = Server::start(db).await;
    let seller = server.client("north", Role::Commerce);
    (server, seller)
}

/// Receives units of a SKU in the warehouse `east`, at a cost for each.
pub(super) async fn receive(
    seller: &Client,
    sku: &str,
    quantity: i64,
    unit_cost_minor: i64,
) -> Json {
    let input = json!({
        "sku": sku,
        "warehouse": "east",
        "quantity": quantity.to_string(),
        "unitCostMinor": unit_cost_minor.to_string(),
    });
    seller.give("stockReceive", input, "").await
}

/// The input of an order of some units of one SKU.
pub(super) fn order_of(sku: &str, quantity: i64) -> Json {
    json!({ "channel": "web", "lines": [{ "sku": sku, "quantity": quantity.to_string() }] })
}

/// Places an order and returns its id.
pub(super) async fn place(seller: &Client, input: Json) -> String {
    let payload = seller.give("orderPlace", input, "order { id }").await;
    payload["order"]["id"]
        .as_str()
        .expect("an order has an id")
        .to_owned()
}

/// An id of the same kind that nobody has.
pub(super) fn nobodys(id: &str) -> String {
    let (kind, _) = id.rsplit_once('/').expect("a global id");
    format!("{kind}/{}", clock::fresh_id())
}

/// The objects of a tenant that commands name, by their kinds.
pub(super) type Ids = BTreeMap<&'static str, String>;

/// Some of everything: stock, a customer, orders in both channels, a payment, a shipment, a
/// subscription, a reservation. What people wrote holds `mark`; SKUs, external ids and the e-mail
/// address are the same at every tenant.
pub(super) async fn story(boss: &Client, mark: &str) -> Ids {
    for sku in ["A", "B", "C"] {
        receive(boss, sku, 100, 880).await;
    }
    let mut ids = Ids::new();
    let mut keep = |kind: &'static str, id: &Json| {
        ids.insert(kind, id.as_str().expect("an id").to_owned());
    };
    let person = json!({ "name": mark, "email": "pat@example.org", "addresses": [address(mark)] });
    let customer = boss
        .give("customerRegister", person, "customer { id }")
        .await["customer"]["id"]
        .clone();
    keep("Customer", &customer);
    let changes =
        json!({ "externalId": "1001", "customerId": customer, "shippingAddress": address(mark) });
    place(boss, with(&order_of("A", 1), changes)).await;
    place(boss, with(&order_of("B", 1), json!({ "channel": "till" }))).await;
    let discount = json!([{ "code": mark, "amountMinor": "100" }]);
    let order = place(
        boss,
        with(
            &order_of("A", 10),
            json!({ "customerId": customer, "discounts": discount }),
        ),
    )
    .await;
    keep("Order", &json!(order));
    let authorize = json!({ "orderId": order, "provider": mark, "amountMinor": "2000" });
    let payment = boss
        .give("paymentAuthorize", authorize, "payment { id }")
        .await["payment"]["id"]
        .clone();
    keep("Payment", &payment);
    boss.give(
        "paymentCapture",
        json!({ "paymentId": payment, "amountMinor": "1000", "feeMinor": "20" }),
        "",
    )
    .await;
    let second = json!({ "orderId": order, "provider": mark, "amountMinor": "100" });
    keep(
        "SecondPayment",
        &boss
            .give("paymentAuthorize", second, "payment { id }")
            .await["payment"]["id"],
    );
    let lines = json!([{ "line": 1, "quantity": "2" }]);
    let dispatch =
        json!({ "orderId": order, "lines": lines, "tracking": mark, "labelCostMinor": "745" });
    let shipment = boss
        .give("shipmentDispatch", dispatch, "shipment { id }")
        .await["shipment"]["id"]
        .clone();
    keep("Shipment", &shipment);
    let reserve = json!({ "sku": "C", "warehouse": "east", "quantity": "3" });
    keep(
        "Reservation",
        &boss.give("stockReserve", reserve, "reservationId").await["reservationId"],
    );
    let today = boss
        .ask(
            "query($id: ID!) { order(id: $id) { placedOn } }",
            json!({ "id": order }),
        )
        .await;
    let subscribe = json!({
        "customerId": customer, "channel": "web", "anchor": today["order"]["placedOn"],
        "interval": { "unit": "MONTH" }, "items": [{ "sku": "A", "quantity": "1" }],
    });
    let subscription = boss
        .give("subscriptionCreate", subscribe, "subscription { id }")
        .await;
    keep("Subscription", &subscription["subscription"]["id"]);
    let cycle = json!({ "subscriptionId": subscription["subscription"]["id"], "cycle": "0" });
    let ran = boss.try_give("subscriptionRunCycle", cycle, "").await;
    // The clock may have been faster.
    assert!(
        ran["userErrors"] == json!([]) || ran["userErrors"][0]["code"] == "WRONG_STATE",
        "{ran}"
    );
    ids
}

fn address(mark: &str) -> Json {
    json!({ "line1": format!("1 {mark} street"), "city": mark, "country": "US" })
}

/// An input with other values in some of its fields.
pub(super) fn with(input: &Json, changes: Json) -> Json {
    let mut input = input.clone();
    if let (Json::Object(fields), Json::Object(changes)) = (&mut input, changes) {
        fields.extend(changes);
    }
    input
}

/// The end of a tenant's log, as the database has it.
pub(super) async fn head(db: &TestDb, slug: &str) -> i64 {
    let sql = format!(
        "SELECT position FROM tenant_head JOIN tenant USING (tenant_id) WHERE slug = '{slug}'"
    );
    let connection = db.sql().await;
    let row = connection
        .query_one_raw(Statement::from_string(
            connection.get_database_backend(),
            sql,
        ))
        .await;
    let head = row
        .expect("the database answers")
        .expect("the tenant is there");
    connection.close().await.expect("closes");
    head.try_get_by_index(0).expect("a position")
}
