//! Decisions are serializable across a tenant's streams, also when two nodes serve the tenant.

use std::sync::Arc;

use entrepot_domain::kernel::{Sku, StreamId, TenantId, Warehouse};
use entrepot_domain::state::State;
use entrepot_event_store::Store;
use entrepot_tests::{
    TestDb, assert_whole, both, catch_up, give, order, refusal, stock, submission, tenant,
};
use futures_util::future::join_all;

use super::bustle;

both! {
    async fn the_last_units_are_sold_once_on_one_node(db: TestDb) {
        let node = db.store().await;
        let tenant = tenant(&node, "north").await;
        assert_sold_once(std::slice::from_ref(&node), tenant).await;
    }
}

both! {
    async fn the_last_units_are_sold_once_on_two_nodes(db: TestDb) {
        let nodes = [db.store().await, db.store().await];
        let tenant = tenant(&nodes[0], "north").await;
        assert_sold_once(&nodes, tenant).await;
    }
}

both! {
    async fn two_busy_nodes_keep_the_books_together(db: TestDb) {
        let nodes = [db.store().await, db.store().await];
        let tenant = entrepot_tests::retailer(&nodes[0], "north").await;
        bustle(&nodes, tenant, 48, 6).await;
        catch_up(&nodes[1], tenant).await;
        assert_whole(&nodes[0], tenant).await;
    }
}

/// Two hundred buyers, one unit each, of the last ten: six in the east and four in the west.
async fn assert_sold_once(nodes: &[Store], tenant: TenantId) {
    give(&nodes[0], tenant, stock("A", "east", 6))
        .await
        .expect("accepted");
    give(&nodes[0], tenant, stock("A", "west", 4))
        .await
        .expect("accepted");
    let buyers = (0..200).zip(nodes.iter().cycle()).map(|(_, node)| {
        let (node, order) = (node.clone(), submission(tenant, Arc::new(order("A", 1))));
        tokio::spawn(async move { node.submit(order).await })
    });
    let mut refused = Vec::new();
    for answer in join_all(buyers).await {
        let answer = answer.unwrap();
        if answer.is_err() {
            refused.push(refusal(answer));
        }
    }
    assert_eq!(refused, vec!["OUT_OF_STOCK"; 190]);
    for node in nodes {
        assert_eq!(
            (
                left(node, tenant, "east").await,
                left(node, tenant, "west").await
            ),
            ((6, 6), (4, 4))
        );
    }
    catch_up(&nodes[0], tenant).await;
    assert_whole(&nodes[0], tenant).await;
}

/// Units of A on hand and reserved in a warehouse.
async fn left(node: &Store, tenant: TenantId, warehouse: &str) -> (i64, i64) {
    let stream = StreamId::stock(&Sku::from("A"), &Warehouse::from(warehouse));
    match node.state(tenant, stream).await.expect("it is loaded") {
        State::Stock(position) => (position.on_hand, position.reserved),
        other => panic!("a stock stream holds {other:?}"),
    }
}
