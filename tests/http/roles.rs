//! Who may do what: every field at the root for every role, and the fields inside that only some
//! roles see. The tables here are written by hand; what the schema has and they do not fails.

use std::collections::HashMap;

use entrepot_api::auth::Role;
use entrepot_tests::{TestDb, both};
use serde_json::{Value as Json, json};

use super::client::mutation;
use super::schema::{Field, Schema};
use super::server::{Server, platform_token};
use super::shopfront::{Ids, head, story, tenants};
use Role::{Commerce, Finance, Operator, Partner, Support};

const ALL: &[Role] = &Role::ALL;
const STAFF: &[Role] = &[Commerce, Finance, Support, Operator];
const MONEY: &[Role] = &[Finance, Operator];
const SALES: &[Role] = &[Commerce, Support, Operator];
const GOODS: &[Role] = &[Commerce, Operator];

/// The roles that each field at the root is open to.
const ROOTS: &[(&str, &[Role])] = &[
    ("order", ALL),
    ("orders", ALL),
    ("orderSums", ALL),
    ("stockPosition", STAFF),
    ("inventory", STAFF),
    ("margins", MONEY),
    ("marginSums", MONEY),
    ("product", ALL),
    ("products", ALL),
    ("customer", STAFF),
    ("customers", STAFF),
    ("subscription", STAFF),
    ("subscriptions", STAFF),
    ("mrrMovements", MONEY),
    ("mrrSums", MONEY),
    ("tenant", ALL),
    // What they find is guarded by its kind.
    ("node", ALL),
    ("nodes", ALL),
    ("orderPlace", SALES),
    ("orderImport", SALES),
    ("orderHold", SALES),
    ("orderRelease", SALES),
    ("orderCancel", SALES),
    ("orderLineCancel", SALES),
    ("paymentAuthorize", &[Commerce, Finance, Operator]),
    ("paymentCapture", &[Commerce, Finance, Operator]),
    ("paymentVoid", &[Commerce, Finance, Operator]),
    ("paymentRecordExternal", &[Commerce, Finance, Operator]),
    ("paymentAssessFee", &[Commerce, Finance, Operator]),
    ("paymentReportUnknown", &[Commerce, Finance, Operator]),
    ("paymentResolveUnknown", &[Commerce, Finance, Operator]),
    ("paymentRefund", &[Finance, Support, Operator]),
    ("shipmentDispatch", GOODS),
    ("shipmentDeliver", GOODS),
    ("stockReceive", GOODS),
    ("stockReserve", GOODS),
    ("stockRelease", GOODS),
    ("stockIssue", GOODS),
    ("stockAdjust", GOODS),
    ("stockTransfer", GOODS),
    ("skuCreate", GOODS),
    ("priceSet", GOODS),
    ("skuDiscontinue", GOODS),
    ("customerRegister", SALES),
    ("customerUpdate", SALES),
    ("customerErase", &[Support, Operator]),
    ("subscriptionCreate", SALES),
    ("subscriptionRunCycle", SALES),
    ("subscriptionPause", SALES),
    ("subscriptionResume", SALES),
    ("subscriptionSkip", SALES),
    ("subscriptionChangeQuantity", SALES),
    ("subscriptionCancel", SALES),
    // The operator of the platform, whose token is another.
    ("tenantCreate", &[]),
    ("accessRevoke", &[Operator]),
    ("tenantConfigure", &[Operator]),
    ("tenantSuspend", &[Operator]),
    ("tenantRelease", &[Operator]),
    ("orderChanged", ALL),
    ("inventoryChanged", STAFF),
    ("marginChanged", MONEY),
    ("subscriptionChanged", STAFF),
];

/// Fields that only some of those see who see what they stand in: a query of them, the field, the
/// roles that see it, and the roles that see what it stands in.
const INSIDE: &[(&str, &str, &[Role], &[Role])] = &[
    (
        "orders { nodes { id payments { id fee { amountMinor } } } }",
        "fee",
        MONEY,
        ALL,
    ),
    (
        "orders { nodes { id payments { id feeEstimated } } }",
        "feeEstimated",
        MONEY,
        ALL,
    ),
    (
        "orders { nodes { id shipments { id labelCost { amountMinor } } } }",
        "labelCost",
        MONEY,
        ALL,
    ),
    (
        "orders { nodes { id margins { line } } }",
        "margins",
        MONEY,
        ALL,
    ),
    (
        "orders(filter: {externalId: \"1001\"}) { nodes { id customer { id } } }",
        "customer",
        STAFF,
        ALL,
    ),
    (
        "orders(filter: {externalId: \"1001\"}) { nodes { id shippingAddress { city } } }",
        "shippingAddress",
        &[Commerce, Support],
        ALL,
    ),
    (
        "inventory { nodes { id value { amountMinor } } }",
        "value",
        MONEY,
        STAFF,
    ),
    (
        "inventory { nodes { id averageCost } }",
        "averageCost",
        MONEY,
        STAFF,
    ),
    (
        "customers { nodes { id personalData { name } } }",
        "personalData",
        &[Commerce, Support],
        STAFF,
    ),
    (
        "subscriptions { nodes { id mrr { amountMinor } } }",
        "mrr",
        MONEY,
        STAFF,
    ),
    (
        "tenant { id: slug config { feeSchedule { provider } } }",
        "feeSchedule",
        MONEY,
        ALL,
    ),
];

async fn stage(db: &TestDb) -> (Server, Ids, Schema) {
    tenants(db, &["north"]).await;
    let server = Server::start(db).await;
    let boss = server.boss("north");
    let ids = story(&boss, "northern").await;
    let schema = Schema::of(&boss).await;
    (server, ids, schema)
}

fn open_to(field: &Field<'_>) -> &'static [Role] {
    let entry = ROOTS.iter().find(|(name, _)| *name == field.name);
    entry
        .unwrap_or_else(|| panic!("say who may use {}", field.name))
        .1
}

/// A token of a role; a partner's has all channels.
fn token(role: Role) -> String {
    super::server::token(
        "north",
        role,
        if role == Partner {
            &["web", "till"]
        } else {
            &[]
        },
    )
}

/// Whether an answer is the refusal of a field, and of nothing else.
fn forbidden(answer: &Json, field: &str) -> bool {
    let errors = answer["errors"].as_array().cloned().unwrap_or_default();
    let is = |error: &Json| error["extensions"]["code"] == "FORBIDDEN";
    let refused = errors.iter().any(is);
    if refused {
        let last = |error: &Json| {
            error["path"]
                .as_array()
                .and_then(|path| path.last().cloned())
        };
        assert!(
            errors
                .iter()
                .all(|error| is(error) && last(error) == Some(json!(field))),
            "{field}: {answer:#}"
        );
    }
    refused
}

/// Whether a document is refused because the caller's contract has no such field: before anything
/// runs, and in the words that a field has that nobody ever heard of.
fn unknown(answer: &Json, field: &str) -> bool {
    let errors = answer["errors"].as_array().cloned().unwrap_or_default();
    let is = |error: &Json| error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED";
    let refused = errors.iter().any(is);
    if refused {
        assert!(
            answer["data"].is_null() && errors.iter().all(is),
            "{answer:#}"
        );
        let words = format!("does not have a field `{field}`");
        let says = |error: &Json| {
            let message = error["message"].as_str().unwrap_or_default();
            // To whom nothing is open of a kind of operation, the kind itself is unknown.
            message.contains(&words) || message.ends_with("root operation type is not defined")
        };
        assert!(errors.iter().any(says), "{field}: {answer:#}");
    }
    refused
}

/// Every value that stands under a name, however deep.
fn values<'j>(json: &'j Json, name: &str, found: &mut Vec<&'j Json>) {
    match json {
        Json::Object(fields) => {
            for (field, value) in fields {
                if field == name {
                    found.push(value);
                }
                values(value, name, found);
            }
        }
        Json::Array(items) => items.iter().for_each(|item| values(item, name, found)),
        _ => {}
    }
}

both! {
    async fn each_field_at_the_root_is_open_to_its_roles_and_closed_to_the_others(db: TestDb) {
        let (server, _, schema) = stage(&db).await;
        let before = head(&db, "north").await;
        let mut known = 0;
        let mut contracts = HashMap::new();
        for role in Role::ALL {
            contracts.insert(role, Schema::of(&server.bearer(&token(role))).await);
        }
        for (root, operation) in [("Query", "query"), ("Mutation", "mutation")] {
            let fields = schema.roots(root);
            known += fields.len();
            // First whoever may not: nothing happens. Then whoever may: something may.
            for allowed in [false, true] {
                for field in &fields {
                    for role in Role::ALL.into_iter().filter(|role| open_to(field).contains(role) == allowed) {
                        let own = contracts[&role].roots(root).into_iter().find(|own| own.name == field.name);
                        let (schema, asked) = match &own {
                            Some(own) => (&contracts[&role], own),
                            None => (&schema, field),
                        };
                        let (document, arguments) = (schema.document(operation, asked, 0), schema.sample(asked));
                        let answer = server.bearer(&token(role)).answer(&document, arguments.clone()).await;
                        // A tenant's operator knows the command that only the platform's may give.
                        let refused = if field.name == "tenantCreate" && role == Operator {
                            forbidden(&answer, field.name)
                        } else {
                            unknown(&answer, field.name)
                        };
                        assert_eq!(refused, !allowed, "{} {role}: {answer:#}", field.name);
                    }
                }
                assert!(allowed || head(&db, "north").await == before);
            }
        }
        for field in schema.roots("Subscription") {
            known += 1;
            let document = schema.document("subscription", &field, 0);
            for role in Role::ALL {
                let follower = server.bearer(&token(role));
                let mut stream = follower.follow(&document, json!({ "position": "0" })).await.unwrap();
                let answer = stream.next().await.unwrap().unwrap().payload;
                assert_eq!(unknown(&answer, field.name), !open_to(&field).contains(&role), "{} {role}: {answer:#}", field.name);
            }
        }
        assert_eq!(known, ROOTS.len(), "the table has fields that the schema has not");
        let west = json!({ "slug": "west", "name": "West", "baseCurrency": "USD", "timeZone": "UTC" });
        for (role, may) in [(Operator, true), (Commerce, false)] {
            let platform = server.bearer(&platform_token(role)).with("entrepot-tenant", "west");
            let (query, variables) = mutation("tenantCreate", &west, "");
            let answer = platform.answer(&query, variables).await;
            assert_eq!(unknown(&answer, "tenantCreate"), !may, "{answer:#}");
        }
    }

    async fn what_a_role_must_not_see_is_unknown_to_it(db: TestDb) {
        let (server, _, _) = stage(&db).await;
        for (query, field, seers, readers) in INSIDE {
            for role in readers.iter().copied() {
                let answer = server.bearer(&token(role)).answer(&format!("{{ {query} }}"), json!({})).await;
                let (mut found, mut ids) = (Vec::new(), Vec::new());
                values(&answer["data"], field, &mut found);
                values(&answer["data"], "id", &mut ids);
                let sees = seers.contains(&role);
                assert_eq!(unknown(&answer, field), !sees, "{field} {role}: {answer:#}");
                assert_eq!(found.iter().any(|value| !value.is_null()), sees, "{field} {role}: {answer:#}");
                assert!(ids.is_empty() != sees && ids.iter().all(|id| id.is_string()), "{field} {role}: {answer:#}");
            }
        }
        // By whatever name and from whatever fragment it is asked for; nothing of the rest runs.
        for hidden in ["closed: margins { totalCount }", "...more", "... on Query { margins { totalCount } }"] {
            let query = format!("{{ tenant {{ slug }} {hidden} }} fragment more on Query {{ margins {{ totalCount }} }}");
            let query = if hidden == "...more" { query } else { query.split(" fragment").next().unwrap().to_owned() };
            let answer = server.bearer(&token(Support)).answer(&query, json!({})).await;
            assert!(unknown(&answer, "margins"), "{answer:#}");
        }
        // Of what is not in its contract, nobody hears by asking for the schema either.
        let query = "{ __schema { types { name } } __type(name: \"MarginLine\") { name } tenant { slug } }";
        for (role, sees) in [(Support, false), (Finance, true)] {
            let answer = server.bearer(&token(role)).answer(query, json!({})).await;
            assert_eq!(answer["data"]["__schema"].to_string().contains("Margin"), sees, "{role}");
            assert_eq!(answer["data"]["__type"].is_null(), !sees, "{role}");
            assert_eq!(answer["data"]["tenant"]["slug"], "north");
            let keys: Vec<&String> = answer["data"].as_object().unwrap().keys().collect();
            assert_eq!(keys.len(), 3, "{keys:?}");
        }
    }

    async fn an_object_found_by_its_id_is_guarded_as_by_its_own_query(db: TestDb) {
        let (server, ids, _) = stage(&db).await;
        let query = "query($id: ID!) { node(id: $id) { id } nodes(ids: [$id]) { id } tenant { slug } }";
        for (kind, readers) in [("Order", ALL), ("Customer", STAFF), ("Subscription", STAFF)] {
            for role in Role::ALL {
                let answer = server.bearer(&token(role)).answer(query, json!({ "id": ids[kind] })).await;
                let found = if readers.contains(&role) { json!({ "id": ids[kind] }) } else { Json::Null };
                let data = json!({ "node": found, "nodes": [found], "tenant": { "slug": "north" } });
                assert_eq!(answer["data"], data, "{kind} {role}: {answer:#}");
                assert_eq!(answer["errors"].as_array().map_or(0, Vec::len), if found.is_null() { 2 } else { 0 });
            }
        }
        // Who may not see e-mail addresses must not find people by them either.
        let query = "{ customers(filter: { email: \"pat@example.org\" }) { totalCount } }";
        for (role, may) in [(Commerce, true), (Support, true), (Finance, false), (Operator, false)] {
            let answer = server.bearer(&token(role)).answer(query, json!({})).await;
            assert_eq!(forbidden(&answer, "customers"), !may, "{role}: {answer:#}");
        }
    }

    async fn nobody_gets_nothing(db: TestDb) {
        let (server, ..) = stage(&db).await;
        let before = head(&db, "north").await;
        let (query, variables) = mutation("orderPlace", &super::shopfront::order_of("A", 1), "");
        let forged = token(Operator).replace('.', ".e30.");
        let mut tampered = token(Operator);
        tampered.replace_range(tampered.len() - 3.., "AAA");
        for client in [
            server.nobody(),
            server.bearer("a.b.c"),
            server.bearer(&forged),
            server.bearer(&tampered),
            server.nobody().with("authorization", "Basic dGVzdA=="),
            server.nobody().with("x-forwarded-user", "operator"),
        ] {
            let answer = client.post(&query, variables.clone()).await.unwrap();
            assert_eq!((answer.status, &answer.json()["errors"][0]["extensions"]["code"]), (401, &json!("UNAUTHENTICATED")));
            assert!(answer.header("www-authenticate").is_some_and(|challenge| challenge.starts_with("Bearer")));
            assert!(answer.json().get("data").is_none());
        }
        assert_eq!(head(&db, "north").await, before);
    }
}
