//! Rows that PostgreSQL refuses: it takes no NUL in a text. (SQLite does: nothing is parked there.)

use entrepot_domain::event::Event;
use entrepot_domain::kernel::{CustomerId, OrderId, Sku, StreamId, TenantId};
use entrepot_domain::orders::OrderEvent;
use entrepot_event_store::Store;
use entrepot_tests::{Forged, TestDb, catch_up, forge, give, place, retailer};
use serde_json::{Value, json};
use uuid::Uuid;

use super::poison::{other_findings, parked};
use super::rebuild_everything;
use crate::store::{bustle, whole_log};

const NUL: &str = "a\0b";

/// Appends an event with a payload and returns its position.
async fn fact(
    store: &Store,
    tenant: TenantId,
    stream: impl Into<StreamId>,
    event_type: &str,
    payload: Value,
) -> i64 {
    let (stream, payload) = (stream.into(), payload.to_string());
    forge(
        store,
        tenant,
        Forged {
            stream,
            event_type,
            payload: &payload,
        },
    )
    .await
}

/// The payload of the first order in the log, under another id.
async fn like_the_first_order(store: &Store, tenant: TenantId, order_id: OrderId) -> Value {
    let log = whole_log(store, tenant).await;
    let events = log
        .iter()
        .map(|entry| &entry.event.as_ref().expect("it is readable").event);
    let mut placed = events.filter(|event| matches!(event, Event::Order(OrderEvent::Placed(_))));
    let payload = placed
        .next()
        .expect("there is an order")
        .encode()
        .expect("encodes");
    let mut payload: Value = serde_json::from_str(&payload).expect("JSON");
    payload["order_id"] = json!(order_id);
    payload
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_the_database_refuses_is_parked_in_the_models_at_fault() {
    let db = TestDb::postgres().await;
    let store = db.store().await;
    let tenant = retailer(&store, "north").await;
    let (customer_id, order_id) = (CustomerId(Uuid::from_u128(1)), OrderId(Uuid::from_u128(2)));
    give(&store, tenant, place(None, &[("A", 1)]))
        .await
        .expect("accepted");

    let customer =
        json!({ "customer_id": customer_id, "external_ref": { "system": "till", "id": NUL } });
    let customer = fact(&store, tenant, customer_id, "customer.registered", customer).await;
    let mut order = like_the_first_order(&store, tenant, order_id).await;
    order["external_ref"] = json!({ "system": "web", "id": NUL });
    let order = fact(&store, tenant, order_id, "order.placed", order).await;
    let stream = StreamId::sku(&Sku::from(NUL));
    let created = json!({ "sku": NUL, "title": "Lamp", "tax_class": "standard", "tracked": true });
    let created = fact(&store, tenant, stream, "sku.created", created).await;
    bustle(std::slice::from_ref(&store), tenant, 8, 6).await;
    catch_up(&store, tenant).await;
    // In a later batch.
    let price = json!({ "sku": NUL, "currency": "USD", "amount_minor": 100 });
    let price = fact(&store, tenant, stream, "price.set", price).await;
    catch_up(&store, tenant).await;

    let row = |model: &str, key: &str, position, fault| {
        (model.to_owned(), key.to_owned(), position, fault)
    };
    let expected = [
        row("bi_orders", &order_id.to_string(), order, true),
        row("customers", &customer_id.to_string(), customer, true),
        row("orders", &order_id.to_string(), order, true),
        row("products", "a\u{2400}b", created, true),
        row("products", "a\u{2400}b", price, false),
    ];
    assert_eq!(parked(&db, tenant).await, expected.clone().into());
    assert_eq!(other_findings(&store, tenant).await, Vec::<String>::new());
    rebuild_everything(&store, tenant).await;
    assert_eq!(
        parked(&db, tenant).await,
        expected.into(),
        "each model by itself parks the same"
    );
    assert_eq!(other_findings(&store, tenant).await, Vec::<String>::new());
}
