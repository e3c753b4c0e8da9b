//! Who sees what: roles, partners, tenants.

use entrepot_api::auth::Role;
use entrepot_tests::{TestDb, both};

use super::files::{arrow, csv, parquet};
use super::{VIEWS, file, refusal, settled, stage, token_of};
use crate::client::{Answer, Client};
use crate::server::{DEADLINE, Server, issue, token};
use crate::shopfront::{receive, story, tenants};
use Role::{Operator, Partner, Support};

both! {
    async fn each_role_sees_its_views_and_columns_and_no_others(db: TestDb) {
        let server = stage(&db).await;
        for role in Role::ALL {
            let reader = server.bearer(&token_of(role));
            let listed = reader.get("/bi/").await.unwrap().json();
            let names: Vec<&str> = listed["views"].as_array().unwrap().iter().map(|view| view["name"].as_str().unwrap()).collect();
            let open: Vec<&str> = VIEWS.iter().filter(|(_, roles, _)| roles.contains(&role)).map(|(name, ..)| *name).collect();
            assert_eq!(names, open, "{role}");
            for (name, roles, day) in VIEWS {
                for format in ["csv", "parquet", "arrow"] {
                    let answer = reader.get(&format!("/bi/{name}.{format}")).await.unwrap();
                    if !roles.contains(&role) {
                        assert_eq!(refusal(&answer), (404, "NOT_FOUND".to_owned(), None), "{name} {role}");
                        continue;
                    }
                    assert_eq!(answer.status, 200, "{name} {role}: {}", answer.text());
                    let table = match format {
                        "csv" => csv(&answer.body),
                        "parquet" => parquet(&answer.body),
                        _ => arrow(&answer.body),
                    };
                    let view = listed["views"].as_array().unwrap().iter().find(|view| view["name"] == *name).unwrap();
                    let columns: Vec<&str> = view["columns"].as_array().unwrap().iter().map(|column| column["name"].as_str().unwrap()).collect();
                    assert_eq!(table.names, columns, "{name} {role}");
                    assert_eq!(view["day"].as_str(), *day, "{name}");
                    assert!(!table.names.iter().any(|column| column == "tenant_id"));
                    let people = table.names.iter().any(|column| column == "customer_id");
                    assert!(!people || role != Partner, "{name}");
                    assert!(!table.rows.is_empty(), "{name} {role} is empty");
                }
            }
        }
        // What is closed is unknown, in the words for what never was.
        let partner = server.bearer(&token_of(Partner));
        for (query, field) in [("columns=customer_id", "columns"), ("columns=nonesuch", "columns"), ("customer_id=00000000-0000-0000-0000-000000000000", "customer_id"), ("nonesuch=1", "nonesuch")] {
            let answer = partner.get(&format!("/bi/orders.csv?{query}")).await.unwrap();
            assert_eq!(refusal(&answer), (400, "BAD_USER_INPUT".to_owned(), Some(field.to_owned())), "{query}");
        }
        // A partner sees the rows of its channels, whatever it asks for.
        let all = file(&server.client("north", Operator), "/bi/orders.csv").await;
        assert_eq!(all.column("channel").iter().filter(|channel| **channel == "till").count(), 1);
        for query in ["", "?channel=till"] {
            assert_eq!(file(&partner, &format!("/bi/orders.csv{query}")).await.column("channel"), ["till"]);
            assert_eq!(file(&partner, &format!("/bi/order_lines.csv{query}")).await.column("channel"), ["till"]);
        }
        assert!(file(&partner, "/bi/orders.csv?channel=web").await.rows.is_empty());
        let nowhere = server.bearer(&token("north", Partner, &[]));
        assert!(file(&nowhere, "/bi/orders.csv").await.rows.is_empty());
        // Several roles see what any of them sees.
        let both = server.bearer(&issue(Some("north"), &[Support, Partner], &["till"], DEADLINE));
        assert_eq!(file(&both, "/bi/orders.csv").await.rows.len(), all.rows.len());
    }

    async fn one_tenant_hears_nothing_of_another(db: TestDb) {
        tenants(&db, &["north", "south"]).await;
        let server = Server::start(&db).await;
        let foreign = story(&server.boss("south"), "southern").await;
        story(&server.boss("north"), "northern").await;
        let (north, south) = (server.client("north", Operator), server.client("south", Operator));
        settled(&db, &north, "north").await;
        settled(&db, &south, "south").await;
        let page = |reader: &Client, view: &str| {
            let (reader, path) = (reader.clone(), format!("/bi/{view}.csv?limit=1"));
            async move { reader.get(&path).await.unwrap() }
        };
        let mut cursors = 0;
        for (view, ..) in VIEWS {
            for format in ["csv", "parquet", "arrow"] {
                let answer = north.get(&format!("/bi/{view}.{format}")).await.unwrap();
                let table = match format {
                    "csv" => csv(&answer.body),
                    "parquet" => parquet(&answer.body),
                    _ => arrow(&answer.body),
                };
                let text = format!("{:?}", table.rows);
                for mark in foreign.values().map(|id| &id[id.len() - 36..]).chain(["southern", "south"]) {
                    assert!(!text.contains(mark), "{mark} leaked in {view}.{format}");
                }
            }
            if let Some(cursor) = page(&south, view).await.header("entrepot-next-cursor") {
                let path = format!("/bi/{view}.csv?after={cursor}");
                assert_eq!(south.get(&path).await.unwrap().status, 200);
                assert_eq!(refusal(&north.get(&path).await.unwrap()), (400, "BAD_USER_INPUT".to_owned(), Some("after".to_owned())), "{view}");
                cursors += 1;
            }
        }
        assert!(cursors >= 8, "{cursors}");
        // Another tenant's ids pick nothing, as nobody's do.
        let order = &foreign["Order"][foreign["Order"].len() - 36..];
        assert!(file(&north, &format!("/bi/orders.csv?order_id={order}")).await.rows.is_empty());
        assert_eq!(file(&south, &format!("/bi/orders.csv?order_id={order}")).await.rows.len(), 1);
        // Tokens reach their tenants, and nothing else selects one.
        for (client, status) in [
            (north.with("entrepot-tenant", "south"), 403),
            (north.with("entrepot-tenant", "nowhere"), 403),
            (server.client("nowhere", Operator), 403),
            (server.nobody(), 401),
            (server.bearer("a.b.c"), 401),
        ] {
            for path in ["/bi/orders.csv", "/bi/"] {
                assert_eq!(client.get(path).await.unwrap().status, status, "{path}");
            }
        }
        let written = receive(&server.boss("south"), "A", 1, 1).await["consistencyToken"].as_str().unwrap().to_owned();
        let answer = north.with("entrepot-consistency", &written).get("/bi/orders.csv").await.unwrap();
        assert_eq!(refusal(&answer), (400, "BAD_USER_INPUT".to_owned(), Some("entrepot-consistency".to_owned())));
        // The tags of two tenants differ also where their rows are alike.
        let tag = |answer: Answer| answer.header("etag").unwrap().to_owned();
        assert_ne!(tag(north.get("/bi/products.csv").await.unwrap()), tag(south.get("/bi/products.csv").await.unwrap()));
    }
}
