//! Importing a file of orders, as `entrepot import` does it, beside COPY of the same lines.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use sea_orm::sqlx::postgres::PgPoolCopyExt as _;
use sea_orm::{ConnectionTrait as _, DbBackend};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::figure::{Series, Setting, rate, ratio};
use super::ground::{Ground, close};
use super::{BenchArgs, Result, retailer};
use crate::import::progress::Silent;
use crate::import::{self, Format, ImportRequest, Kind, OnRefusal};

/// What each order has a line of, and its price in minor units.
const ITEMS: [(&str, usize); 3] = [("A", 2_499), ("B", 1_500), ("C", 2_500)];
/// Bytes that are sent to COPY at once.
const COPY_CHUNK: usize = 64 * 1024;

pub(super) async fn measure(ground: &Ground, args: &BenchArgs, series: &mut Series) -> Result<()> {
    let app = ground.open().await?;
    let path = ground.folder().join("orders.ndjson");
    write(&path, args.orders)?;
    // A tenant for each round: what is there already would be passed over.
    for round in 0..args.rounds {
        let slug = format!("bench-{round}");
        let tenant = retailer::open_shop(&app.store, &slug).await?;
        let request = ImportRequest {
            kind: Kind::Orders,
            format: Some(Format::Ndjson),
            path: path.clone(),
            channel: "web".to_owned(),
            source: "bench".to_owned(),
            on_refusal: OnRefusal::Stop,
        };
        let started = Instant::now();
        let stop = CancellationToken::new();
        let report = import::run(&app.store, tenant, request, &Silent, &stop).await?;
        let elapsed = started.elapsed();
        if report.accepted != u64::try_from(args.orders)? {
            return Err(report.to_string().into());
        }
        series.add(
            "orders",
            "1/s",
            Setting::default(),
            rate(args.orders, elapsed),
        );
        let lines = args.orders * ITEMS.len();
        let imported = rate(lines, elapsed);
        series.add("lines", "1/s", Setting::default(), imported);
        if ground.beside().get_database_backend() == DbBackend::Postgres {
            let copied = rate(lines, copy(ground, args.orders).await?);
            series.add("copied", "1/s", Setting::default(), copied);
            let ratio = ratio(imported, copied);
            series.add("ratio_to_copy", "", Setting::default(), ratio);
        }
    }
    close(&app.store).await;
    Ok(())
}

/// How long COPY takes to write the same lines into one table without an index.
async fn copy(ground: &Ground, orders: usize) -> Result<Duration> {
    let beside = ground.beside();
    let make = "DROP TABLE IF EXISTS copied_line; CREATE TABLE copied_line (order_id text, \
                placed_at timestamptz, currency text, sku text, quantity bigint, gross_minor bigint)";
    beside.execute_unprepared(make).await?;
    let pool = beside.get_postgres_connection_pool();
    let started = Instant::now();
    let mut into = pool.copy_in_raw("COPY copied_line FROM STDIN").await?;
    let mut text = String::new();
    for number in 0..orders {
        let quantity = quantity(number);
        for (sku, price) in ITEMS {
            let (placed_at, gross) = (placed_at(number), price * quantity);
            writeln!(
                text,
                "{number}\t{placed_at}\tUSD\t{sku}\t{quantity}\t{gross}"
            )?;
        }
        if text.len() > COPY_CHUNK {
            into.send(std::mem::take(&mut text).into_bytes()).await?;
        }
    }
    into.send(text.into_bytes()).await?;
    into.finish().await?;
    Ok(started.elapsed())
}

fn quantity(number: usize) -> usize {
    number % 5 + 1
}

fn placed_at(number: usize) -> String {
    format!("2026-03-{:02}T{:02}:00:00Z", number % 28 + 1, number % 24)
}

/// The same orders each time: shipped and paid, of three lines.
fn write(path: &Path, orders: usize) -> Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    for number in 0..orders {
        let quantity = quantity(number);
        let line = |(sku, price)| json!({ "sku": sku, "quantity": quantity, "gross_minor": price * quantity });
        let paid: usize = ITEMS.iter().map(|(_, price)| price * quantity).sum();
        let order = json!({
            "id": number.to_string(),
            "placed_at": placed_at(number),
            "currency": "USD",
            "lines": ITEMS.map(line),
            "total_minor": paid,
            "payments": [{ "provider": "card", "amount_minor": paid }],
            "shipped": true,
        });
        writeln!(file, "{order}")?;
    }
    Ok(file.flush()?)
}
