//! A stream that this release cannot read, or a rule that breaks, stops what needs it and nothing else.

use std::sync::Arc;
use std::time::Duration;

use entrepot_domain::command::{AnyCommand, Command, Decision};
use entrepot_domain::kernel::{Ctx, Halt, OrderId};
use entrepot_domain::orders::CancelOrder;
use entrepot_domain::world::World;
use entrepot_event_store::{Receipt, StoreError, SubmitError};
use entrepot_tests::{Forged, TestDb, both, forge, give, order, place, retailer, submission};
use futures_util::future::join_all;
use serde::Serialize;
use tokio::time::timeout;
use uuid::Uuid;

fn cancel(order_id: OrderId) -> Arc<dyn AnyCommand> {
    Arc::new(CancelOrder {
        order_id,
        reason: "asked for".to_owned(),
    })
}

pub(super) fn undecodable(answer: &Result<Receipt, SubmitError>) -> bool {
    matches!(answer, Err(SubmitError::Store(error)) if matches!(**error, StoreError::Decode(_)))
}

both! {
    async fn a_command_on_an_unreadable_stream_fails_alone(db: TestDb) {
        let store = db.store().await;
        let tenant = retailer(&store, "north").await;
        let orders = [1, 2, 3, 4].map(|n| OrderId(Uuid::from_u128(n)));
        for order_id in orders {
            give(&store, tenant, place(Some(order_id), &[("A", 1)])).await.expect("accepted");
        }
        for (order_id, event_type, payload) in [(orders[1], "order.blessed", "{}"), (orders[2], "order.held", "?")] {
            forge(&store, tenant, Forged { stream: order_id.into(), event_type, payload }).await;
        }
        // This node has the streams in memory, the other one has to load them.
        for node in [store, db.store().await] {
            let commands = orders.iter().map(|order_id| cancel(*order_id)).chain([Arc::new(order("A", 1)) as _]);
            let answers = join_all(commands.map(|command| node.submit(submission(tenant, command)))).await;
            assert!(!undecodable(&answers[0]), "{:?}", answers[0]);
            assert!(undecodable(&answers[1]), "{:?}", answers[1]);
            assert!(undecodable(&answers[2]), "{:?}", answers[2]);
            assert!(!undecodable(&answers[3]), "{:?}", answers[3]);
            assert!(answers[4].is_ok(), "{:?}", answers[4]);
            assert!(node.state(tenant, orders[1].into()).await.is_err());
        }
    }
}

/// A rule with a bug in it.
#[derive(Debug, Serialize)]
struct Broken;

impl Command for Broken {
    const NAME: &'static str = "Broken";

    fn decide(&self, _: &World<'_>, _: &Ctx) -> Result<Decision, Halt> {
        panic!("a rule with a bug")
    }
}

both! {
    async fn a_rule_that_panics_fails_alone(db: TestDb) {
        let store = db.store().await;
        let tenant = retailer(&store, "north").await;
        let commands = (0..9).map(|n| if n == 4 { Arc::new(Broken) as Arc<dyn AnyCommand> } else { Arc::new(order("A", 1)) });
        let answers = join_all(commands.map(|command| store.submit(submission(tenant, command)))).await;
        for (n, answer) in answers.iter().enumerate() {
            assert_eq!(answer.is_ok(), n != 4, "{n}: {answer:?}");
        }
        let after = timeout(Duration::from_secs(10), give(&store, tenant, order("A", 1))).await;
        after.expect("the lane answers").expect("accepted");
    }
}
