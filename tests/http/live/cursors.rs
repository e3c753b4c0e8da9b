//! Cursors: what they resume, and what becomes of them when the log is not what it was.

use entrepot_tests::{TestDb, both};
use sea_orm::{ConnectionTrait as _, Statement};
use serde_json::{Value as Json, json};

use super::{ORDERS, next};
use crate::client::Client;
use crate::shopfront::{head, north, order_of, place, receive};

/// The error that a subscription is refused with.
async fn refused(client: &Client, variables: Json) -> Json {
    let mut events = client.follow(ORDERS, variables).await.unwrap();
    let event = events.next().await.unwrap().expect("an error is said");
    assert!(event.payload.get("data").is_none(), "{:#}", event.payload);
    assert!(events.next().await.unwrap().is_none(), "and it is the last");
    event.payload["errors"][0]["extensions"].clone()
}

async fn sql(db: &TestDb, sql: &str) {
    let connection = db.sql().await;
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    let done = connection.execute_raw(statement).await.unwrap();
    assert!(done.rows_affected() > 0, "{sql}");
    connection.close().await.unwrap();
}

/// The first update after the start of the log, which has no more than three of them.
async fn first(client: &Client, variables: Json) -> Json {
    let mut events = client.follow(ORDERS, variables).await.unwrap();
    next(&mut events, "orderChanged").await
}

both! {
    async fn a_cursor_of_another_history_has_expired(db: TestDb) {
        let (mut server, seller) = north(&db).await;
        receive(&seller, "A", 100, 880).await;
        for _ in 0..3 {
            place(&seller, order_of("A", 1)).await;
        }
        let mut events = seller.follow(ORDERS, json!({ "position": "0" })).await.unwrap();
        let (one, two) = (next(&mut events, "orderChanged").await, next(&mut events, "orderChanged").await);
        let three = next(&mut events, "orderChanged").await;
        drop(events);
        // As after a restore from an older copy: what stands at the second order is another event.
        server.term().await;
        let position: i64 = two["position"].as_str().unwrap().parse().unwrap();
        let mark = if db.on_postgres() { "'\\x00112233445566778899aabbccddeeff'" } else { "X'00112233445566778899aabbccddeeff'" };
        sql(&db, &format!("UPDATE event SET prev_hash = {mark} WHERE position = {}", position + 1)).await;
        server.restart().await;
        let expired = refused(&seller, json!({ "after": two["cursor"] })).await;
        assert_eq!((&expired["code"], &expired["retryable"]), (&json!("CURSOR_EXPIRED"), &json!(false)));
        // What is said to be there is there.
        let again = first(&seller, json!({ "after": expired["earliestCursor"] })).await;
        assert_eq!((&again["position"], &again["cursor"]), (&one["position"], &one["cursor"]));
        let mut now = seller.follow(ORDERS, json!({ "after": expired["currentCursor"] })).await.unwrap();
        let new = place(&seller, order_of("A", 1)).await;
        assert_eq!(next(&mut now, "orderChanged").await["order"]["id"], new);
        // Others are as good as they were.
        let update = first(&seller, json!({ "after": three["cursor"] })).await;
        assert_eq!((&update["order"]["id"], &update["previousCursor"]), (&json!(new), &three["cursor"]));
    }

    async fn nothing_is_promised_beyond_the_ends_of_the_log(db: TestDb) {
        let (mut server, seller) = north(&db).await;
        receive(&seller, "A", 100, 880).await;
        let orders = [place(&seller, order_of("A", 1)).await, place(&seller, order_of("A", 1)).await];
        let beyond = (head(&db, "north").await + 1).to_string();
        let expired = refused(&seller, json!({ "position": beyond })).await;
        assert_eq!(expired["code"], "CURSOR_EXPIRED");
        let early = first(&seller, json!({ "position": "0" })).await;
        assert_eq!(early["order"]["id"], orders[0]);

        // The beginning was archived, with the first order.
        server.term().await;
        let position = early["position"].as_str().unwrap();
        sql(&db, &format!("DELETE FROM event WHERE position <= {position}")).await;
        server.restart().await;
        for from in [json!({ "position": "0" }), json!({ "position": "1" })] {
            let expired = refused(&seller, from).await;
            assert_eq!(expired["code"], "CURSOR_EXPIRED");
            let update = first(&seller, json!({ "after": expired["earliestCursor"] })).await;
            assert_eq!(update["order"]["id"], orders[1]);
        }
        let rest = first(&seller, json!({ "after": early["cursor"] })).await;
        assert_eq!(rest["order"]["id"], orders[1]);
    }

    async fn who_come_back_together_read_the_log_once(db: TestDb) {
        let (mut server, seller) = north(&db).await;
        let start = receive(&seller, "A", 1000, 880).await["position"].clone();
        for _ in 0..60 {
            place(&seller, order_of("A", 1)).await;
        }
        // Nothing is at hand any more.
        server.term().await;
        server.restart().await;
        let follow = async || {
            let mut events = seller.follow(ORDERS, json!({ "position": start })).await.unwrap();
            let mut seen = Vec::new();
            for _ in 0..60 {
                let update = next(&mut events, "orderChanged").await;
                seen.push((update["cursor"].clone(), update["previousCursor"].clone()));
            }
            seen
        };
        let first = follow().await;
        assert!(first.windows(2).all(|pair| pair[0].0 == pair[1].1));
        for seen in futures_util::future::join_all((0..20).map(|_| follow())).await {
            assert_eq!(seen, first);
        }
        // Twenty-one of them; a stretch is read again when it is ten seconds old.
        let reads = crate::federation::counted(&server, "entrepot_live_reads_behind_total ").await;
        let stretches = u64::try_from(head(&db, "north").await).unwrap() / 200 + 1;
        assert!((1..=2 * stretches).contains(&reads), "{reads} of {stretches}");
    }

    async fn a_start_is_as_fresh_as_its_token(db: TestDb) {
        let (_server, seller) = north(&db).await;
        receive(&seller, "A", 100, 880).await;
        let query = "subscription { orderChanged(snapshot: true) { kind position order { id } } }";
        for _ in 0..10 {
            let payload = seller.give("orderPlace", order_of("A", 1), "order { id }").await;
            let token = payload["consistencyToken"].as_str().unwrap();
            let fresh = seller.with("entrepot-consistency", token);
            let mut events = fresh.follow(query, json!({})).await.unwrap();
            let mut seen = false;
            loop {
                let update = next(&mut events, "orderChanged").await;
                if update["kind"] == "SNAPSHOT_END" {
                    break;
                }
                seen |= update["order"]["id"] == payload["order"]["id"];
            }
            assert!(seen, "{payload}");
        }
        let wrong = seller.with("entrepot-consistency", "AAAA");
        assert_eq!(refused(&wrong, json!({})).await["code"], "BAD_USER_INPUT");
    }

    async fn what_is_no_start_is_said(db: TestDb) {
        let (_server, seller) = north(&db).await;
        let error = refused(&seller, json!({ "after": "AAAA" })).await;
        assert_eq!((&error["code"], &error["field"]), (&json!("BAD_USER_INPUT"), &json!("after")));
        let error = refused(&seller, json!({ "position": "-1" })).await;
        assert_eq!((&error["code"], &error["field"]), (&json!("BAD_USER_INPUT"), &json!("position")));
    }
}
