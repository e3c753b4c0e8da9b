//! Views as files: who sees what, exact, at one position, however they are asked for.

mod asked;
mod bounds;
mod exact;
mod files;
mod seen;

use entrepot_api::auth::Role;
use entrepot_tests::TestDb;
use sea_orm::ConnectionTrait as _;

use self::files::{Table, csv};
use super::client::{Answer, Client};
use super::server::{Server, token, until};
use super::shopfront::{head, story, tenants};
use Role::{Commerce, Finance, Operator, Partner, Support};

const STAFF: &[Role] = &[Commerce, Finance, Support, Operator];
const SALES: &[Role] = &[Commerce, Finance, Support, Operator, Partner];
const MONEY: &[Role] = &[Finance, Operator];

/// The roles that see each view, and the column by whose day it is filtered.
const VIEWS: &[(&str, &[Role], Option<&str>)] = &[
    ("orders", SALES, Some("placed_on")),
    ("order_lines", SALES, Some("placed_on")),
    ("order_costs", MONEY, Some("placed_on")),
    ("payments", STAFF, Some("created_on")),
    ("payment_costs", MONEY, Some("captured_on")),
    ("shipments", STAFF, Some("dispatched_on")),
    ("shipment_costs", MONEY, Some("dispatched_on")),
    ("products", STAFF, None),
    ("inventory_positions", STAFF, None),
    ("inventory_values", MONEY, None),
    ("line_margins", MONEY, Some("booked_on")),
    ("daily_margins", MONEY, Some("day")),
    ("customers", STAFF, Some("registered_on")),
    ("subscriptions", STAFF, Some("created_on")),
    ("recurring_revenue", MONEY, None),
    ("mrr_movements", MONEY, Some("moved_on")),
    ("freshness", STAFF, None),
];

/// Rows of a large table.
const MANY: usize = 60_000;
/// Rows of a chunk, as the program reads them.
const CHUNK: usize = 2_048;

async fn stage(db: &TestDb) -> Server {
    tenants(db, &["north"]).await;
    let server = Server::start(db).await;
    story(&server.boss("north"), "northern").await;
    settled(db, &server.client("north", Operator), "north").await;
    server
}

/// Waits until every view has read all of the log.
async fn settled(db: &TestDb, reader: &Client, slug: &str) {
    until("the views have read the log", async || {
        let answer = reader.get("/bi/freshness.csv").await.unwrap();
        let end = head(db, slug).await.to_string();
        let table = csv(&answer.body);
        table.rows.len() == VIEWS.len() - 1 && table.column("position").iter().all(|at| **at == end)
    })
    .await;
}

fn token_of(role: Role) -> String {
    let channels: &[&str] = if role == Partner { &["till"] } else { &[] };
    token("north", role, channels)
}

async fn file(reader: &Client, path: &str) -> Table {
    let answer = reader.get(path).await.unwrap();
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    csv(&answer.body)
}

/// The code and the field of a refusal.
fn refusal(answer: &Answer) -> (u16, String, Option<String>) {
    let error = &answer.json()["errors"][0]["extensions"];
    let text = |name: &str| error[name].as_str().map(str::to_owned);
    assert!(error["retryable"].is_boolean(), "{}", answer.text());
    (answer.status, text("code").unwrap(), text("field"))
}

/// Gives a tenant many order lines, as if they had been folded.
async fn many_lines(db: &TestDb) {
    let ids = if db.on_postgres() {
        ("gen_random_uuid()", "generate_series(1, 60000) AS n")
    } else {
        (
            "randomblob(16)",
            "(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 60000) SELECT n FROM c)",
        )
    };
    let sql = format!(
        "INSERT INTO rm_bi_order_lines SELECT tenant.tenant_id, {}, 1, 'SKU-' || n, 'web', NULL, 'USD', 1772357400000000, '2026-03-01', 1, 0, 0, n, n, 0, n, 0, 0, 0, 1772357400000000, 1 FROM tenant, {} WHERE tenant.slug = 'north'",
        ids.0, ids.1
    );
    let connection = db.sql().await;
    connection.execute_unprepared(&sql).await.unwrap();
    connection.close().await.unwrap();
}

/// Rows between the database and the clients, as the server counts them.
async fn in_flight(reader: &Client) -> usize {
    let metrics = reader.get("/metrics").await.unwrap().text();
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix("entrepot_export_rows_in_flight "));
    line.map_or(0, |count| count.trim().parse().unwrap())
}

/// A value as part of a query string.
fn escaped(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => {
            char::from(byte).to_string()
        }
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}
