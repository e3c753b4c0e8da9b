//! Slow, many and unwanted readers.

use std::time::Duration;

use entrepot_api::auth::Role;
use entrepot_tests::{TestDb, both};
use serde_json::json;
use tokio::io::AsyncReadExt as _;
use tokio::time::sleep;

use super::files::{arrow, csv};
use super::{CHUNK, MANY, in_flight, many_lines, refusal};
use crate::client::unchunked;
use crate::server::{LOOK, Server, issue, say, until};
use crate::shopfront::tenants;
use Role::{Operator, Support};

both! {
    async fn a_reader_that_stands_still_holds_a_chunk_and_is_cut_off(db: TestDb) {
        tenants(&db, &["north"]).await;
        many_lines(&db).await;
        let server = Server::start(&db).await;
        let reader = server.client("north", Operator);
        for (format, most) in [("csv", 2 * CHUNK), ("arrow", 2 * CHUNK)] {
            let (status, mut stream) = reader.begin(&format!("/bi/order_lines.{format}")).await.unwrap();
            assert_eq!(status, 200);
            // Until nothing moves any more: the pipe is full, and most rows are not read yet.
            let (mut before, mut still) = (0, 0);
            while still < 20 {
                let held = in_flight(&reader).await;
                assert!(held <= most, "{format}: {held} rows wait");
                still = if held > 0 && held == before { still + 1 } else { 0 };
                before = held;
                sleep(LOOK).await;
            }
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).await.unwrap();
            let body = unchunked(&rest).unwrap();
            let rows = if format == "csv" { csv(&body).rows.len() } else { arrow(&body).rows.len() };
            assert_eq!(rows, MANY);
            until("nothing waits any more", async || in_flight(&reader).await == 0).await;
        }
        // A client that leaves takes its rows along.
        let (_, stream) = reader.begin("/bi/order_lines.csv").await.unwrap();
        drop(stream);
        until("nothing waits any more", async || in_flight(&reader).await == 0).await;
        // A file does not outlive the token that it was asked for with, and does not look whole.
        let short = server.bearer(&issue(Some("north"), &[Operator], &[], Duration::from_secs(2)));
        let (status, mut stream) = short.begin("/bi/order_lines.csv").await.unwrap();
        assert_eq!(status, 200);
        sleep(Duration::from_secs(3)).await;
        assert!(in_flight(&reader).await <= CHUNK);
        let mut rest = Vec::new();
        let read = stream.read_to_end(&mut rest).await;
        assert!(read.is_err() || unchunked(&rest).is_err(), "{} bytes", rest.len());
    }

    async fn access_that_was_taken_away_ends_a_file_too(db: TestDb) {
        tenants(&db, &["north"]).await;
        many_lines(&db).await;
        let server = Server::start(&db).await;
        let (operator, support) = (server.client("north", Operator), server.client("north", Support));
        let (status, mut stream) = support.begin("/bi/order_lines.csv").await.unwrap();
        assert_eq!(status, 200);
        operator.give("tenantSuspend", json!({ "reason": "unpaid" }), "").await;
        assert_eq!(refusal(&support.get("/bi/orders.csv").await.unwrap()), (403, "TENANT_SUSPENDED".to_owned(), None));
        assert_eq!(refusal(&support.get("/bi/").await.unwrap()), (403, "TENANT_SUSPENDED".to_owned(), None));
        assert_eq!(operator.get("/bi/orders.csv").await.unwrap().status, 200);
        sleep(Duration::from_secs(5)).await;
        let mut rest = Vec::new();
        let read = stream.read_to_end(&mut rest).await;
        assert!(read.is_err() || unchunked(&rest).is_err(), "{} bytes", rest.len());
        say(&db, &["tenant", "revoke", "north", "--reason", "leak"]).await;
        until("the token is good for nothing", async || operator.get("/bi/orders.csv").await.unwrap().status == 401).await;
    }

    async fn a_tenant_has_so_many_files_at_one_time(db: TestDb) {
        tenants(&db, &["north", "south"]).await;
        many_lines(&db).await;
        let server = Server::start_with(&db, &["--exports", "4"]).await;
        let reader = server.client("north", Operator);
        let held = (reader.begin("/bi/order_lines.csv").await.unwrap(), reader.begin("/bi/order_lines.csv").await.unwrap());
        let answer = reader.get("/bi/orders.csv").await.unwrap();
        assert_eq!(refusal(&answer), (429, "THROTTLED".to_owned(), None));
        assert!(answer.header("retry-after").is_some());
        // The neighbor is served meanwhile, and the graph too.
        assert_eq!(server.client("south", Operator).get("/bi/orders.csv").await.unwrap().status, 200);
        reader.ask("{ tenant { slug } }", json!({})).await;
        drop(held);
        until("there is room again", async || reader.get("/bi/orders.csv").await.unwrap().status == 200).await;
    }
}
