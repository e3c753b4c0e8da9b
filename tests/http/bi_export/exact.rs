//! Files are exact, and of one position.

use std::collections::BTreeMap;

use entrepot_api::auth::Role;
use entrepot_tests::{TestDb, both};
use serde_json::{Value as Json, json};

use super::files::{arrow, csv, parquet, parquet_metadata, sha256};
use super::{VIEWS, file, refusal, stage, token_of};
use crate::server::{run, say};
use crate::shopfront::{head, north, order_of, place, receive};
use Role::{Operator, Partner};

both! {
    async fn formats_agree_and_say_where_they_were_read(db: TestDb) {
        let server = stage(&db).await;
        let reader = server.client("north", Operator);
        for (view, ..) in VIEWS {
            if *view == "freshness" { continue; }
            let get = async |format: &str| reader.get(&format!("/bi/{view}.{format}")).await.unwrap();
            let (text, file, stream) = (get("csv").await, get("parquet").await, get("arrow").await);
            let (sheet, exact) = (csv(&text.body), parquet(&file.body));
            assert_eq!(exact, arrow(&stream.body), "{view}");
            assert_eq!(exact.as_sheet(), sheet, "{view}");
            let known = parquet_metadata(&file.body);
            let end = head(&db, "north").await.to_string();
            for (key, value) in [("tenant", "north"), ("view", view), ("position", &end), ("position_core", &end), ("position_bi", &end)] {
                assert_eq!(known[&format!("entrepot.{key}")], value, "{view}");
            }
            assert!(known["entrepot.grain"].starts_with("One row "));
            let described: BTreeMap<String, String> = serde_json::from_str(&known["entrepot.columns"]).unwrap();
            assert!(sheet.names.iter().all(|name| described[name].ends_with('.')), "{view}");
            for (answer, media, extension) in [(text, "text/csv; charset=utf-8; header=present", "csv"), (file, "application/vnd.apache.parquet", "parquet"), (stream, "application/vnd.apache.arrow.stream", "arrow")] {
                assert_eq!(answer.header("content-type"), Some(media));
                assert_eq!(answer.header("content-disposition"), Some(format!("attachment; filename=\"north-{view}.{extension}\"").as_str()));
                assert_eq!(answer.header("cache-control"), Some("private, no-cache"));
                assert_eq!((answer.header("entrepot-position-core"), answer.header("entrepot-position-bi")), (Some(end.as_str()), Some(end.as_str())));
                assert!(answer.header("entrepot-next-cursor").is_none() && answer.header("link").is_none());
            }
        }
        // To the cent, what the graph says.
        let query = "{ orderSums { currency orders gross { amount amountMinor } total { amountMinor } } }";
        let sums = server.boss("north").ask(query, json!({})).await["orderSums"][0].clone();
        let orders = file(&reader, "/bi/orders.csv").await;
        assert_eq!(orders.sum("gross_minor").to_string(), sums["gross"]["amountMinor"].as_str().unwrap());
        assert_eq!(orders.sum("total_minor").to_string(), sums["total"]["amountMinor"].as_str().unwrap());
        assert_eq!(orders.cents("gross"), orders.sum("gross_minor"));
    }

    async fn every_file_is_of_one_position_while_commands_are_written(db: TestDb) {
        let (server, seller) = north(&db).await;
        receive(&seller, "A", 10_000, 880).await;
        let selling = {
            let seller = seller.clone();
            tokio::spawn(async move {
                for _ in 0..400 {
                    place(&seller, order_of("A", 2)).await;
                }
            })
        };
        let reader = server.client("north", Operator);
        let folder = db.place().data_dir.join("export");
        let mut exported = 0;
        while !selling.is_finished() || exported == 0 {
            say(&db, &["bi", "export", "--tenant", "north", "--format", "csv", "--out", &folder.display().to_string()]).await;
            let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
            let manifest: Json = serde_json::from_slice(&read("manifest.json")).unwrap();
            assert_eq!(manifest["position_core"], manifest["position_bi"], "{manifest:#}");
            let table = |view: &str| csv(&read(&format!("{view}.csv")));
            let (orders, lines, margins, stock) = (table("orders"), table("order_lines"), table("line_margins"), table("inventory_positions"));
            assert_eq!(orders.rows.len(), lines.rows.len());
            assert_eq!(orders.sum("line_count"), i128::try_from(lines.rows.len()).unwrap());
            for sum in ["gross_minor", "net_minor"] {
                assert_eq!(orders.sum(sum), lines.sum(sum));
                assert_eq!(orders.sum(sum), margins.sum(sum));
            }
            assert_eq!(stock.sum("reserved"), lines.sum("quantity"));
            let at = manifest["position_bi"].as_i64().unwrap();
            assert!(orders.column("position").iter().all(|position| position.parse::<i64>().unwrap() <= at));
            exported += 1;
            // Two answers are of two positions; each is whole at its own.
            let answer = reader.get("/bi/order_lines.csv").await.unwrap();
            let lines = csv(&answer.body);
            let at: i64 = answer.header("entrepot-position-bi").unwrap().parse().unwrap();
            let last = lines.column("position").iter().map(|position| position.parse().unwrap()).max().unwrap_or(0);
            assert!(last <= at && lines.column("quantity").iter().all(|quantity| *quantity == "2"));
        }
        selling.await.unwrap();
        assert!(exported > 1, "{exported}");
        // What was written is read by whoever shows its token.
        for _ in 0..10 {
            let payload = seller.give("orderPlace", order_of("A", 1), "order { id }").await;
            let token = payload["consistencyToken"].as_str().unwrap();
            let id = payload["order"]["id"].as_str().unwrap();
            let path = format!("/bi/orders.csv?order_id={}", &id[id.len() - 36..]);
            assert_eq!(file(&reader.with("entrepot-consistency", token), &path).await.rows.len(), 1);
        }
        let answer = reader.get("/bi/orders.csv?limit=1").await.unwrap();
        let fresh = answer.header("entrepot-consistency").unwrap();
        assert_eq!(reader.with("entrepot-consistency", fresh).get("/bi/orders.csv").await.unwrap().status, 200);
        assert_eq!(refusal(&reader.with("entrepot-consistency", "AAAA").get("/bi/orders.csv").await.unwrap()).0, 400);
    }

    async fn a_folder_of_files_has_a_manifest_that_is_true(db: TestDb) {
        let server = stage(&db).await;
        let folder = db.place().data_dir.join("lake");
        let out = folder.display().to_string();
        for format in ["parquet", "csv", "arrow"] {
            let said = say(&db, &["bi", "export", "--tenant", "north", "--format", format, "--out", &out]).await;
            assert_eq!(said.lines().count(), VIEWS.len(), "{said}");
            let manifest: Json = serde_json::from_slice(&std::fs::read(folder.join("manifest.json")).unwrap()).unwrap();
            assert_eq!((&manifest["tenant"], &manifest["format"]), (&json!("north"), &json!(format)));
            assert_eq!(manifest["position_bi"], head(&db, "north").await);
            for entry in manifest["files"].as_array().unwrap() {
                let name = entry["file"].as_str().unwrap();
                let bytes = std::fs::read(folder.join(name)).unwrap();
                let table = match format {
                    "csv" => csv(&bytes),
                    "parquet" => parquet(&bytes),
                    _ => arrow(&bytes),
                };
                assert_eq!((entry["rows"].as_u64(), entry["bytes"].as_u64()), (Some(table.rows.len() as u64), Some(bytes.len() as u64)), "{name}");
                assert_eq!(entry["sha256"], sha256(&bytes), "{name}");
            }
        }
        let names = |folder: &std::path::Path| -> Vec<String> {
            let mut names: Vec<String> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
            names.sort();
            names
        };
        assert_eq!(names(&folder).len(), 3 * VIEWS.len() + 1, "{:?}", names(&folder));
        // For a role, what it sees over HTTP.
        let some = folder.join("some");
        let out = some.display().to_string();
        say(&db, &["bi", "export", "--tenant", "north", "--format", "csv", "--out", &out, "--role", "partner", "--channel", "till"]).await;
        assert_eq!(names(&some), ["manifest.json", "order_lines.csv", "orders.csv"]);
        let partner = server.bearer(&token_of(Partner)).get("/bi/orders.csv").await.unwrap();
        assert_eq!(std::fs::read(some.join("orders.csv")).unwrap(), partner.body);
        say(&db, &["bi", "export", "--tenant", "north", "--format", "csv", "--out", &out, "--view", "payments", "--view", "customers"]).await;
        for (wrong, word) in [
            (&["--tenant", "nowhere", "--format", "csv"][..], "no such tenant"),
            (&["--tenant", "north", "--format", "csv", "--view", "nonesuch"], "no view `nonesuch`"),
            (&["--tenant", "north", "--format", "csv", "--role", "support", "--view", "line_margins"], "no view `line_margins`"),
            (&["--tenant", "north", "--format", "xlsx"], "xlsx"),
            (&["--tenant", "north", "--format", "csv", "--out", "/dev/null/x"], "/dev/null"),
        ] {
            let output = run(&db, &[&["bi", "export", "--out", &out], wrong].concat()).await;
            let output = if wrong.contains(&"--out") { run(&db, &[&["bi", "export"], wrong].concat()).await } else { output };
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(!output.status.success() && said.contains(word), "{wrong:?}: {said}");
        }
        assert!(names(&some).iter().all(|name| !name.contains(".part")));
        // Half of the files replaced: no manifest says that they are what it describes.
        let (orders, lines) = (some.join("orders.csv"), some.join("order_lines.csv"));
        std::fs::remove_file(&lines).unwrap();
        std::fs::create_dir(&lines).unwrap();
        std::fs::write(&orders, "old").unwrap();
        let output = run(&db, &["bi", "export", "--tenant", "north", "--format", "csv", "--out", &out, "--view", "orders", "--view", "order_lines"]).await;
        assert!(!output.status.success());
        assert_ne!(std::fs::read(&orders).unwrap(), b"old");
        assert!(names(&some).iter().all(|name| name != "manifest.json" && !name.contains(".part")), "{:?}", names(&some));
    }
}
