//! Reading one's own writes, through whatever node.

use entrepot_api::auth::Role;
use entrepot_tests::{TestDb, both};
use serde_json::{Value as Json, json};

use super::client::Client;
use super::server::Server;
use super::shopfront::{north, order_of, receive, tenants};

async fn count(reader: &Client) -> Json {
    reader.ask("{ orders { totalCount } }", json!({})).await["orders"]["totalCount"].clone()
}

/// Writes at one node and reads at another, which is told how far it must be.
async fn written_is_read(writer: &Client, reader: &Client) {
    receive(writer, "A", 1000, 880).await;
    for orders in 1..=20 {
        let payload = writer.give("orderPlace", order_of("A", 1), "").await;
        let token = payload["consistencyToken"].as_str().unwrap();
        let position: i64 = payload["position"].as_str().unwrap().parse().unwrap();
        let reader = reader.with("entrepot-consistency", token);
        let answer = reader
            .post("{ orders { totalCount } }", json!({}))
            .await
            .unwrap();
        let json = answer.json();
        assert_eq!(
            json["data"]["orders"]["totalCount"],
            orders.to_string(),
            "{json:#}"
        );
        let as_of = json["extensions"]["consistency"]["asOf"]
            .as_str()
            .and_then(|text| text.parse::<i64>().ok());
        assert!(as_of.is_some_and(|as_of| as_of >= position), "{json:#}");
        // What an answer says in its extensions, it says in the header, for the next to be told.
        let token = answer.header("entrepot-consistency");
        assert_eq!(
            token,
            json["extensions"]["consistency"]["token"].as_str(),
            "{json:#}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_node_wrote_the_other_reads() {
    let db = TestDb::postgres().await;
    tenants(&db, &["north"]).await;
    let (one, other) = (Server::start(&db).await, Server::start(&db).await);
    let writer = one.client("north", Role::Commerce);
    written_is_read(&writer, &writer.at(other.address())).await;
}

both! {
    async fn what_was_written_is_read(db: TestDb) {
        let (_server, seller) = north(&db).await;
        written_is_read(&seller, &seller).await;
        // A payload reads what its command wrote without being told.
        for _ in 0..20 {
            let payload = seller.give("orderPlace", order_of("A", 1), "order { position status }").await;
            assert_eq!(payload["order"]["status"], "PLACED");
        }
        assert_eq!(count(&seller).await, "40");
    }

    async fn a_token_that_is_none_is_refused(db: TestDb) {
        let (_server, seller) = north(&db).await;
        let genuine = receive(&seller, "A", 1, 1).await["consistencyToken"].as_str().unwrap().to_owned();
        let mut tampered = genuine.clone();
        let last = if tampered.ends_with('A') { "B" } else { "A" };
        tampered.replace_range(tampered.len() - 1.., last);
        for token in ["nonsense", "", "AAAA", &tampered, &format!("{genuine}AA"), &"x".repeat(5000)] {
            let reader = seller.with("entrepot-consistency", token);
            let answer = reader.answer("{ orders { totalCount } }", json!({})).await;
            assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{token}: {answer:#}");
            assert!(answer.get("data").is_none(), "{answer:#}");
        }
        assert_eq!(count(&seller.with("entrepot-consistency", &genuine)).await, "0");
    }
}
