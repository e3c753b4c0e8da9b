//! As a subgraph: what routers ask, with their credential and for the callers whose tokens they
//! carry. A credential opens the schema; data is opened by the caller's token alone.

use entrepot_api::auth::Role;
use entrepot_tests::{TestDb, both};
use serde_json::{Value as Json, json};

use super::client::Client;
use super::server::{Server, platform_token, token};
use super::shopfront::{Ids, nobodys, order_of, place, receive, story, tenants};

const CREDENTIAL: &str = "the credential of a router, long enough";

/// Entities with something of each kind.
const ENTITIES: &str =
    "query($representations: [_Any!]!) { _entities(representations: $representations) {
    __typename
    ... on Order { id channel }
    ... on Product { id sku title }
    ... on Customer { id registeredAt }
    ... on StockPosition { id sku warehouse onHand }
    ... on SubscriptionContract { id nextOn } } }";
/// The same for those who may see orders and products only.
const OPEN: &str =
    "query($representations: [_Any!]!) { _entities(representations: $representations) {
    __typename ... on Order { id channel } ... on Product { id sku title } } }";

async fn served(db: &TestDb, slugs: &[&str]) -> Server {
    tenants(db, slugs).await;
    Server::start_with(db, &["--router-secret", CREDENTIAL]).await
}

/// A client as a router sends it on.
fn routed(client: &Client) -> Client {
    client
        .through("/federation")
        .with("entrepot-router", CREDENTIAL)
}

fn of(kind: &str, id: &str) -> Json {
    json!({ "__typename": kind, "id": id })
}

async fn entities(client: &Client, query: &str, representations: &[Json]) -> Json {
    client
        .answer(query, json!({ "representations": representations }))
        .await
}

/// The codes of an answer's errors by the place of the entity that each is about.
fn refused(answer: &Json) -> Vec<(u64, String)> {
    let errors = answer["errors"].as_array().cloned().unwrap_or_default();
    let place = |error: &Json| {
        assert_eq!(error["path"][0], "_entities", "{error:#}");
        let index = error["path"][1]
            .as_u64()
            .unwrap_or_else(|| panic!("no index: {error:#}"));
        (
            index,
            error["extensions"]["code"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        )
    };
    errors.iter().map(place).collect()
}

/// The global ids of the product and of the stock of a SKU.
async fn goods(boss: &Client, sku: &str) -> (String, String) {
    let query = "query($sku: String!) { product(sku: $sku) { id } stockPosition(sku: $sku, warehouse: \"east\") { id } }";
    let data = boss.ask(query, json!({ "sku": sku })).await;
    let id = |field: &str| data[field]["id"].as_str().expect("it is there").to_owned();
    (id("product"), id("stockPosition"))
}

/// A number from the server's metrics.
pub(super) async fn counted(server: &Server, metric: &str) -> u64 {
    let metrics = server
        .nobody()
        .send("GET", "/metrics", &[], b"")
        .await
        .unwrap()
        .text();
    let line = metrics.lines().find_map(|line| line.strip_prefix(metric));
    line.map_or(0, |number| number.trim().parse().expect("a number"))
}

async fn loads(server: &Server, loader: &str) -> (u64, u64) {
    let name = |metric: &str| format!("entrepot_{metric}_total{{loader=\"{loader}\"}}");
    (
        counted(server, &name("loads")).await,
        counted(server, &name("loaded_keys")).await,
    )
}

both! {
    async fn entities_are_found_by_every_key_in_the_order_asked_for(db: TestDb) {
        let server = served(&db, &["north"]).await;
        let boss = server.boss("north");
        let ids = story(&boss, "northern").await;
        let (product, stock) = goods(&boss, "A").await;
        let asked = [
            of("Order", &ids["Order"]),
            json!({ "__typename": "Product", "sku": "B" }),
            of("StockPosition", &stock),
            of("Order", &nobodys(&ids["Order"])),
            of("Customer", &ids["Customer"]),
            json!({ "__typename": "StockPosition", "sku": "C", "warehouse": "east" }),
            of("Product", &product),
            of("SubscriptionContract", &ids["Subscription"]),
            json!({ "__typename": "Product", "sku": "nonesuch" }),
            json!({ "__typename": "StockPosition", "sku": "A", "warehouse": "nowhere" }),
            // What is beside the key does not matter, and a key may be given twice.
            json!({ "__typename": "Order", "id": ids["Order"], "status": "PLACED", "more": [{ "of": 1 }] }),
            of("Order", "not an id"),
            of("Order", &ids["Customer"]),
        ];
        let answer = entities(&routed(&boss), ENTITIES, &asked).await;
        assert!(answer.get("errors").is_none(), "{answer:#}");
        let found = answer["data"]["_entities"].as_array().unwrap();
        let kinds: Vec<Option<&str>> = found.iter().map(|it| it["__typename"].as_str()).collect();
        assert_eq!(kinds, [
            Some("Order"), Some("Product"), Some("StockPosition"), None, Some("Customer"), Some("StockPosition"),
            Some("Product"), Some("SubscriptionContract"), None, None, Some("Order"), None, None,
        ]);
        assert_eq!((&found[0]["id"], &found[10]["id"]), (&json!(ids["Order"]), &json!(ids["Order"])));
        assert_eq!((&found[1]["sku"], &found[6]["sku"]), (&json!("B"), &json!("A")));
        assert_eq!((&found[2]["sku"], &found[5]["sku"]), (&json!("A"), &json!("C")));
        assert_eq!(found[5]["onHand"], "100");
        assert_eq!((&found[4]["id"], &found[7]["id"]), (&json!(ids["Customer"]), &json!(ids["Subscription"])));
        // It says where it was read, as every answer.
        assert!(answer["extensions"]["consistency"]["position"].is_string(), "{answer:#}");
    }

    async fn another_tenants_entities_are_as_unknown_ones(db: TestDb) {
        let server = served(&db, &["north", "south"]).await;
        let (north, south) = (server.boss("north"), server.boss("south"));
        let ids = story(&north, "northern").await;
        let foreign = story(&south, "southern").await;
        let (product, stock) = goods(&north, "A").await;
        let kinds = |ids: &Ids| [
            of("Order", &ids["Order"]), of("Customer", &ids["Customer"]), of("SubscriptionContract", &ids["Subscription"]),
        ];
        let mut asked = kinds(&foreign).to_vec();
        asked.extend(kinds(&foreign).map(|of| json!({ "__typename": of["__typename"], "id": nobodys(of["id"].as_str().unwrap()) })));
        let answer = entities(&routed(&north), ENTITIES, &asked).await;
        assert_eq!(answer["data"]["_entities"], json!(vec![Json::Null; 6]), "{answer:#}");
        assert!(answer.get("errors").is_none(), "{answer:#}");
        // The same keys are other rows at each tenant.
        let asked = [of("Order", &ids["Order"]), of("Product", &product), of("StockPosition", &stock)];
        let answer = entities(&routed(&south), ENTITIES, &asked).await;
        assert!(answer["data"]["_entities"][0].is_null() && !answer.to_string().contains("northern"), "{answer:#}");
        let mixed = [&kinds(&foreign)[..], &kinds(&ids)[..]].concat();
        let answer = entities(&routed(&south), ENTITIES, &mixed).await;
        let found: Vec<bool> = answer["data"]["_entities"].as_array().unwrap().iter().map(Json::is_object).collect();
        assert_eq!(found, [true, true, true, false, false, false]);
        // The tenant is the token's, whatever a header says.
        let forged = routed(&north).with("entrepot-tenant", "south");
        let answer = forged.post(ENTITIES, json!({ "representations": kinds(&foreign) })).await.unwrap();
        assert_eq!(answer.status, 403, "{}", answer.text());
        // A token of the platform reaches the tenant that it names, and none without a name.
        let platform = server.bearer(&platform_token(Role::Commerce));
        let named = routed(&platform).with("entrepot-tenant", "south");
        let answer = entities(&named, ENTITIES, &kinds(&foreign)).await;
        assert!(answer["data"]["_entities"].as_array().unwrap().iter().all(Json::is_object), "{answer:#}");
        let answer = entities(&routed(&platform), ENTITIES, &kinds(&foreign)).await;
        assert_eq!(refused(&answer).iter().filter(|(_, code)| code == "FORBIDDEN").count(), 3, "{answer:#}");
    }

    async fn guards_hold_on_entities(db: TestDb) {
        let server = served(&db, &["north"]).await;
        let boss = server.boss("north");
        let ids = story(&boss, "northern").await;
        let (product, stock) = goods(&boss, "A").await;
        let asked = [
            of("Order", &ids["Order"]), of("Customer", &ids["Customer"]), of("Product", &product),
            of("StockPosition", &stock), of("SubscriptionContract", &ids["Subscription"]),
            json!({ "__typename": "StockPosition", "sku": "A", "warehouse": "east" }),
        ];
        // A partner has no contract with customers, stock or subscriptions: the fields are unknown, and
        // entities of these kinds are refused one by one.
        let partner = routed(&server.bearer(&token("north", Role::Partner, &["web"])));
        let answer = entities(&partner, ENTITIES, &asked).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{answer:#}");
        assert!(answer.get("data").is_none_or(Json::is_null), "{answer:#}");
        let answer = entities(&partner, OPEN, &asked).await;
        let forbidden = |index| (index, "FORBIDDEN".to_owned());
        assert_eq!(refused(&answer), [1, 3, 4, 5].map(forbidden), "{answer:#}");
        let found: Vec<bool> = answer["data"]["_entities"].as_array().unwrap().iter().map(Json::is_object).collect();
        assert_eq!(found, [true, false, true, false, false, false]);
        // What is closed inside an entity is closed here too.
        for (role, field, open) in [
            (Role::Support, "... on Order { margins { line } }", false),
            (Role::Finance, "... on Order { margins { line } }", true),
            (Role::Support, "... on StockPosition { averageCost }", false),
            (Role::Commerce, "... on Customer { personalData { name } }", true),
            (Role::Finance, "... on Customer { personalData { name } }", false),
            (Role::Commerce, "... on SubscriptionContract { mrr { amount } }", false),
        ] {
            let client = routed(&server.client("north", role));
            let query = format!("query($representations: [_Any!]!) {{ _entities(representations: $representations) {{ {field} }} }}");
            let answer = entities(&client, &query, &asked).await;
            assert_eq!(answer.get("errors").is_none(), open, "{role} {field}: {answer:#}");
        }
    }

    async fn a_partner_finds_the_entities_of_its_channels(db: TestDb) {
        let server = served(&db, &["north"]).await;
        let seller = server.client("north", Role::Commerce);
        receive(&seller, "A", 10, 880).await;
        let web = place(&seller, order_of("A", 1)).await;
        let mut input = order_of("A", 1);
        input["channel"] = json!("till");
        let till = place(&seller, input).await;
        let asked = [of("Order", &web), of("Order", &till), of("Order", &nobodys(&till))];
        for (channels, found) in [(&["web"][..], [true, false, false]), (&["till"], [false, true, false]), (&["web", "till"], [true, true, false]), (&[], [false; 3])] {
            for entrance in ["/federation", "/federation/partner"] {
                let partner = server.bearer(&token("north", Role::Partner, channels));
                let answer = entities(&routed(&partner).through(entrance), OPEN, &asked).await;
                let seen: Vec<bool> = answer["data"]["_entities"].as_array().unwrap().iter().map(Json::is_object).collect();
                assert_eq!(seen, found, "{channels:?}: {answer:#}");
                assert!(answer.get("errors").is_none(), "{answer:#}");
            }
        }
    }

    async fn many_entities_are_one_load(db: TestDb) {
        let server = served(&db, &["north"]).await;
        let boss = server.boss("north");
        for sku in ["A", "B", "C"] {
            receive(&boss, sku, 1000, 880).await;
        }
        let mut orders = Vec::new();
        for _ in 0..30 {
            orders.push(place(&boss, order_of("A", 1)).await);
        }
        let router = routed(&boss);
        let by_id: Vec<Json> = orders.iter().map(|id| of("Order", id)).collect();
        let before = loads(&server, "orders").await;
        let answer = entities(&router, ENTITIES, &by_id).await;
        assert_eq!(answer["data"]["_entities"].as_array().unwrap().iter().filter(|it| it.is_object()).count(), 30);
        let after = loads(&server, "orders").await;
        assert_eq!((after.0 - before.0, after.1 - before.1), (1, 30));
        // As many as may be asked for at once, of every kind; those that do not exist too.
        let (product, stock) = goods(&boss, "B").await;
        let loaders = ["orders", "products", "stock", "first_events", "customers", "subscriptions"];
        let mut before = Vec::new();
        for loader in loaders {
            before.push(loads(&server, loader).await.0);
        }
        let many: Vec<Json> = (0..1000_usize).map(|index| match index % 7 {
            0 => of("Order", &nobodys("gid://entrepot/Order/x")),
            1 => json!({ "__typename": "Product", "sku": format!("nonesuch {index}") }),
            2 => json!({ "__typename": "StockPosition", "sku": format!("nonesuch {index}"), "warehouse": "east" }),
            3 => of("Product", if index == 3 { &product } else { "gid://entrepot/Product/018f0000-0000-7000-8000-000000000000" }),
            4 => of("StockPosition", if index == 4 { &stock } else { "gid://entrepot/StockPosition/018f0000-0000-7000-8000-000000000000" }),
            5 => of("Customer", &nobodys("gid://entrepot/Customer/x")),
            _ => of("SubscriptionContract", &nobodys("gid://entrepot/Subscription/x")),
        }).collect();
        let answer = entities(&router, ENTITIES, &many).await;
        let found = answer["data"]["_entities"].as_array().unwrap();
        assert_eq!((found.len(), found.iter().filter(|it| it.is_object()).count()), (1000, 2), "{:#}", answer["errors"]);
        assert_eq!((&found[3]["sku"], &found[4]["sku"]), (&json!("B"), &json!("B")));
        for (loader, before) in loaders.into_iter().zip(before) {
            let number = loads(&server, loader).await.0 - before;
            // The goods found by their ids are loaded by the keys that their first events tell.
            let most = if matches!(loader, "products" | "stock") { 2 } else { 1 };
            assert!((1..=most).contains(&number), "{loader}: {number}");
        }
    }

    async fn more_entities_than_may_be_asked_for_are_refused(db: TestDb) {
        let server = served(&db, &["north"]).await;
        let router = routed(&server.boss("north"));
        let asked = vec![json!({ "__typename": "Product", "sku": "A" }); 1001];
        let before = loads(&server, "products").await;
        let answer = entities(&router, ENTITIES, &asked).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{answer:#}");
        assert!(answer["data"].is_null() && loads(&server, "products").await == before);
        let none = entities(&router, ENTITIES, &[]).await;
        assert_eq!(none["data"]["_entities"], json!([]), "{none:#}");
        // Selecting what a command gives waits until the catalog can be read.
        let stock = json!({ "sku": "A", "warehouse": "east", "quantity": "1", "unitCostMinor": "1" });
        server.boss("north").give("stockReceive", stock, "stockPositions { id }").await;
        // A representation that is none spoils itself and no other.
        let asked = [
            json!({ "__typename": "Product", "sku": "A" }), json!({ "sku": "A" }), json!("A"), json!(1), json!({ "__typename": "Tenant", "slug": "north" }),
            json!({ "__typename": "Product" }), json!({ "__typename": "StockPosition", "sku": "A" }), json!({ "__typename": "Order", "id": 5 }),
            json!({ "__typename": "_Entity" }), json!({ "__typename": "Product", "sku": null }),
        ];
        let answer = entities(&router, ENTITIES, &asked).await;
        let bad = |index| (index, "BAD_USER_INPUT".to_owned());
        assert_eq!(refused(&answer), (1..10).map(bad).collect::<Vec<_>>(), "{answer:#}");
        assert_eq!(answer["data"]["_entities"][0]["sku"], "A");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_routers_ask_is_unknown_elsewhere() {
    let db = TestDb::sqlite().await;
    let server = served(&db, &["north"]).await;
    let boss = server.boss("north");
    let representations = json!({ "representations": [{ "__typename": "Product", "sku": "A" }] });
    for entrance in ["/graphql", "/graphql/commerce"] {
        // The credential changes nothing where it is not asked for.
        for client in [
            boss.through(entrance),
            boss.through(entrance).with("entrepot-router", CREDENTIAL),
        ] {
            for query in [
                "{ _service { sdl } }",
                OPEN,
                "{ __type(name: \"_Entity\") { name } }",
                "{ __type(name: \"_Any\") { name } }",
            ] {
                let answer = client
                    .answer(
                        query,
                        if query == OPEN {
                            representations.clone()
                        } else {
                            json!({})
                        },
                    )
                    .await;
                let nothing = answer["errors"][0]["extensions"]["code"]
                    == "GRAPHQL_VALIDATION_FAILED"
                    || answer["data"]["__type"].is_null();
                assert!(
                    nothing && !answer.to_string().contains("sdl\":"),
                    "{entrance} {query}: {answer:#}"
                );
            }
        }
    }
    let nowhere = Server::start(&db).await;
    let answer = routed(&nowhere.boss("north"))
        .post("{ _service { sdl } }", json!({}))
        .await
        .unwrap();
    assert_eq!(answer.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_router_shows_its_credential() {
    let db = TestDb::sqlite().await;
    let server = served(&db, &["north"]).await;
    let boss = server.boss("north");
    for entrance in ["/federation", "/federation/finance", "/federation/operator"] {
        let asked = boss.through(entrance);
        for client in [
            asked.clone(),
            asked.with("entrepot-router", ""),
            asked.with("entrepot-router", &CREDENTIAL[1..]),
            asked.with("entrepot-router", &CREDENTIAL.to_uppercase()),
            asked.with("entrepot-router", &format!("{CREDENTIAL}x")),
            asked.with("authorization", &format!("Bearer {CREDENTIAL}")),
            server.nobody().through(entrance),
        ] {
            for query in ["{ _service { sdl } }", "{ tenant { slug } }", "{"] {
                let answer = client.post(query, json!({})).await.unwrap();
                assert_eq!(answer.status, 401, "{entrance} {query}: {}", answer.text());
                assert_eq!(
                    answer.json()["errors"][0]["extensions"]["code"],
                    "UNAUTHENTICATED"
                );
                assert!(!answer.text().contains("sdl"));
            }
            let stream = client
                .send(
                    "POST",
                    entrance,
                    &[
                        ("accept", "text/event-stream"),
                        ("content-type", "application/json"),
                    ],
                    b"{\"query\":\"subscription { orderChanged { cursor } }\"}",
                )
                .await
                .unwrap();
            assert_eq!(stream.status, 401);
        }
    }
    // A wrong token is not made good by a right credential.
    for wrong in ["Bearer a.b.c", "Basic dGVzdA==", ""] {
        let client = routed(&server.nobody()).with("authorization", wrong);
        let answer = client
            .post("{ _service { sdl } }", json!({}))
            .await
            .unwrap();
        assert_eq!(answer.status, 401, "{wrong}");
    }
    // A token of another role does not fit a slice.
    let answer = routed(&server.client("north", Role::Support)).through("/federation/finance");
    assert_eq!(
        answer
            .post("{ margins { totalCount } }", json!({}))
            .await
            .unwrap()
            .status,
        403
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_credential_alone_shows_the_schema_and_no_data() {
    let db = TestDb::sqlite().await;
    let server = served(&db, &["north"]).await;
    let published = include_str!("../../schema.graphql");
    let router = routed(&server.nobody());
    let sdl = router.ask("{ _service { sdl } }", json!({})).await;
    assert!(sdl["_service"]["sdl"] == published, "not schema.graphql");
    for query in [
        "{ tenant { slug } }",
        "{ orders { totalCount } }",
        "{ node(id: \"gid://entrepot/Order/018f0000-0000-7000-8000-000000000000\") { id } }",
        "mutation { tenantConfigure(input: {}) { userErrors { code } } }",
        "{ _entities(representations: [{__typename: \"Product\", sku: \"A\"}]) { __typename } }",
        "{ _entities(representations: [{__typename: \"Product\", sku: \"A\"}]) { ... on Product { sku } } }",
    ] {
        for client in [router.clone(), router.with("entrepot-tenant", "north")] {
            let answer = client.answer(query, json!({})).await;
            assert_eq!(
                answer["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED",
                "{query}: {answer:#}"
            );
            assert!(
                answer.get("data").is_none_or(Json::is_null),
                "{query}: {answer:#}"
            );
        }
    }
    let mut stream = router
        .follow("subscription { orderChanged { cursor } }", json!({}))
        .await
        .unwrap();
    let refused = stream.next().await.unwrap().unwrap().payload;
    assert_eq!(
        refused["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED",
        "{refused:#}"
    );
    assert!(stream.next().await.unwrap().is_none());
    // A slice has what its role may see.
    for (role, has) in [("finance", true), ("support", false), ("partner", false)] {
        let answer = router
            .through(&format!("/federation/{role}"))
            .ask("{ _service { sdl } }", json!({}))
            .await;
        let sdl = answer["_service"]["sdl"].as_str().unwrap();
        assert_eq!(sdl.contains("type MarginLine"), has, "{role}");
        assert!(
            sdl.contains("type Order implements Node @key(fields: \"id\")"),
            "{role}"
        );
        assert!(
            !sdl.contains("_entities") && !sdl.contains("_Any"),
            "{role}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn live_updates_flow_through_every_entrance() {
    let db = TestDb::sqlite().await;
    let server = served(&db, &["north"]).await;
    let seller = server.client("north", Role::Commerce);
    let start = receive(&seller, "A", 10, 880).await["position"].clone();
    let order = place(&seller, order_of("A", 1)).await;
    let query =
        "subscription($position: BigInt) { orderChanged(position: $position) { order { id } } }";
    for client in [
        seller.through("/graphql/commerce"),
        routed(&seller),
        routed(&seller).through("/federation/commerce"),
        routed(&server.bearer(&token("north", Role::Partner, &["web"]))),
    ] {
        let mut stream = client
            .follow(query, json!({ "position": start }))
            .await
            .unwrap();
        let update = stream.next().await.unwrap().unwrap();
        assert_eq!(
            update.payload["data"]["orderChanged"]["order"]["id"], order,
            "{:#}",
            update.payload
        );
    }
    let other = routed(&server.bearer(&token("north", Role::Partner, &["till"])));
    let mut stream = other
        .follow(query, json!({ "position": start }))
        .await
        .unwrap();
    assert!(
        stream
            .silent_for(std::time::Duration::from_millis(300))
            .await
    );
}
