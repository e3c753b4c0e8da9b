//! How long one tenant's queries take while another asks for as much as it can: alone, with a
//! bound on what each tenant may run at one time, and without. Costs are not counted here, so that
//! nothing but the bound holds the other back.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::client::Client;
use super::figure::{Series, Setting, millis, percentile, rate, ratio};
use super::ground::Ground;
use super::load::{ACCEPT, Load};
use super::retailer::{self, caller};
use super::server::Server;
use super::{BenchArgs, Result};

/// Who asks for little, and who for as much as it can.
const LIGHT: usize = 0;
const HEAVY: usize = 1;
/// A page of a shop's list.
const SMALL: &str =
    r#"{"query":"{ orders(first: 5) { nodes { id status totals { total { amount } } } } }"}"#;
/// The longest page with all that is in an order.
const LARGE: &str = r#"{"query":"{ orders(first: 250) { nodes { id status placedAt totals { total { amount } net { amount } tax { amount } } lines { sku quantity gross { amount } net { amount } taxes { code amount { amount } } reservations { warehouse quantity } } payments { id } shipments { id } } } }"}"#;
/// Between two queries of who asks for little.
const PAUSE: Duration = Duration::from_millis(5);

pub(super) async fn measure(ground: &Ground, args: &BenchArgs, series: &mut Series) -> Result<()> {
    let heavy = args.clients.iter().copied().max().unwrap_or(1);
    retailer::prepare(ground, 2).await?;
    fill(ground, args).await?;
    for _ in 0..args.rounds {
        let alone = one(ground, args, series, "alone", 0, &[]).await?;
        let bound = one(ground, args, series, "bound", heavy, &[]).await?;
        let unbound = [("ENTREPOT_TENANT_QUERIES", "0")];
        let unbound = one(ground, args, series, "unbound", heavy, &unbound).await?;
        for (of, reached) in [("bound", bound), ("unbound", unbound)] {
            series.add("ratio_to_alone", "", Setting::of(of), ratio(reached, alone));
        }
    }
    Ok(())
}

/// Orders to ask for.
async fn fill(ground: &Ground, args: &BenchArgs) -> Result<()> {
    let server = Server::start(ground).await?;
    let load = Load {
        clients: 16,
        tenants: 2,
        window: args.window(),
    };
    load.run(ground, &server).await?;
    ground.caught_up().await?;
    server.stop().await
}

/// One measurement. Gives the p99 of who asks for little, in milliseconds.
async fn one(
    ground: &Ground,
    args: &BenchArgs,
    series: &mut Series,
    of: &'static str,
    heavy: usize,
    environment: &[(&str, &str)],
) -> Result<f64> {
    let environment = [&[("ENTREPOT_COST", "off")], environment].concat();
    let server = Server::start_with(ground, &environment).await?;
    let stop = CancellationToken::new();
    let mut others = JoinSet::new();
    for _ in 0..heavy {
        let stop = stop.clone();
        let (client, caller) = (
            Client::connect(server.address).await?,
            caller(ground, server.address, HEAVY, ACCEPT)?,
        );
        others.spawn(async move { insist(client, caller, stop).await });
    }
    let mut latencies = light(ground, &server, args.window()).await?;
    stop.cancel();
    let (mut answered, mut refused) = (0, 0);
    while let Some(outcome) = others.join_next().await {
        let (more_answered, more_refused) = outcome??;
        answered += more_answered;
        refused += more_refused;
    }
    server.stop().await?;
    let setting = Setting {
        clients: Some(heavy),
        of: Some(of),
        ..Setting::default()
    };
    let p99 = millis(percentile(&mut latencies, 99));
    series.add(
        "latency_p50",
        "ms",
        setting,
        millis(percentile(&mut latencies, 50)),
    );
    series.add("latency_p99", "ms", setting, p99);
    series.add(
        "other_answered",
        "1/s",
        setting,
        rate(answered, args.window()),
    );
    series.add(
        "other_refused",
        "1/s",
        setting,
        rate(refused, args.window()),
    );
    Ok(p99)
}

/// Asks for little, now and then.
async fn light(ground: &Ground, server: &Server, window: Duration) -> Result<Vec<Duration>> {
    let caller = caller(ground, server.address, LIGHT, ACCEPT)?;
    let mut client = Client::connect(server.address).await?;
    let end = Instant::now() + window;
    let mut latencies = Vec::new();
    while Instant::now() < end {
        let sent = Instant::now();
        let (status, answer) = client.post(&caller, SMALL).await?;
        if status != 200 || !answer.starts_with(br#"{"data""#) {
            return Err(format!("{status}: {}", String::from_utf8_lossy(answer)).into());
        }
        latencies.push(sent.elapsed());
        tokio::time::sleep(PAUSE).await;
    }
    Ok(latencies)
}

/// Asks for much, again and again. Gives how many were answered and how many refused.
async fn insist(
    mut client: Client,
    caller: super::client::Caller,
    stop: CancellationToken,
) -> Result<(usize, usize)> {
    let (mut answered, mut refused) = (0, 0);
    while !stop.is_cancelled() {
        match client.post(&caller, LARGE).await?.0 {
            200 => answered += 1,
            429 | 503 => refused += 1,
            status => return Err(format!("{status} to a large query").into()),
        }
    }
    Ok((answered, refused))
}
