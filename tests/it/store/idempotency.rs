//! A command with a key happens once, however often and wherever it is sent.

use std::sync::Arc;

use entrepot_domain::kernel::TenantId;
use entrepot_event_store::{IdempotencyKey, Receipt, Store, SubmitError};
use entrepot_tests::{
    TestDb, both, give, key, order, refusal, retailer, stock, submission, tenant,
};
use futures_util::future::join_all;

use super::placed;

/// Places an order of some units of A.
async fn buy(
    store: &Store,
    tenant: TenantId,
    quantity: i64,
    key: IdempotencyKey,
) -> Result<Receipt, SubmitError> {
    store
        .submit(submission(tenant, Arc::new(order("A", quantity))).keyed(key))
        .await
}

/// Asserts that all answers are the same one, and given anew at most once.
fn assert_one_answer(answers: Vec<Result<Receipt, SubmitError>>, anew: usize) -> Receipt {
    let receipts: Vec<Receipt> = answers
        .into_iter()
        .map(|answer| answer.expect("a receipt"))
        .collect();
    assert_eq!(
        receipts.iter().filter(|receipt| !receipt.replayed).count(),
        anew
    );
    let as_first = |receipt: &Receipt| Receipt {
        replayed: false,
        ..*receipt
    };
    let first = as_first(&receipts[0]);
    assert!(receipts.iter().all(|receipt| as_first(receipt) == first));
    first
}

both! {
    async fn a_key_answers_once_anew_and_then_the_same(db: TestDb) {
        let store = db.store().await;
        let tenant = retailer(&store, "north").await;
        let at_once = join_all((0..50).map(|_| buy(&store, tenant, 1, key("k")))).await;
        let first = assert_one_answer(at_once, 1);

        let later = buy(&store, tenant, 1, key("k")).await;
        assert_eq!(assert_one_answer(vec![later], 0), first);

        store.db().close().await;
        let reopened = db.store().await;
        let at_once = join_all((0..50).map(|_| buy(&reopened, tenant, 1, key("k")))).await;
        assert_eq!(assert_one_answer(at_once, 0), first);
        assert_eq!(placed(&reopened, tenant).await.len(), 1);
    }
}

both! {
    async fn a_key_answers_once_anew_on_two_nodes(db: TestDb) {
        let nodes = [db.store().await, db.store().await];
        let tenant = retailer(&nodes[0], "north").await;
        for round in 0..10 {
            let round = key(format!("round {round}"));
            let at_once = (0..20).map(|n| buy(&nodes[n % 2], tenant, 1, round.clone()));
            assert_one_answer(join_all(at_once).await, 1);
        }
        assert_eq!(placed(&nodes[1], tenant).await.len(), 10);
    }
}

both! {
    async fn a_key_is_refused_with_other_input(db: TestDb) {
        let store = db.store().await;
        let tenant = retailer(&store, "north").await;
        buy(&store, tenant, 1, key("k")).await.expect("accepted");
        let other_input = buy(&store, tenant, 2, key("k")).await;
        assert!(matches!(other_input, Err(SubmitError::KeyMismatch)), "{other_input:?}");
        let other_command = submission(tenant, Arc::new(stock("A", "east", 1))).keyed(key("k"));
        let other_command = store.submit(other_command).await;
        assert!(matches!(other_command, Err(SubmitError::KeyMismatch)), "{other_command:?}");

        // In one group too, whichever of the two comes first.
        let at_once = join_all((1..=2).map(|quantity| buy(&store, tenant, quantity, key("together")))).await;
        let mismatches = at_once.iter().filter(|answer| matches!(answer, Err(SubmitError::KeyMismatch)));
        assert_eq!((mismatches.count(), at_once.iter().filter(|answer| answer.is_ok()).count()), (1, 1));
        assert_eq!(placed(&store, tenant).await.len(), 2);
    }
}

both! {
    async fn a_refusal_is_not_kept_under_its_key(db: TestDb) {
        let store = db.store().await;
        let tenant = tenant(&store, "north").await;
        let refused = join_all((0..3).map(|_| buy(&store, tenant, 5, key("k")))).await;
        assert_eq!(refused.into_iter().map(refusal).collect::<Vec<_>>(), ["OUT_OF_STOCK"; 3]);
        give(&store, tenant, stock("A", "east", 5)).await.expect("accepted");
        let receipt = buy(&store, tenant, 5, key("k")).await.expect("accepted now");
        assert!(!receipt.replayed);
        // And a key that was accepted stays so, although the command would be refused by now.
        assert_eq!(assert_one_answer(vec![buy(&store, tenant, 5, key("k")).await], 0), receipt);
    }
}

both! {
    async fn keys_of_clients_and_tenants_do_not_meet(db: TestDb) {
        let store = db.store().await;
        let (north, south) = (retailer(&store, "north").await, retailer(&store, "south").await);
        let of = |client: &str| IdempotencyKey { client: client.to_owned(), ..key("k") };
        for (tenant, client) in [(north, "web"), (north, "app"), (south, "web")] {
            let receipt = buy(&store, tenant, 1, of(client)).await.expect("accepted");
            assert!(!receipt.replayed, "{client} of tenant {tenant}");
        }
        // Nor does the part of one key become another: client and key are two columns.
        let odd = IdempotencyKey { client: "webk".to_owned(), key: String::new(), permanent: false };
        assert!(!buy(&store, north, 1, odd).await.expect("accepted").replayed);
    }
}

both! {
    async fn a_fingerprint_stands_for_input_that_differs_each_time(db: TestDb) {
        let store = db.store().await;
        let tenant = retailer(&store, "north").await;
        let print = |quantity, fingerprint| {
            let mut print = submission(tenant, Arc::new(order("A", quantity))).keyed(key("k"));
            print.fingerprint = Some(fingerprint);
            print
        };
        let first = store.submit(print(1, [7; 32])).await.expect("accepted");
        let again = store.submit(print(2, [7; 32])).await.expect("the same as before");
        assert_eq!((again.subject, again.replayed), (first.subject, true));
        let other = store.submit(print(1, [8; 32])).await;
        assert!(matches!(other, Err(SubmitError::KeyMismatch)), "{other:?}");
    }
}
