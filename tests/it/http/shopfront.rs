//! What most of these tests begin with: a served retailer, and the commands that they give most.

use entrepot_api::auth::Role;
use entrepot_event_store::clock;
use entrepot_tests::{TestDb, tenant};
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
pub(super) async fn receive(seller: &Client, sku: &str, quantity: i64, unit_cost_minor: i64) -> Json {
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
    payload["order"]["id"].as_str().expect("an order has an id").to_owned()
}

/// An id of a kind that nobody has.
pub(super) fn nobodys(kind: &str) -> String {
    format!("gid://entrepot/{kind}/{}", clock::fresh_id())
}

/// An input with other values in some of its fields.
pub(super) fn with(input: &Json, changes: Json) -> Json {
    let mut input = input.clone();
    if let (Json::Object(fields), Json::Object(changes)) = (&mut input, changes) {
        fields.extend(changes);
    }
    input
}

/// The end of a tenant's log, as the command line tells it.
pub(super) async fn head(db: &TestDb, slug: &str) -> i64 {
    let list = super::server::say(db, &["tenant", "list"]).await;
    let head = list.lines().find_map(|line| line.strip_prefix(slug)?.strip_prefix('\t'));
    head.and_then(|head| head.parse().ok()).unwrap_or_else(|| panic!("{slug} is not in\n{list}"))
}
