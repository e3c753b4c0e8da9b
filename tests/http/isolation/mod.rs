//! Two tenants with the same SKUs, external ids and e-mail addresses: neither can find out that the
//! other is there. What is asked is taken from the served schema: a new field is asked as well.

mod everywhere;

use std::time::Duration;

use entrepot_api::auth::Role;
use entrepot_tests::{TestDb, both};
use serde_json::{Value as Json, json};

use super::client::{Client, mutation};
use super::schema::{Path, Schema, set};
use super::server::{Server, token};
use super::shopfront::{Ids, head, nobodys, order_of, place, receive, story, tenants};

/// Objects that a document goes down.
const DEEP: usize = 4;

/// The served tenants `north` and `south`, each with a story of its own.
struct Two {
    server: Server,
    north: Client,
    south: Client,
    ids: Ids,
    foreign: Ids,
    schema: Schema,
}

async fn two(db: &TestDb) -> Two {
    tenants(db, &["north", "south"]).await;
    let server = Server::start(db).await;
    let (north, south) = (server.boss("north"), server.boss("south"));
    let (ids, foreign) = (
        story(&north, "northern").await,
        story(&south, "southern").await,
    );
    let schema = Schema::of(&north).await;
    Two {
        server,
        north,
        south,
        ids,
        foreign,
        schema,
    }
}

/// The kinds of objects that an id argument names.
fn kinds(field: &str, path: &Path) -> &'static [&'static str] {
    match (field, path.last().map(String::as_str)) {
        ("node" | "nodes", _) => &["Order", "Customer", "Subscription"],
        ("order", Some("id")) | (_, Some("orderId")) => &["Order"],
        ("customer", Some("id")) | (_, Some("customerId")) => &["Customer"],
        ("subscription", Some("id")) | (_, Some("subscriptionId")) => &["Subscription"],
        // Each other id can be chosen once.
        ("paymentRecordExternal", _) => &["SecondPayment"],
        (_, Some("paymentId")) => &["Payment"],
        (_, Some("shipmentId")) => &["Shipment"],
        (_, Some("reservationId")) => &["Reservation"],
        _ => panic!("say what {path:?} of {field} names"),
    }
}

/// What an answer says, without where it was read and with `id` left out.
fn said(answer: &Json, id: &str) -> String {
    let answer = json!({ "data": answer["data"], "errors": answer["errors"] });
    answer
        .to_string()
        .replace(id, "<id>")
        .replace(&id["gid://entrepot/".len()..], "<id>")
}

/// Everything that a tenant can read without naming anything.
async fn everything(schema: &Schema, client: &Client) -> Vec<Json> {
    let mut read = Vec::new();
    for field in schema
        .roots("Query")
        .iter()
        .filter(|field| field.needs_nothing())
    {
        let answer = client
            .answer(&schema.document("query", field, DEEP), json!({}))
            .await;
        assert!(answer.get("errors").is_none(), "{}: {answer:#}", field.name);
        assert!(
            !answer["data"][field.name].is_null(),
            "{}: {answer:#}",
            field.name
        );
        read.push(answer["data"].clone());
    }
    read
}

/// Nothing of the other tenant stands in a text.
fn assert_clean(text: &str, two: &Two) {
    for foreign in two
        .foreign
        .values()
        .map(|id| &id[id.len() - 36..])
        .chain(["southern"])
    {
        assert!(!text.contains(foreign), "{foreign} leaked: {text}");
    }
}

/// A command, its input, and the ids in it that the caller may choose.
type Case = (&'static str, Json, &'static [&'static str]);

/// The inputs of every command that names objects, right for the tenant whose ids they are. A
/// command that takes an id of the caller's choice is marked: there, an id of somebody else's is free.
fn commands(ids: &Ids) -> Vec<Case> {
    let (order, customer, payment) = (&ids["Order"], &ids["Customer"], &ids["Payment"]);
    let line = json!([{ "sku": "A", "quantity": "1" }]);
    let start = json!({
        "subscriptionId": "?", "customerId": customer, "channel": "web", "anchor": "2100-01-01",
        "interval": { "unit": "MONTH" }, "items": line,
    });
    let subscription = |more: Json| {
        let mut input = json!({ "subscriptionId": ids["Subscription"] });
        input
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        input
    };
    let reserved = json!({ "sku": "C", "warehouse": "east", "quantity": "1", "reservationId": ids["Reservation"] });
    vec![
        (
            "orderPlace",
            json!({ "orderId": "?", "customerId": customer, "channel": "web", "lines": line }),
            &["orderId"],
        ),
        (
            "orderHold",
            json!({ "orderId": order, "reason": "why" }),
            &[],
        ),
        ("orderRelease", json!({ "orderId": order }), &[]),
        (
            "orderLineCancel",
            json!({ "orderId": order, "line": 1, "quantity": "1", "reason": "why" }),
            &[],
        ),
        (
            "paymentAuthorize",
            json!({ "paymentId": "?", "orderId": order, "provider": "x", "amountMinor": "1" }),
            &["paymentId"],
        ),
        (
            "paymentRecordExternal",
            json!({ "paymentId": "?", "orderId": order, "provider": "x", "amountMinor": "1" }),
            &["paymentId"],
        ),
        (
            "paymentAssessFee",
            json!({ "paymentId": payment, "amountMinor": "1" }),
            &[],
        ),
        (
            "paymentCapture",
            json!({ "paymentId": payment, "amountMinor": "1" }),
            &[],
        ),
        (
            "paymentRefund",
            json!({ "paymentId": payment, "amountMinor": "1", "reason": "why" }),
            &[],
        ),
        (
            "paymentReportUnknown",
            json!({ "paymentId": payment, "attempt": "CAPTURE", "amountMinor": "1" }),
            &[],
        ),
        (
            "paymentResolveUnknown",
            json!({ "paymentId": payment, "happened": false }),
            &[],
        ),
        ("paymentVoid", json!({ "paymentId": payment }), &[]),
        (
            "shipmentDispatch",
            json!({ "orderId": order, "lines": [{ "line": 1, "quantity": "1" }] }),
            &[],
        ),
        (
            "shipmentDeliver",
            json!({ "orderId": order, "shipmentId": ids["Shipment"] }),
            &[],
        ),
        ("stockRelease", reserved.clone(), &[]),
        ("stockIssue", reserved, &[]),
        (
            "orderCancel",
            json!({ "orderId": order, "reason": "why" }),
            &[],
        ),
        (
            "customerRegister",
            json!({ "customerId": "?" }),
            &["customerId"],
        ),
        (
            "customerUpdate",
            json!({ "customerId": customer, "name": "Pat" }),
            &[],
        ),
        ("subscriptionCreate", start, &["subscriptionId"]),
        (
            "subscriptionChangeQuantity",
            subscription(json!({ "sku": "A", "quantity": "2" })),
            &[],
        ),
        ("subscriptionSkip", subscription(json!({})), &[]),
        (
            "subscriptionRunCycle",
            subscription(json!({ "cycle": "1" })),
            &[],
        ),
        ("subscriptionPause", subscription(json!({})), &[]),
        ("subscriptionResume", subscription(json!({})), &[]),
        (
            "subscriptionCancel",
            subscription(json!({ "reason": "why" })),
            &[],
        ),
        ("customerErase", json!({ "customerId": customer }), &[]),
    ]
}

/// Gives a command on the other tenant's object and on nobody's. The answers are the same; returns
/// the code of the refusal.
async fn told_apart(two: &Two, case: &Case, path: &Path) -> Json {
    let (command, input, own) = case;
    let (name, kind) = (&path[1], kinds(command, path)[0]);
    let give = async |id: &str| {
        let mut input = input.clone();
        input
            .as_object_mut()
            .unwrap()
            .retain(|other, _| other == name || !own.contains(&other.as_str()));
        input[name] = json!(id);
        let (query, variables) = mutation(command, &input, "");
        let mut answer = two.north.answer(&query, variables).await;
        for differs in ["position", "consistencyToken"] {
            answer["data"][command][differs].take();
        }
        (
            said(&answer, id),
            answer["data"][command]["userErrors"][0]["code"].clone(),
        )
    };
    let (theirs, nobodys) = (
        give(&two.foreign[kind]).await,
        give(&nobodys(&two.foreign[kind])).await,
    );
    assert_eq!(theirs, nobodys, "{command} {path:?}");
    theirs.1
}

both! {
    async fn another_tenants_ids_are_ids_of_nothing_to_queries(db: TestDb) {
        let two = two(&db).await;
        let mut asked = 0;
        for field in two.schema.roots("Query") {
            let document = two.schema.document("query", &field, DEEP);
            for path in two.schema.ids(&field) {
                for kind in kinds(field.name, &path) {
                    let ask = async |id: &str| {
                        let mut variables = json!({});
                        let list = field.name == "nodes";
                        set(&mut variables, &path, if list { json!([id]) } else { json!(id) });
                        said(&two.north.answer(&document, variables).await, id)
                    };
                    let of = (ask(&two.ids[kind]).await, ask(&two.foreign[kind]).await, ask(&nobodys(&two.foreign[kind])).await);
                    assert_eq!(of.1, of.2, "{} {path:?} {kind}", field.name);
                    assert_ne!(of.0, of.2, "{} {path:?} {kind}", field.name);
                    asked += 1;
                }
            }
        }
        assert!(asked >= 9, "{asked}");
        // By what people call things, and by ids that follow from that, too.
        let found = "query($sku: String!, $email: String!, $product: ID!, $stock: ID!) {
            product(sku: $sku) { id } stockPosition(sku: $sku, warehouse: \"east\") { id }
            nodes(ids: [$product, $stock]) { id } customers(filter: { email: $email }) { totalCount nodes { id } }
            products(filter: { skuPrefix: $sku }) { totalCount } inventory(filter: { sku: $sku }) { totalCount } }";
        let product = json!({ "sku": "SOUTHERN", "title": "southern", "taxClass": "standard" });
        let product = two.south.give("skuCreate", product, "product { id }").await["product"]["id"].clone();
        let stock = json!({ "sku": "SOUTHERN", "warehouse": "east", "quantity": "1", "unitCostMinor": "1" });
        let stock = two.south.give("stockReceive", stock, "stockPositions { id }").await;
        let stock = &stock["stockPositions"][0]["id"];
        let person = json!({ "email": "sam@southern.example", "name": "southern" });
        two.south.give("customerRegister", person, "customer { id }").await;
        let theirs = json!({ "sku": "SOUTHERN", "email": "sam@southern.example", "product": product, "stock": stock });
        let seen = two.south.ask(found, theirs.clone()).await;
        let one = json!({ "totalCount": "1" });
        assert_eq!(seen["nodes"], json!([{ "id": product }, { "id": stock }]));
        assert_eq!([&seen["products"], &seen["inventory"]], [&one, &one]);
        assert_eq!(seen["customers"]["totalCount"], "1");
        let like = |id: &Json| nobodys(id.as_str().unwrap());
        let unknown = json!({
            "sku": "NOBODYS", "email": "nobody@example.org", "product": like(&product), "stock": like(stock),
        });
        assert_eq!(two.north.ask(found, theirs).await, two.north.ask(found, unknown).await);
        for read in everything(&two.schema, &two.north).await {
            assert_clean(&read.to_string(), &two);
        }
    }

    async fn another_tenants_ids_are_ids_of_nothing_to_commands(db: TestDb) {
        let two = two(&db).await;
        let before = everything(&two.schema, &two.south).await;
        let table = commands(&two.ids);
        let mut chosen = Vec::new();
        for field in two.schema.roots("Mutation") {
            for path in two.schema.ids(&field) {
                let case = table.iter().find(|(command, ..)| *command == field.name);
                let case = case.unwrap_or_else(|| panic!("give an input of {}", field.name));
                assert!(path.len() == 2 && !case.1[&path[1]].is_null(), "give {path:?} of {}", field.name);
                if case.2.contains(&path[1].as_str()) {
                    chosen.push((case, path));
                    continue;
                }
                let position = head(&db, "north").await;
                assert_eq!(told_apart(&two, case, &path).await, "NOT_FOUND", "{} {path:?}", field.name);
                assert_eq!(head(&db, "north").await, position, "{} {path:?}", field.name);
            }
        }
        for (case, path) in chosen {
            assert_eq!(told_apart(&two, case, &path).await, Json::Null, "{} {path:?}", case.0);
        }
        // The inputs are right: with the tenant's own objects, nothing is missing.
        for (command, input, own) in table {
            let mut input = input;
            input.as_object_mut().unwrap().retain(|name, _| !own.contains(&name.as_str()));
            let payload = two.north.try_give(command, input, "").await;
            assert_ne!(payload["userErrors"][0]["code"], "NOT_FOUND", "{command}: {payload}");
        }
        assert_eq!(everything(&two.schema, &two.south).await, before);
    }

    async fn cursors_and_tokens_of_another_tenant_are_refused(db: TestDb) {
        let two = two(&db).await;
        let bad = |answer: &Json| answer["errors"][0]["extensions"]["code"].clone();
        let mut lists = Vec::new();
        for field in two.schema.roots("Query").iter().filter(|field| field.takes("after")) {
            let name = field.name;
            let data = two.south.ask(&format!("{{ {name}(first: 1) {{ pageInfo {{ endCursor }} }} }}"), json!({})).await;
            let cursor = data[name]["pageInfo"]["endCursor"].as_str().unwrap_or_else(|| panic!("{name} is empty"));
            for (argument, count) in [("after", "first"), ("before", "last")] {
                let query = format!("query($c: String) {{ {name}({argument}: $c, {count}: 1) {{ nodes {{ __typename }} }} }}");
                let (own, theirs) = (two.south.answer(&query, json!({ "c": cursor })).await, two.north.answer(&query, json!({ "c": cursor })).await);
                assert!(own.get("errors").is_none(), "{own:#}");
                assert_eq!((bad(&theirs), &theirs["data"][name]), (json!("BAD_USER_INPUT"), &Json::Null), "{theirs:#}");
            }
            lists.push(name);
        }
        assert!(lists.len() >= 7, "{lists:?}");

        let written = receive(&two.south, "A", 1, 1).await["consistencyToken"].clone();
        let reader = two.north.with("entrepot-consistency", written.as_str().unwrap());
        assert_eq!(bad(&reader.answer("{ orders { totalCount } }", json!({})).await), "BAD_USER_INPUT");
        let (query, variables) = mutation("orderPlace", &order_of("A", 1), "");
        let position = head(&db, "north").await;
        assert_eq!(bad(&reader.answer(&query, variables).await), "BAD_USER_INPUT");
        assert_eq!(head(&db, "north").await, position);

        for field in two.schema.roots("Subscription") {
            let document = two.schema.document("subscription", &field, DEEP);
            let mut stream = two.south.follow(&document, json!({ "position": "0" })).await.unwrap();
            let update = stream.next().await.unwrap().unwrap();
            let resume = json!({ "after": update.id.expect("updates have cursors") });
            let mut stream = two.north.follow(&document, resume).await.unwrap();
            let answer = stream.next().await.unwrap().unwrap().payload;
            assert_eq!(bad(&answer), "BAD_USER_INPUT", "{}: {answer:#}", field.name);
        }
    }

    async fn live_updates_tell_nothing_of_another_tenant(db: TestDb) {
        let two = two(&db).await;
        for field in two.schema.roots("Subscription") {
            let document = two.schema.document("subscription", &field, DEEP);
            let mut all = two.north.follow(&document, json!({ "position": "0" })).await.unwrap();
            let mut theirs = Vec::new();
            for path in two.schema.ids(&field) {
                let mut variables = json!({ "position": "0" });
                set(&mut variables, &path, json!(two.foreign[kinds(field.name, &path)[0]]));
                theirs.push(two.north.follow(&document, variables).await.unwrap());
            }
            for (client, ids) in [(&two.south, &two.foreign), (&two.north, &two.ids)] {
                place(client, order_of("A", 1)).await;
                let skip = json!({ "subscriptionId": ids["Subscription"] });
                client.give("subscriptionSkip", skip, "").await;
            }
            let end = head(&db, "north").await;
            loop {
                let update = all.next().await.unwrap().unwrap().payload;
                assert_clean(&update.to_string(), &two);
                let update = &update["data"][field.name];
                let position: i64 = update["position"].as_str().unwrap().parse().unwrap();
                // The last three events: the order, its stock, the skip.
                if position > end - 3 {
                    break;
                }
            }
            for mut stream in theirs {
                assert!(stream.silent_for(Duration::from_millis(300)).await, "{}", field.name);
            }
        }
    }

    async fn a_partner_sees_the_orders_of_its_channels_only(db: TestDb) {
        let two = two(&db).await;
        let partner = |channels: &[&str]| two.server.bearer(&token("north", Role::Partner, channels));
        let (till, nowhere, both) = (partner(&["till"]), partner(&[]), partner(&["till", "web"]));
        let query = "query($id: ID!) { order(id: $id) { id } node(id: $id) { id }
            orders { totalCount nodes { channel } } web: orders(filter: { channel: \"web\" }) { totalCount }
            orderSums { orders gross { amountMinor } } }";
        let variables = json!({ "id": two.ids["Order"] });
        let none = json!({ "totalCount": "0" });
        let sums = json!([{ "orders": "1", "gross": { "amountMinor": "1500" } }]);
        let orders = json!({ "totalCount": "1", "nodes": [{ "channel": "till" }] });
        let seen = json!({ "order": null, "node": null, "orders": orders, "web": none, "orderSums": sums });
        assert_eq!(till.ask(query, variables.clone()).await, seen);
        let orders = json!({ "totalCount": "0", "nodes": [] });
        let seen = json!({ "order": null, "node": null, "orders": orders, "web": none, "orderSums": [] });
        assert_eq!(nowhere.ask(query, variables.clone()).await, seen);
        let seen = both.ask(query, variables).await;
        assert_eq!((&seen["orders"]["totalCount"], &seen["order"]["id"]), (&json!("4"), &json!(two.ids["Order"])));

        let follow = "subscription { orderChanged(position: \"0\") { order { channel } } }";
        let mut stream = till.follow(follow, json!({})).await.unwrap();
        let mut silent = nowhere.follow(follow, json!({})).await.unwrap();
        place(&two.north, order_of("A", 1)).await;
        for channel in ["web", "till"] {
            let input = json!({ "channel": channel, "lines": [{ "sku": "A", "quantity": "1" }] });
            place(&two.north, input).await;
        }
        for _ in 0..2 {
            let update = stream.next().await.unwrap().unwrap().payload;
            assert_eq!(update["data"]["orderChanged"]["order"]["channel"], "till", "{update:#}");
        }
        assert!(stream.silent_for(Duration::from_millis(300)).await);
        assert!(silent.silent_for(Duration::from_millis(300)).await);
    }
}

both! {
    async fn a_token_reaches_no_tenant_but_its_own(db: TestDb) {
        tenants(&db, &["north", "south"]).await;
        let server = Server::start(&db).await;
        let north = server.client("north", Role::Commerce);
        let answer = north.with("entrepot-tenant", "south").post("{ tenant { slug } }", json!({})).await.unwrap();
        assert_eq!((answer.status, &answer.json()["errors"][0]["extensions"]["code"]), (403, &json!("FORBIDDEN")));
        // A tenant that is not there is refused in the same words.
        let nowhere = north.with("entrepot-tenant", "nowhere").post("{ tenant { slug } }", json!({})).await.unwrap();
        assert_eq!((nowhere.status, nowhere.json()["errors"].clone()), (403, answer.json()["errors"].clone()));
        // What is not ours to read changes nothing.
        for header in ["x-tenant-id", "x-forwarded-user", "tenant"] {
            let data = north.with(header, "south").ask("{ tenant { slug } }", json!({})).await;
            assert_eq!(data["tenant"]["slug"], "north");
        }
        let stranger = server.client("nowhere", Role::Commerce).post("{ tenant { slug } }", json!({})).await.unwrap();
        assert_eq!((stranger.status, &stranger.json()["errors"][0]["extensions"]["code"]), (403, &json!("FORBIDDEN")));
    }
}
