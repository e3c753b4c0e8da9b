//! What one tenant does costs another nothing.

use std::sync::Arc;
use std::time::Duration;

use entrepot_event_store::SubmitError;
use entrepot_tests::{
    Forged, TestDb, both, catch_up, forge, give, order, retailer, row_findings, submission,
};
use futures_util::future::join_all;
use tokio::time::timeout;
use uuid::Uuid;

use entrepot_domain::kernel::OrderId;

/// More commands than a lane lets wait.
const FLOOD: usize = 10_500;

both! {
    async fn a_flood_of_one_tenant_does_not_hold_up_another(db: TestDb) {
        let store = db.store().await;
        let (loud, quiet) = (retailer(&store, "loud").await, retailer(&store, "quiet").await);
        let flood = tokio::spawn({
            let store = store.clone();
            async move { join_all((0..FLOOD).map(|_| store.submit(submission(loud, Arc::new(order("GIFT", 1)))))).await }
        });
        let answer = timeout(Duration::from_secs(5), give(&store, quiet, order("A", 1))).await;
        answer.expect("it does not wait for the flood").expect("accepted");
        assert!(!flood.is_finished(), "the flood is still there");

        // Beyond what a lane lets wait, the flood itself is turned away at once.
        let answers = flood.await.unwrap();
        let accepted = answers.iter().filter(|answer| answer.is_ok()).count();
        let turned_away = answers.iter().filter(|answer| matches!(answer, Err(SubmitError::Overloaded))).count();
        assert_eq!(accepted + turned_away, FLOOD);
        assert!(accepted >= 10_000, "{accepted} were accepted");
    }
}

both! {
    async fn a_tenant_whose_own_stream_is_unreadable_stops_alone(db: TestDb) {
        let store = db.store().await;
        let (sick, sound) = (retailer(&store, "sick").await, retailer(&store, "sound").await);
        let stream = entrepot_domain::kernel::StreamId::TENANT;
        forge(&store, sick, Forged { stream, event_type: "tenant.enchanted", payload: "{}" }).await;
        let order_id = OrderId(Uuid::from_u128(1));
        forge(&store, sick, Forged { stream: order_id.into(), event_type: "order.placed", payload: "{}" }).await;
        assert!(matches!(give(&store, sick, order("A", 1)).await, Err(SubmitError::Store(_))));
        give(&store, sound, order("A", 1)).await.expect("accepted");
        catch_up(&store, sick).await;
        catch_up(&store, sound).await;
        assert_eq!(row_findings(&store, sound).await, Vec::<String>::new());
    }
}
