//! Commands that are one event each, decided and appended by a log in this process: versions,
//! idempotency keys and positions, and neither HTTP nor read models.

#![expect(clippy::float_arithmetic, reason = "figures, not money")]

use std::time::{Duration, Instant};

use entrepot_domain::catalog::CreateSku;
use entrepot_domain::kernel::{Sku, TenantId};
use entrepot_event_store::{IdempotencyKey, Store, clock};
use tokio::task::JoinSet;

use super::figure::{Series, Setting, micros_each, millis, number, percentile, rate};
use super::ground::{Ground, close};
use super::retailer::{self, slug};
use super::usage::Usage;
use super::{BenchArgs, Result};

/// Before appends are counted.
const WARM_UP: Duration = Duration::from_millis(500);
/// Characters of the item's title: the event has about as many bytes as those of the peers.
const TITLE: usize = 100;

pub(super) async fn measure(ground: &Ground, args: &BenchArgs, series: &mut Series) -> Result<()> {
    let tenants = args.tenants.iter().copied().max().unwrap_or(1);
    retailer::prepare(ground, tenants).await?;
    let app = ground.open().await?;
    let mut all = Vec::with_capacity(tenants);
    for number in 0..tenants {
        all.push(app.store.provision(&slug(number)).await?);
    }
    for _ in 0..args.rounds {
        for &clients in &args.clients {
            let mut peers = Vec::with_capacity(args.peers.len());
            for peer in &args.peers {
                let reached = peer.measure(ground, (clients, args.window()), &[], series);
                peers.push((peer, reached.await?));
            }
            for &tenants in &args.tenants {
                let load = (clients, &all[..tenants], args.window());
                let reached = one(ground, &app.store, load, series).await?;
                for (peer, theirs) in &peers {
                    peer.compare(series, (clients, tenants), reached, *theirs);
                }
            }
        }
    }
    close(&app.store).await;
    Ok(())
}

/// One measurement: appends a second, and how many milliseconds half of them took at most.
async fn one(
    ground: &Ground,
    store: &Store,
    (clients, tenants, window): (usize, &[TenantId], Duration),
    series: &mut Series,
) -> Result<(f64, f64)> {
    let before = Usage::now(ground, None).await?;
    let start = Instant::now() + WARM_UP;
    let mut appending = JoinSet::new();
    for number in 0..clients {
        let (store, tenant) = (store.clone(), tenants[number % tenants.len()]);
        appending.spawn(append(store, tenant, start, start + window));
    }
    let (mut latencies, mut all) = (Vec::new(), 0);
    while let Some(outcome) = appending.join_next().await {
        let (mut within, appended) = outcome??;
        latencies.append(&mut within);
        all += appended;
    }
    let used = Usage::now(ground, None).await?.since(&before);
    let setting = Setting::of_load(clients, tenants.len());
    let mut add = |figure, unit, value| series.add(figure, unit, setting, value);
    let reached = rate(latencies.len(), window);
    let p50 = millis(percentile(&mut latencies, 50));
    add("appended", "1/s", reached);
    add("latency_p50", "ms", p50);
    add("latency_p99", "ms", millis(percentile(&mut latencies, 99)));
    add("cpu", "us", micros_each(used.client, all));
    if let Some(database) = used.database {
        add("cpu_database", "us", micros_each(database, all));
    }
    if let Some(written) = used.written {
        add("wal", "B", number(written) / number(all));
    }
    Ok((reached, p50))
}

/// Appends until the end: what took how long within the time, and how many there were in all.
async fn append(
    store: Store,
    tenant: TenantId,
    start: Instant,
    end: Instant,
) -> Result<(Vec<Duration>, usize)> {
    let (mut latencies, mut appended) = (Vec::new(), 0);
    loop {
        let name = clock::fresh_id().simple().to_string();
        let item = CreateSku {
            title: format!("{name:x<TITLE$}"),
            sku: Sku::from(name.as_str()),
            tax_class: "standard".to_owned(),
            tracked: false,
            category: None,
        };
        let key = IdempotencyKey {
            client: "bench".to_owned(),
            key: name,
            permanent: false,
        };
        let sent = Instant::now();
        if sent >= end {
            return Ok((latencies, appended));
        }
        store
            .submit(retailer::submission(tenant, item).keyed(key))
            .await?;
        let answered = Instant::now();
        appended += 1;
        if (start..end).contains(&answered) {
            latencies.push(answered.duration_since(sent));
        }
    }
}
