//! `entrepot bench`: measures this program on this machine, each figure beside the yardstick that
//! was taken in the same round. Figures, not assertions: disks and neighbors change by the minute.
//!
//! A scenario works on a database of its own that is dropped afterwards, and against a server of
//! its own: this program again, as a child process on a loopback port. [`ground`] makes the
//! database, [`server`] the process, [`retailer`] something to sell, [`load`] and [`client`] the
//! callers, [`peer`] other programs beside it, [`usage`] reads what they cost, [`figure`] says it.

mod append;
mod client;
mod commands;
mod export;
mod fairness;
mod figure;
mod ground;
mod growth;
mod import;
mod live;
mod load;
mod memory;
mod peer;
mod reads;
mod rebuild;
mod retailer;
mod server;
mod sockets;
mod startup;
mod usage;
mod yardstick;

use std::time::Duration;

use clap::{Args, ValueEnum};
use tokio_util::sync::CancellationToken;

use crate::config::Place;

pub(crate) use figure::Figure;
use figure::Series;
use ground::Ground;
use peer::Peer;

/// What to measure. Everything happens in a database of its own, made on the server that
/// `--database-url` names, or in a SQLite file in the system's temporary folder.
#[derive(Clone, Debug, Args)]
pub(crate) struct BenchArgs {
    /// What to measure.
    #[arg(value_enum)]
    scenario: Scenario,
    /// Print figures as JSON, one a line.
    #[arg(long)]
    pub(crate) json: bool,
    /// How long each measurement takes.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// How often everything is measured; figures are medians of the rounds.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
    /// Clients that wait for one answer each, for `commands`, `append`, `reads` and `growth`.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 16, 64], value_parser = counted)]
    clients: Vec<usize>,
    /// Tenants that the clients belong to, for `commands`, `append`, `reads` and `growth`.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 64], value_parser = counted)]
    tenants: Vec<usize>,
    /// A program to compare `commands`, `append` and `reads` with in every round, on the same database; `bench/` has some.
    #[arg(long = "peer", value_name = "NAME=COMMAND")]
    peers: Vec<Peer>,
    /// A server to compare `reads` with in every round, on the same database.
    #[arg(long = "server", value_name = "NAME=COMMAND")]
    servers: Vec<Peer>,
    /// Events of the log, for `rebuild`, `startup` and `export`.
    #[arg(long, default_value_t = 100_000)]
    events: usize,
    /// Events of the log at which everything is measured, for `growth`.
    #[arg(long, value_delimiter = ',', default_values_t = [100_000, 1_000_000])]
    sizes: Vec<usize>,
    /// Orders placed a second, for `live`.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rate: u32,
    /// Subscribers, for `live`.
    #[arg(long, default_value_t = 100, value_parser = counted)]
    subscribers: usize,
    /// Channels in which orders are placed in turn, for `live`: each subscriber follows one.
    #[arg(long, default_value_t = 1, value_parser = counted)]
    channels: usize,
    /// Sockets that stand idle, for `sockets`.
    #[arg(long, default_value_t = 10_000, value_parser = counted)]
    sockets: usize,
    /// Orders of the file, for `import`, and of all tenants, for `reads`.
    #[arg(long, default_value_t = 20_000)]
    orders: usize,
}

fn counted(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count @ 1..=10_000) => Ok(count),
        _ => Err("a number from 1 to 10,000".to_owned()),
    }
}

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Scenario {
    /// Orders placed over HTTP: rate, latency, CPU.
    Commands,
    /// Events appended in this process, without HTTP and read models.
    Append,
    /// The last orders of tenants over HTTP: rate, latency, CPU.
    Reads,
    /// From commands to all subscribers of a tenant who see them.
    Live,
    /// One tenant's queries while another asks for as much as it can.
    Fairness,
    /// Memory of a server with idle sockets, each with a subscription.
    Sockets,
    /// From the start of a server until it is ready; its memory and CPU while nobody asks.
    Startup,
    /// Start, commands and reads while the log grows.
    Growth,
    /// Folding read models again.
    Rebuild,
    /// Importing a file of orders.
    Import,
    /// Writing a view to files of each format.
    Export,
    /// Memory of a server, idle and after commands.
    Memory,
}

type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

/// Measures, and answers when nothing is left of it but the figures.
pub(crate) async fn run(
    place: &Place,
    args: &BenchArgs,
    stop: &CancellationToken,
) -> Result<Vec<Figure>> {
    let ground = Ground::make(place).await?;
    let measured = stop.run_until_cancelled(measure(&ground, args)).await;
    ground.clear().await?;
    measured.unwrap_or_else(|| Err("stopped before the end".into()))
}

async fn measure(ground: &Ground, args: &BenchArgs) -> Result<Vec<Figure>> {
    let scenario = args.scenario.to_possible_value();
    let scenario = scenario.map_or_else(String::new, |value| value.get_name().to_owned());
    let mut series = Series::new(scenario, ground.database());
    match args.scenario {
        Scenario::Commands => commands::measure(ground, args, &mut series).await?,
        Scenario::Append => append::measure(ground, args, &mut series).await?,
        Scenario::Reads => Box::pin(reads::measure(ground, args, &mut series)).await?,
        Scenario::Live => live::measure(ground, args, &mut series).await?,
        Scenario::Fairness => fairness::measure(ground, args, &mut series).await?,
        Scenario::Sockets => sockets::measure(ground, args, &mut series).await?,
        Scenario::Startup => startup::measure(ground, args, &mut series).await?,
        Scenario::Growth => Box::pin(growth::measure(ground, args, &mut series)).await?,
        Scenario::Rebuild => rebuild::measure(ground, args, &mut series).await?,
        Scenario::Import => import::measure(ground, args, &mut series).await?,
        Scenario::Export => export::measure(ground, args, &mut series).await?,
        Scenario::Memory => memory::measure(ground, args, &mut series).await?,
    }
    Ok(series.figures())
}

impl BenchArgs {
    const fn window(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}
