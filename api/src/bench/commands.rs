//! Acknowledged durable commands a second through HTTP.

#![expect(clippy::float_arithmetic, reason = "figures, not money")]

use super::figure::{Series, Setting, micros_each, millis, number, percentile, rate};
use super::ground::Ground;
use super::load::Load;
use super::retailer;
use super::server::Server;
use super::usage::Usage;
use super::{BenchArgs, Result};

pub(super) async fn measure(ground: &Ground, args: &BenchArgs, series: &mut Series) -> Result<()> {
    let tenants = args.tenants.iter().copied().max().unwrap_or(1);
    retailer::prepare(ground, tenants).await?;
    let server = Server::start(ground).await?;
    for _ in 0..args.rounds {
        for &clients in &args.clients {
            ground.caught_up().await?;
            let mut peers = Vec::with_capacity(args.peers.len());
            for peer in &args.peers {
                let reached = peer.measure(ground, (clients, args.window()), &[], series);
                peers.push((peer, reached.await?));
            }
            for &tenants in &args.tenants {
                let load = Load {
                    clients,
                    tenants,
                    window: args.window(),
                };
                let setting = Setting::of_load(load.clients, load.tenants);
                let reached = one(ground, &server, load, setting, series).await?;
                for (peer, theirs) in &peers {
                    peer.compare(series, (clients, tenants), reached, *theirs);
                }
            }
        }
    }
    server.stop().await
}

/// One measurement: commands a second, and how many milliseconds half of them took at most. CPU is
/// all that was used until the read models had followed.
pub(super) async fn one(
    ground: &Ground,
    server: &Server,
    load: Load,
    setting: Setting<'_>,
    series: &mut Series,
) -> Result<(f64, f64)> {
    let before = Usage::now(ground, Some(server.pid())).await?;
    let mut outcome = load.run(ground, server).await?;
    let behind = ground.caught_up().await?;
    let used = Usage::now(ground, Some(server.pid())).await?.since(&before);

    let mut add = |figure, unit, value| series.add(figure, unit, setting, value);
    let (latencies, all) = (&mut outcome.latencies, outcome.acknowledged);
    let reached = rate(latencies.len(), load.window);
    let p50 = millis(percentile(latencies, 50));
    add("acknowledged", "1/s", reached);
    add("not_acknowledged", "", number(outcome.refused));
    add("latency_p50", "ms", p50);
    add("latency_p99", "ms", millis(percentile(latencies, 99)));
    add("read_models_behind", "ms", millis(behind));
    add("cpu_server", "us", micros_each(used.server, all));
    if let Some(database) = used.database {
        add("cpu_database", "us", micros_each(database, all));
    }
    if let Some(written) = used.written {
        add("wal", "B", number(written) / number(all));
    }
    if let Some(transactions) = used.transactions {
        add("transactions", "", number(transactions) / number(all));
    }
    add("cpu_client", "us", micros_each(used.client, all));
    Ok((reached, p50))
}
