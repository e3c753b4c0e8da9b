//! Acknowledged durable commands a second through HTTP.

use super::figure::{Series, Setting, micros_each, millis, number, percentile, rate, ratio};
use super::ground::Ground;
use super::load::Load;
use super::pgbench::Pgbench;
use super::retailer;
use super::server::Server;
use super::usage::Usage;
use super::{BenchArgs, Result};

pub(super) async fn measure(ground: &Ground, args: &BenchArgs, series: &mut Series) -> Result<()> {
    let tenants = args.tenants.iter().copied().max().unwrap_or(1);
    retailer::prepare(ground, tenants).await?;
    let pgbench = if args.pgbench {
        Some(Pgbench::prepare(ground).await?)
    } else {
        None
    };
    let server = Server::start(ground).await?;
    for _ in 0..args.rounds {
        for &clients in &args.clients {
            ground.caught_up().await?;
            let yardstick = match &pgbench {
                Some(pgbench) => Some(pgbench.run(clients, args.window()).await?),
                None => None,
            };
            if let Some(yardstick) = yardstick {
                let setting = Setting {
                    clients: Some(clients),
                    ..Setting::default()
                };
                series.add("pgbench_inserts", "1/s", setting, yardstick);
            }
            for &tenants in &args.tenants {
                let load = Load {
                    clients,
                    tenants,
                    window: args.window(),
                };
                let reached = one(ground, &server, load, series).await?;
                if let Some(yardstick) = yardstick {
                    let setting = Setting::of_load(clients, tenants);
                    series.add("ratio_to_pgbench", "", setting, ratio(reached, yardstick));
                }
            }
        }
    }
    server.stop().await
}

/// One measurement. CPU is all that was used until the read models had followed.
async fn one(ground: &Ground, server: &Server, load: Load, series: &mut Series) -> Result<f64> {
    let before = Usage::now(ground, server).await?;
    let mut outcome = load.run(ground, server).await?;
    let behind = ground.caught_up().await?;
    let used = Usage::now(ground, server).await?.since(&before);

    let setting = Setting::of_load(load.clients, load.tenants);
    let mut add = |figure, unit, value| series.add(figure, unit, setting, value);
    let (latencies, all) = (&mut outcome.latencies, outcome.acknowledged);
    let reached = rate(latencies.len(), load.window);
    add("acknowledged", "1/s", reached);
    add("not_acknowledged", "", number(outcome.refused));
    add("latency_p50", "ms", millis(percentile(latencies, 50)));
    add("latency_p99", "ms", millis(percentile(latencies, 99)));
    add("read_models_behind", "ms", millis(behind));
    add("cpu_server", "us", micros_each(used.server, all));
    if let Some(database) = used.database {
        add("cpu_database", "us", micros_each(database, all));
    }
    add("cpu_client", "us", micros_each(used.client, all));
    Ok(reached)
}
