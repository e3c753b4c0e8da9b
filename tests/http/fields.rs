//! Every field of the schema for every role, against a table that is written by hand and knows
//! nothing of the program's own: what is closed is unknown, in the words and at the place of a field
//! that does not exist; what is open answers.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};

use entrepot_api::auth::Role;
use entrepot_tests::TestDb;
use serde_json::{Value as Json, json};

use super::client::Client;
use super::schema::Schema;
use super::server::{Server, token};
use super::shopfront::{story, tenants};
use Role::{Commerce, Finance, Operator, Partner, Support};

type Seers = &'static [Role];

const ALL: Seers = &Role::ALL;
const STAFF: Seers = &[Commerce, Finance, Support, Operator];
const MONEY: Seers = &[Finance, Operator];
const PEOPLE: Seers = &[Commerce, Support];
const SALES: Seers = &[Commerce, Support, Operator];
const GOODS: Seers = &[Commerce, Operator];
const PAYMENTS: Seers = &[Commerce, Finance, Operator];
const BOSS: Seers = &[Operator];

/// A type, who sees its fields, and the fields that only others see.
type Entry = (&'static str, Seers, &'static [(&'static str, Seers)]);

const TABLE: &[Entry] = &[
    (
        "Query",
        ALL,
        &[
            (
                "customer customers inventory stockPosition subscription subscriptions",
                STAFF,
            ),
            ("margins marginSums mrrMovements mrrSums", MONEY),
        ],
    ),
    (
        "Mutation",
        SALES,
        &[
            (
                "accessRevoke tenantConfigure tenantCreate tenantRelease tenantSuspend",
                BOSS,
            ),
            ("customerErase", &[Support, Operator]),
            ("paymentRefund", &[Finance, Support, Operator]),
            (
                "paymentAssessFee paymentAuthorize paymentCapture paymentRecordExternal \
                 paymentReportUnknown paymentResolveUnknown paymentVoid",
                PAYMENTS,
            ),
            (
                "priceSet shipmentDeliver shipmentDispatch skuCreate skuDiscontinue stockAdjust \
                 stockIssue stockReceive stockRelease stockReserve stockTransfer",
                GOODS,
            ),
        ],
    ),
    (
        "Subscription",
        STAFF,
        &[("orderChanged", ALL), ("marginChanged", MONEY)],
    ),
    ("Node", ALL, &[]),
    ("Money", ALL, &[]),
    ("PageInfo", ALL, &[]),
    ("UserError", ALL, &[]),
    (
        "Order",
        ALL,
        &[
            ("customer", STAFF),
            ("margins", MONEY),
            ("shippingAddress", PEOPLE),
        ],
    ),
    ("OrderChange", ALL, &[]),
    ("OrderConnection", ALL, &[]),
    ("OrderEdge", ALL, &[]),
    ("OrderLine", ALL, &[]),
    ("OrderPayload", ALL, &[]),
    ("OrderShipping", ALL, &[]),
    ("OrderSums", ALL, &[]),
    ("OrderTotals", ALL, &[]),
    ("CodeSum", ALL, &[]),
    ("LineDiscount", ALL, &[]),
    ("LineReservation", ALL, &[]),
    ("LineTax", ALL, &[]),
    ("Payment", ALL, &[("fee feeEstimated", MONEY)]),
    ("PaymentPayload", ALL, &[]),
    ("Shipment", ALL, &[("labelCost", MONEY)]),
    ("ShipmentLine", ALL, &[]),
    ("ShipmentPayload", ALL, &[]),
    ("Product", ALL, &[]),
    ("ProductConnection", ALL, &[]),
    ("ProductEdge", ALL, &[]),
    ("ProductPayload", ALL, &[]),
    ("Tenant", ALL, &[]),
    ("TenantConfig", ALL, &[("feeSchedule", MONEY)]),
    ("TenantPayload", ALL, &[]),
    ("Channel", ALL, &[]),
    ("TaxClass", ALL, &[]),
    ("TaxRate", ALL, &[]),
    ("ProviderFee", MONEY, &[]),
    ("Address", PEOPLE, &[]),
    ("PersonalData", PEOPLE, &[]),
    (
        "Customer",
        STAFF,
        &[("orders", ALL), ("personalData", PEOPLE)],
    ),
    ("CustomerConnection", STAFF, &[]),
    ("CustomerEdge", STAFF, &[]),
    ("CustomerPayload", ALL, &[("customer", STAFF)]),
    (
        "StockPosition",
        STAFF,
        &[("product", ALL), ("averageCost value", MONEY)],
    ),
    ("StockPositionConnection", STAFF, &[]),
    ("StockPositionEdge", STAFF, &[]),
    ("StockChange", STAFF, &[]),
    (
        "StockPayload",
        ALL,
        &[("reservationId stockPositions", STAFF)],
    ),
    (
        "SubscriptionContract",
        STAFF,
        &[("lastOrder", ALL), ("mrr", MONEY)],
    ),
    ("SubscriptionContractConnection", STAFF, &[]),
    ("SubscriptionContractEdge", STAFF, &[]),
    ("SubscriptionChange", STAFF, &[]),
    ("SubscriptionFailure", STAFF, &[]),
    ("SubscriptionInterval", STAFF, &[]),
    ("SubscriptionItem", STAFF, &[("product", ALL)]),
    (
        "SubscriptionPayload",
        ALL,
        &[("orderId subscription", STAFF)],
    ),
    ("MarginLine", MONEY, &[("order product", ALL)]),
    ("MarginLineConnection", MONEY, &[]),
    ("MarginLineEdge", MONEY, &[]),
    ("MarginSums", MONEY, &[]),
    ("MarginChange", MONEY, &[]),
    ("MrrKindSum", MONEY, &[]),
    ("MrrMovement", MONEY, &[("subscription", STAFF)]),
    ("MrrMovementConnection", MONEY, &[]),
    ("MrrMovementEdge", MONEY, &[]),
    ("MrrSums", MONEY, &[]),
];

/// A field of a type.
type Coordinate = (String, String);

/// Who sees a field, by the table.
fn seers(of: &str, field: &str) -> Seers {
    let entry = TABLE.iter().find(|(known, ..)| *known == of);
    let (_, most, others) = entry.unwrap_or_else(|| panic!("say who sees fields of {of}"));
    let named = |names: &str| names.split_ascii_whitespace().any(|name| name == field);
    let other = others.iter().find(|(names, _)| named(names));
    other.map_or(*most, |(_, seers)| seers)
}

fn sees(role: Role, (of, field): &Coordinate) -> bool {
    seers(of, field).contains(&role)
}

/// The shortest way from a root to each field, over fields that pass.
fn ways(
    schema: &Schema,
    passes: impl Fn(&Coordinate) -> bool,
) -> BTreeMap<Coordinate, Vec<Coordinate>> {
    let (mut ways, mut been) = (BTreeMap::new(), HashSet::new());
    let mut next: VecDeque<(String, Vec<Coordinate>)> = ["Query", "Subscription", "Mutation"]
        .into_iter()
        .map(|root| (root.to_owned(), Vec::new()))
        .collect();
    while let Some((of, way)) = next.pop_front() {
        if !been.insert(of.clone()) {
            continue;
        }
        for (field, leads) in schema.fields(&of) {
            let coordinate = (of.clone(), field);
            let way = [way.clone(), vec![coordinate.clone()]].concat();
            if passes(&coordinate) {
                // Objects are known by their ids: without its id, a type is no node.
                let enters = |of: &String| {
                    let id = (of.clone(), "id".to_owned());
                    schema.fields(of).iter().all(|(field, _)| *field != id.1) || passes(&id)
                };
                let leads = leads.into_iter().filter(enters);
                next.extend(leads.map(|leads| (leads, way.clone())));
            }
            ways.entry(coordinate).or_insert(way);
        }
    }
    ways
}

/// A document that goes a way; `renamed` is the place of a field that goes by another name.
fn document(schema: &Schema, way: &[Coordinate], renamed: Option<usize>) -> (String, Json) {
    let (root, rest) = way.split_first().expect("a way has a root");
    let fields = schema.roots(&root.0);
    let field = fields
        .iter()
        .find(|field| field.name == root.1)
        .expect("a field");
    let name = |place: usize, name: &str| {
        if renamed == Some(place) {
            nonsense(name)
        } else {
            name.to_owned()
        }
    };
    let mut inside = String::new();
    let last = way.last().expect("a way has an end");
    if schema.is_object(&last.0, &last.1) {
        inside.push_str("{ __typename }");
    }
    for (place, (of, field)) in rest.iter().enumerate().rev() {
        // A fragment is the way into an interface's objects.
        inside = format!(
            "{{ ... on {of} {{ {} {inside} }} }}",
            name(place + 1, field)
        );
    }
    let operation = root.0.to_lowercase();
    let mutates = operation == "mutation";
    // Commands are asked about and not given.
    let (skip, declared) = if mutates {
        ("@skip(if: $skip)", "$skip: Boolean! ")
    } else {
        ("", "")
    };
    let head = Schema::called(field, &name(0, &root.1), declared);
    let mut variables = schema.sample(field);
    if mutates {
        variables["skip"] = json!(true);
    }
    (
        format!("{operation}{} {{ {} {skip} {inside} }}", head.0, head.1),
        variables,
    )
}

/// A name as long as another that nothing has.
fn nonsense(name: &str) -> String {
    "q".repeat(name.len())
}

/// The body of the answer, whatever carries it.
async fn body(client: &Client, of: &str, query: &str, variables: Json) -> String {
    if of == "Subscription" {
        let mut variables = variables;
        variables["position"] = json!("0");
        let mut stream = client.follow(query, variables).await.unwrap();
        return stream.next().await.unwrap().unwrap().payload.to_string();
    }
    client.post(query, variables).await.unwrap().text()
}

/// Asks for a closed field. It is unknown, and nobody can tell it from one that does not exist.
async fn is_unknown(schema: &Schema, client: &Client, way: &[Coordinate], closed: usize) {
    let (of, field) = &way[closed];
    let (query, variables) = document(schema, way, None);
    let answer = body(client, &way[0].0, &query, variables.clone()).await;
    let json: Json = serde_json::from_str(&answer).unwrap();
    let code = &json["errors"][0]["extensions"]["code"];
    assert_eq!(code, "GRAPHQL_VALIDATION_FAILED", "{query}: {answer}");
    assert!(json.get("data").is_none(), "{query}: {answer}");
    let (other, variables) = document(schema, way, Some(closed));
    let nobodys = body(client, &way[0].0, &other, variables).await;
    assert_eq!(
        answer.replace(field, &nonsense(field)),
        nobodys.replace(field, &nonsense(field)),
        "{of}.{field}"
    );
}

/// Asks for an open field.
async fn answers(schema: &Schema, client: &Client, way: &[Coordinate]) {
    let (query, variables) = document(schema, way, None);
    let answer = body(client, &way[0].0, &query, variables).await;
    let json: Json = serde_json::from_str(&answer).unwrap();
    assert!(
        json.get("errors").is_none() && json["data"].is_object(),
        "{query}: {answer}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_field_is_open_to_its_roles_and_unknown_to_the_others() {
    let db = TestDb::sqlite().await;
    tenants(&db, &["north"]).await;
    let server = Server::start(&db).await;
    let boss = server.boss("north");
    story(&boss, "northern").await;
    let schema = Schema::of(&boss).await;
    let all = ways(&schema, |_| true);
    let named: BTreeSet<&str> = TABLE.iter().map(|(of, ..)| *of).collect();
    let known: BTreeSet<&str> = all.keys().map(|(of, _)| of.as_str()).collect();
    assert_eq!(named, known, "the table and the schema have the same types");
    let (mut open, mut closed) = (0, 0);
    for role in Role::ALL {
        let channels: &[&str] = if role == Partner {
            &["web", "till"]
        } else {
            &[]
        };
        let client = server.bearer(&token("north", role, channels));
        let own = ways(&schema, |coordinate| sees(role, coordinate));
        for (coordinate, shortest) in &all {
            // Over what the role sees, if there is such a way: then this field alone is in question.
            let (way, blind) = own
                .get(coordinate)
                .map_or((shortest, true), |way| (way, false));
            let closed_step = way.iter().position(|step| !sees(role, step));
            // Without such a way it is unknown, be it for its type alone.
            match closed_step.or_else(|| blind.then(|| way.len() - 1)) {
                None => {
                    answers(&schema, &client, way).await;
                    open += 1;
                }
                Some(place) => {
                    is_unknown(&schema, &client, way, place).await;
                    closed += 1;
                }
            }
        }
    }
    let figures = json!({
        "suite": "fields", "fields": all.len(), "roles": Role::ALL.len(), "tried": open + closed,
        "open": open, "closed": closed, "wrong": 0,
    });
    super::figures::say(&figures);
}
