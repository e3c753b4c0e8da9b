//! The last orders of a tenant, with their lines, customers and margins: read from the read models,
//! and read again while nothing changes; beside servers that answer with the same values.

#![expect(clippy::float_arithmetic, reason = "figures, not money")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::task::JoinSet;

use super::client::{Caller, Client};
use super::figure::{Series, Setting, micros_each, millis, number, percentile, rate, ratio};
use super::ground::{Ground, close};
use super::load::ACCEPT;
use super::peer::PeerServer;
use super::retailer::{self, caller};
use super::server::Server;
use super::usage::Usage;
use super::{BenchArgs, Result};
use crate::process::Workers;

/// What is asked for: about 950 fields.
const LAST_ORDERS: &str = "query LastOrders { orders(first: 20) { nodes { id placedAt status currency \
     totals { total { amountMinor } } lines { line sku quantity net { amountMinor } } \
     customer { id externalId } \
     margins { line net { amountMinor } cogs { amountMinor } contribution { amountMinor } } } } }";
/// The product as it answers from memory and anew, by its room for answers.
const OWN: [(&str, &str); 2] = [("again", "64"), ("fresh", "0")];
/// Customers of each tenant.
const CUSTOMERS: usize = 100;
/// An answer with fewer bytes has not all that was asked for.
const ANSWER_MIN: usize = 4_000;
/// Before answers are counted.
const WARM_UP: Duration = Duration::from_millis(500);
/// From one tenant to the next that a client asks for: a prime, so that all have their turn.
const STRIDE: usize = 7_919;

/// Requests that read, and the server that they go to.
pub(super) struct Reader {
    server: Running,
    /// By tenant.
    callers: Arc<[(Caller, String)]>,
}

enum Running {
    Product(Server),
    Peer(PeerServer),
}

/// What came of a load.
struct Outcome {
    latencies: Vec<Duration>,
    answered: usize,
    bytes: usize,
}

pub(super) async fn measure(ground: &Ground, args: &BenchArgs, series: &mut Series) -> Result<()> {
    let tenants = args.tenants.iter().copied().max().unwrap_or(1);
    fill(ground, tenants, args.orders).await?;
    let mut readers = Vec::new();
    for (name, answers) in OWN {
        // Costs are counted; a client of a bench asks for more than any client may.
        let settings = [
            ("ENTREPOT_ANSWERS_MIB", answers),
            ("ENTREPOT_COST", "measure"),
        ];
        let server = Server::start_with(ground, &settings).await?;
        readers.push((name, Reader::product(ground, server, tenants)?));
    }
    let bytes = match readers.first() {
        Some((_, reader)) => {
            let outcome = reader.load(1, Duration::ZERO).await?;
            outcome.bytes / outcome.answered.max(1)
        }
        None => 0,
    };
    let told = [
        ("PEER_TENANTS", tenants.to_string()),
        ("PEER_BYTES", bytes.to_string()),
    ];
    for peer in &args.servers {
        let server = peer.serve(ground, &told).await?;
        readers.push((peer.name(), Reader::peer(server, tenants)));
    }
    for _ in 0..args.rounds {
        for &clients in &args.clients {
            let load = (clients, args.window());
            for peer in &args.peers {
                peer.measure(ground, load, &told, series).await?;
            }
            let mut reached = Vec::with_capacity(readers.len());
            let setting = |name| Setting {
                of: Some(name),
                ..Setting::of_load(clients, tenants)
            };
            for (name, reader) in &readers {
                let measured = reader.measure(ground, load, setting(*name), series);
                reached.push(measured.await.map_err(|error| format!("{name}: {error}"))?);
            }
            let (own, others) = reached.split_at(OWN.len());
            for ((name, _), theirs) in readers[OWN.len()..].iter().zip(others) {
                for (kind, own) in ["rate_again_ratio", "rate_fresh_ratio"].iter().zip(own) {
                    series.add(kind, "x", setting(*name), ratio(own.0, theirs.0));
                }
                let p99 = ratio(own[1].1, theirs.1);
                series.add("p99_fresh_ratio", "x", setting(*name), p99);
            }
        }
    }
    for (_, reader) in readers {
        reader.stop().await?;
    }
    Ok(())
}

/// Tenants with customers and orders, all of them in the read models.
async fn fill(ground: &Ground, tenants: usize, orders: usize) -> Result<()> {
    let app = ground.open().await?;
    let workers = Workers::start(&app.store);
    let shops = retailer::open_shops(&app.store, tenants, CUSTOMERS).await?;
    retailer::sell(&app.store, &shops, orders).await?;
    ground.caught_up().await?;
    workers.stop().await;
    close(&app.store).await;
    ground.analyze().await
}

impl Reader {
    pub(super) fn product(ground: &Ground, server: Server, tenants: usize) -> Result<Self> {
        let body = json!({ "query": LAST_ORDERS }).to_string();
        let callers: Result<Vec<_>> = (0..tenants)
            .map(|tenant| {
                Ok((
                    caller(ground, server.address, tenant, ACCEPT)?,
                    body.clone(),
                ))
            })
            .collect();
        Ok(Self {
            callers: callers?.into(),
            server: Running::Product(server),
        })
    }

    fn peer(server: PeerServer, tenants: usize) -> Self {
        // Tenants are numbered from 1 in the order in which they were made.
        let callers = (1..=tenants).map(|tenant| {
            let caller = Caller::new(server.address(), "", ACCEPT);
            (caller, server.body(tenant))
        });
        Self {
            callers: callers.collect(),
            server: Running::Peer(server),
        }
    }

    /// Answers a second, and how many milliseconds 99 of 100 took at most.
    pub(super) async fn measure(
        &self,
        ground: &Ground,
        (clients, window): (usize, Duration),
        setting: Setting<'_>,
        series: &mut Series,
    ) -> Result<(f64, f64)> {
        let pid = match &self.server {
            Running::Product(server) => server.pid(),
            Running::Peer(server) => server.pid(),
        };
        let before = Usage::now(ground, Some(pid)).await?;
        let mut outcome = self.load(clients, window).await?;
        let used = Usage::now(ground, Some(pid)).await?.since(&before);
        let (latencies, all) = (&mut outcome.latencies, outcome.answered);
        let mut add = |figure, unit, value| series.add(figure, unit, setting, value);
        let answered = rate(latencies.len(), window);
        let p99 = millis(percentile(latencies, 99));
        add("answered", "1/s", answered);
        add("latency_p50", "ms", millis(percentile(latencies, 50)));
        add("latency_p99", "ms", p99);
        add("bytes", "B", number(outcome.bytes) / number(all));
        add("cpu_server", "us", micros_each(used.server, all));
        if let Some(database) = used.database {
            add("cpu_database", "us", micros_each(database, all));
        }
        if let Some(transactions) = used.transactions {
            add("transactions", "", number(transactions) / number(all));
        }
        add("cpu_client", "us", micros_each(used.client, all));
        Ok((answered, p99))
    }

    pub(super) async fn stop(self) -> Result<()> {
        match self.server {
            Running::Product(server) => server.stop().await,
            Running::Peer(server) => server.stop().await,
        }
    }

    async fn load(&self, clients: usize, window: Duration) -> Result<Outcome> {
        let address = match &self.server {
            Running::Product(server) => server.address,
            Running::Peer(server) => server.address(),
        };
        let start = Instant::now() + WARM_UP;
        let mut asking = JoinSet::new();
        for number in 0..clients {
            let client = Client::connect(address).await?;
            let callers = Arc::clone(&self.callers);
            asking.spawn(ask(client, callers, number, start, start + window));
        }
        let (mut latencies, mut answered, mut bytes) = (Vec::new(), 0, 0);
        while let Some(outcome) = asking.join_next().await {
            let outcome = outcome??;
            latencies.extend(outcome.latencies);
            answered += outcome.answered;
            bytes += outcome.bytes;
        }
        Ok(Outcome {
            latencies,
            answered,
            bytes,
        })
    }
}

async fn ask(
    mut client: Client,
    callers: Arc<[(Caller, String)]>,
    number: usize,
    start: Instant,
    end: Instant,
) -> Result<Outcome> {
    let (mut latencies, mut answered, mut bytes) = (Vec::new(), 0, 0);
    for turn in (number..).step_by(STRIDE) {
        let (caller, body) = &callers[turn % callers.len()];
        let sent = Instant::now();
        let (status, answer) = client.post(caller, body).await?;
        let at = Instant::now();
        if status != 200 || answer.len() < ANSWER_MIN {
            return Err(format!("{status} {}", String::from_utf8_lossy(answer)).into());
        }
        answered += 1;
        bytes += answer.len();
        if (start..end).contains(&at) {
            latencies.push(at.duration_since(sent));
        }
        if at >= end {
            break;
        }
    }
    Ok(Outcome {
        latencies,
        answered,
        bytes,
    })
}
