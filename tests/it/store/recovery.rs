//! Connections die, answers are lost, processes are killed. Every command has happened once or not
//! at all, and its key says which.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use entrepot_domain::kernel::{OrderId, TenantId};
use entrepot_event_store::db::Purpose;
use entrepot_event_store::{Receipt, Store, Submission, SubmitError};
use entrepot_tests::{
    Proxy, Random, TestDb, assert_whole, both, catch_up, key, place, retailer, submission,
};
use sea_orm::ConnectionTrait as _;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::placed;

/// People who buy at the same time, and what each of them buys.
const PEOPLE: u64 = 16;
const ORDERS_EACH: u64 = 12;

/// An order with an id of its own, so that the log tells whether it happened, and a key or none.
fn purchase(tenant: TenantId, person: u64, nth: u64) -> (OrderId, Submission) {
    let order_id = OrderId(Random::seeded(person * ORDERS_EACH + nth).id());
    let order = submission(
        tenant,
        Arc::new(place(Some(order_id), &[("A", 1), ("GIFT", 2)])),
    );
    // Every fourth person sends no keys.
    let keyed = if person.is_multiple_of(4) {
        order
    } else {
        order.keyed(key(order_id.to_string()))
    };
    (order_id, keyed)
}

type Answer = Result<Receipt, SubmitError>;

/// Gives all purchases and returns every answer.
async fn buy_everything(store: &Store, tenant: TenantId) -> Vec<((u64, u64), Answer)> {
    let mut people = JoinSet::new();
    for person in 0..PEOPLE {
        let store = store.clone();
        people.spawn(async move {
            let mut answers = Vec::new();
            for nth in 0..ORDERS_EACH {
                answers.push((
                    (person, nth),
                    store.submit(purchase(tenant, person, nth).1).await,
                ));
            }
            answers
        });
    }
    people.join_all().await.into_iter().flatten().collect()
}

/// Asserts that the log holds what the answers say, then asks again for what failed.
async fn assert_once_each(healthy: &Store, tenant: TenantId, answers: Vec<((u64, u64), Answer)>) {
    let before = placed(healthy, tenant).await;
    let mut failed = Vec::new();
    for ((person, nth), answer) in answers {
        let (order_id, again) = purchase(tenant, person, nth);
        let there = before.get(&order_id).map_or(&[][..], Vec::as_slice);
        match answer {
            Ok(receipt) => assert_eq!(
                there,
                [receipt.first_position],
                "an acknowledged order stands there once"
            ),
            Err(SubmitError::OutcomeUnknown) => {
                assert!(there.len() <= 1, "{there:?}");
                failed.push((order_id, again));
            }
            Err(error) => {
                assert_eq!(there, [0; 0], "an order that failed is not there: {error}");
                failed.push((order_id, again));
            }
        }
    }
    for (order_id, again) in failed {
        let (keyed, there) = (again.key.is_some(), before.get(&order_id));
        match (healthy.submit(again).await, there) {
            (Ok(receipt), None) => assert!(!receipt.replayed),
            (Ok(receipt), Some(there)) => {
                assert_eq!((receipt.replayed, receipt.first_position), (true, there[0]));
            }
            (Err(SubmitError::Refused(refusal)), Some(_)) if !keyed => {
                assert_eq!(refusal.code, "ALREADY_EXISTS");
            }
            (Err(error), _) => panic!("{error}"),
        }
    }
    let placed = placed(healthy, tenant).await;
    assert_eq!(placed.len(), usize::try_from(PEOPLE * ORDERS_EACH).unwrap());
    assert!(placed.values().all(|positions| positions.len() == 1));
    catch_up(healthy, tenant).await;
    assert_whole(healthy, tenant).await;
}

both! {
    /// A subscriber that leaves drops whatever the server was about to do for it, at any moment.
    async fn who_leaves_while_a_transaction_begins_leaves_none_open(db: TestDb) {
        let store = db.store().await;
        let tenant = retailer(&store, "north").await;
        for micros in 0..200 {
            for purpose in [Purpose::Read, Purpose::Append] {
                let leaves = Duration::from_micros(micros);
                drop(timeout(leaves, store.db().begin(tenant, purpose)).await);
                let tx = store.db().begin(tenant, purpose).await;
                tx.expect("a transaction begins").rollback().await.expect("it ends");
            }
        }
    }
}

/// Ends the connection of whoever commits at this moment, or else anybody's.
const KILL: &str = "SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'entrepot'
    ORDER BY (state = 'active' AND query = 'COMMIT') DESC, random() LIMIT 1) AS victim";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_happen_once_although_connections_are_killed() {
    let db = TestDb::postgres().await;
    let store = db.store().await;
    let tenant = retailer(&store, "north").await;
    let (killer, stop) = (db.sql().await, CancellationToken::new());
    let kills = Arc::new(AtomicU64::new(0));
    let killing = tokio::spawn(stop.clone().run_until_cancelled_owned({
        let counted = Arc::clone(&kills);
        async move {
            loop {
                let done = killer.execute_unprepared(KILL).await;
                counted.fetch_add(done.expect("the killer lives").rows_affected(), Relaxed);
                tokio::time::sleep(Duration::from_millis(3)).await;
            }
        }
    }));
    let answers = buy_everything(&store, tenant).await;
    stop.cancel();
    killing.await.expect("the killer ends");
    let count = kills.load(Relaxed);
    assert!(count > 5, "{count} connections were killed");
    // The last of them may be in the pool still.
    assert_once_each(&db.store().await, tenant, answers).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_happen_once_although_answers_of_commits_are_lost() {
    let db = TestDb::postgres().await;
    let healthy = db.store().await;
    let tenant = retailer(&healthy, "north").await;
    let proxy = Proxy::before(db.address(), 5).await;
    let store = db.store_through(proxy.port, Duration::from_mins(1)).await;
    let answers = buy_everything(&store, tenant).await;
    assert!(proxy.cuts() > 4, "the wire was cut {} times", proxy.cuts());
    assert_once_each(&healthy, tenant, answers).await;
}

/// A wire that carries nothing any more is no error: whoever waits on it would wait for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_falls_silent_is_asked_again() {
    let db = TestDb::postgres().await;
    let healthy = db.store().await;
    let tenants = [
        retailer(&healthy, "north").await,
        retailer(&healthy, "south").await,
    ];
    let proxy = Proxy::before(db.address(), u64::MAX).await;
    let store = db.store_through(proxy.port, Duration::from_secs(2)).await;
    let give = |tenant: TenantId, nth: u64| {
        let (order_id, purchase) = purchase(tenant, 1, nth);
        let store = store.clone();
        tokio::spawn(async move { (order_id, store.submit(purchase).await) })
    };
    for tenant in tenants {
        give(tenant, 0).await.unwrap().1.expect("accepted");
    }
    proxy.is_silent(true);
    let under_way = tenants.map(|tenant| give(tenant, 1));
    tokio::time::sleep(Duration::from_millis(500)).await;
    proxy.is_silent(false);
    for (tenant, order) in tenants.into_iter().zip(under_way) {
        let answered = timeout(Duration::from_secs(20), order).await;
        let (order_id, answer) = answered.expect("nobody waits for ever").unwrap();
        let receipt = match answer {
            Ok(receipt) => receipt,
            Err(SubmitError::Store(_) | SubmitError::OutcomeUnknown) => {
                let again = give(tenant, 1).await.unwrap().1;
                again.expect("asked for again, it is there")
            }
            Err(error) => panic!("{error}"),
        };
        let there = placed(&healthy, tenant).await;
        assert_eq!(there.get(&order_id), Some(&vec![receipt.first_position]));
        give(tenant, 2).await.unwrap().1.expect("the lane goes on");
    }
}

both! {
    async fn what_was_acknowledged_survives_a_process_that_ends_at_once(db: TestDb) {
        let healthy = db.store().await;
        let tenant = retailer(&healthy, "north").await;
        let mut acknowledged = Vec::new();
        for life in 0..3 {
            acknowledged.extend(a_short_life(&db, tenant, life).await);
        }
        assert!(!acknowledged.is_empty());
        let there = placed(&healthy, tenant).await;
        for (order_id, receipt) in acknowledged {
            assert_eq!(there.get(&order_id), Some(&vec![receipt.first_position]));
        }
        let answers = buy_everything(&db.store().await, tenant).await;
        for ((person, _), answer) in &answers {
            let repeated = person % 4 == 0 && answer.as_ref().is_err_and(|error| error.to_string().starts_with("ALREADY_EXISTS"));
            assert!(answer.is_ok() || repeated, "{answer:?}");
        }
        let placed = placed(&healthy, tenant).await;
        assert!(placed.values().all(|positions| positions.len() == 1));
        assert_eq!(placed.len(), usize::try_from(PEOPLE * ORDERS_EACH).unwrap());
        catch_up(&healthy, tenant).await;
        assert_whole(&healthy, tenant).await;
    }
}

/// A process that dies with commands under way: a runtime that is dropped after a few answers.
/// Returns what it had acknowledged by then.
async fn a_short_life(db: &TestDb, tenant: TenantId, life: u64) -> Vec<(OrderId, Receipt)> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let store = db.store_on(&runtime).await;
    let (tell, mut told) = mpsc::unbounded_channel();
    for person in 0..PEOPLE {
        let (store, tell) = (store.clone(), tell.clone());
        runtime.spawn(async move {
            for nth in 0..ORDERS_EACH {
                let (order_id, purchase) = purchase(tenant, person, nth);
                if let Ok(receipt) = store.submit(purchase).await {
                    let _told = tell.send((order_id, receipt));
                }
            }
        });
    }
    drop((store, tell));
    let mut acknowledged = Vec::new();
    while u64::try_from(acknowledged.len()).unwrap() < 20 + 10 * life {
        let Some(receipt) = told.recv().await else {
            break;
        };
        acknowledged.push(receipt);
    }
    runtime.shutdown_background();
    while let Some(receipt) = told.recv().await {
        acknowledged.push(receipt);
    }
    acknowledged
}
