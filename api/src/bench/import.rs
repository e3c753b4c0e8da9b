//! Importing a file of orders, as `entrepot import` does it.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::time::Instant;

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::figure::{Series, Setting, rate};
use super::ground::{Ground, close};
use super::{BenchArgs, Result, retailer};
use crate::import::progress::Silent;
use crate::import::{self, Format, ImportRequest, Kind, OnRefusal};

/// Lines of each order.
const LINES_EACH: usize = 3;

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
        let lines = args.orders * LINES_EACH;
        series.add("lines", "1/s", Setting::default(), rate(lines, elapsed));
    }
    close(&app.store).await;
    Ok(())
}

/// The same orders each time: shipped and paid, of three lines.
fn write(path: &Path, orders: usize) -> Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    for number in 0..orders {
        let quantity = number % 5 + 1;
        let line = |sku: &str, price: usize| json!({ "sku": sku, "quantity": quantity, "gross_minor": price * quantity });
        let paid = 6_499 * quantity;
        let order = json!({
            "id": number.to_string(),
            "placed_at": format!("2026-03-{:02}T{:02}:00:00Z", number % 28 + 1, number % 24),
            "currency": "USD",
            "lines": [line("A", 2_499), line("B", 1_500), line("C", 2_500)],
            "total_minor": paid,
            "payments": [{ "provider": "card", "amount_minor": paid }],
            "shipped": true,
        });
        writeln!(file, "{order}")?;
    }
    Ok(file.flush()?)
}
