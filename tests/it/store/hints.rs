//! Redis tells nodes where to look. Without it they find out by themselves.

use std::time::Duration;

use entrepot_api::config::Place;
use entrepot_api::process::{self, Workers};
use entrepot_event_store::Store;
use entrepot_tests::{TestDb, assert_whole, both, give, order, redis, retailer};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::bustle;
use crate::projections::settled;

/// A node that is told of others, and tells them, through a Redis.
async fn node(db: &TestDb, redis_url: String) -> Store {
    let place = Place {
        redis_url: Some(redis_url),
        ..db.place()
    };
    process::open(&place, &CancellationToken::new())
        .await
        .expect("the process starts")
        .store
}

both! {
    async fn a_hint_tells_another_node_where_to_look(db: TestDb) {
        let (here, there) = (node(&db, redis()).await, node(&db, redis()).await);
        let tenant = retailer(&here, "north").await;
        let mut head = there.feed().head(tenant);
        // The first hints may be sent before the other node listens: the next one says it all.
        let told = async {
            loop {
                let receipt = give(&here, tenant, order("A", 1)).await.expect("accepted");
                let hinted = head.wait_for(|head| *head >= receipt.last_position);
                if timeout(Duration::from_millis(500), hinted).await.is_ok() {
                    return;
                }
            }
        };
        timeout(Duration::from_secs(20), told).await.expect("a hint comes");
    }
}

both! {
    async fn without_redis_everything_is_found_by_position(db: TestDb) {
        let nobody = "redis://127.0.0.1:1".to_owned();
        let (writer, worker) = (node(&db, nobody.clone()).await, node(&db, nobody).await);
        let tenant = retailer(&writer, "north").await;
        let workers = Workers::start(&worker);
        bustle(std::slice::from_ref(&writer), tenant, 8, 6).await;
        settled(&writer, tenant).await;
        assert_whole(&writer, tenant).await;
        workers.stop().await;
    }
}
