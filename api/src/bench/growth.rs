//! The same figures while the log grows: the start, commands and lists, at one size after the other.

use std::time::Duration;

use tokio::time::sleep;

use super::figure::{Series, Setting, number};
use super::ground::{Ground, close};
use super::load::Load;
use super::reads::Reader;
use super::retailer::{self, Shop};
use super::server::Server;
use super::{BenchArgs, Result, commands, startup};
use crate::process::Workers;

/// Customers of all tenants, and of each at least one.
const CUSTOMERS: usize = 10_000;
/// Events of an order: placed, and stock reserved for its three lines.
const EVENTS_EACH: usize = 4;
/// After this, tenants count as idle: what moved less long ago is looked at each second.
const AT_REST: Duration = Duration::from_secs(31);

pub(super) async fn measure(ground: &Ground, args: &BenchArgs, series: &mut Series) -> Result<()> {
    let tenants = args.tenants.iter().copied().max().unwrap_or(1);
    let mut shops = None;
    let mut sizes = args.sizes.clone();
    sizes.sort_unstable();
    for size in sizes {
        let opened = grow(ground, shops.take(), tenants, size).await?;
        shops = Some(opened);
        let of = format!("{size} events");
        // All starts before the first command: what moved of late is looked at by who starts.
        for _ in 0..args.rounds {
            let setting = setting(tenants, &of, None);
            startup::once(ground, args.window(), setting, series).await?;
        }
        for _ in 0..args.rounds {
            round(ground, args, tenants, &of, series).await?;
        }
    }
    Ok(())
}

/// Sells until the log has so many events, in the tenants that are there or new ones.
async fn grow(
    ground: &Ground,
    shops: Option<Vec<Shop>>,
    tenants: usize,
    size: usize,
) -> Result<Vec<Shop>> {
    let app = ground.open().await?;
    let workers = Workers::start(&app.store);
    let shops = match shops {
        Some(shops) => shops,
        None => retailer::open_shops(&app.store, tenants, (CUSTOMERS / tenants).max(1)).await?,
    };
    let orders = size.saturating_sub(ground.events().await?) / EVENTS_EACH;
    retailer::sell(&app.store, &shops, orders).await?;
    ground.caught_up().await?;
    workers.stop().await;
    close(&app.store).await;
    ground.analyze().await?;
    sleep(AT_REST).await;
    Ok(shops)
}

/// What one tenant gets done, and then what is done for all of them in turn: the latter are next to never
/// in the server's memory.
async fn round(
    ground: &Ground,
    args: &BenchArgs,
    tenants: usize,
    of: &str,
    series: &mut Series,
) -> Result<()> {
    ask(ground, args, (tenants, 1), of, series).await?;
    if tenants > 1 {
        let in_turn = format!("{of}, each tenant in turn");
        ask(ground, args, (tenants, tenants), &in_turn, series).await?;
    }
    let events = number(ground.events().await?);
    series.add("events", "", setting(tenants, of, None), events);
    Ok(())
}

/// Commands and lists of the first `asked` tenants.
async fn ask(
    ground: &Ground,
    args: &BenchArgs,
    (tenants, asked): (usize, usize),
    of: &str,
    series: &mut Series,
) -> Result<()> {
    // Answers anew, and for as long as it takes.
    let settings = [("ENTREPOT_ANSWERS_MIB", "0"), ("ENTREPOT_COST", "measure")];
    let server = Server::start_with(ground, &settings).await?;
    for &clients in &args.clients {
        let load = Load {
            clients,
            tenants: asked,
            window: args.window(),
        };
        let setting = setting(tenants, of, Some(clients));
        commands::one(ground, &server, load, setting, series).await?;
    }
    // Their figures have the names that those of commands have.
    let lists = format!("{of}, lists");
    let reader = Reader::product(ground, server, asked)?;
    for &clients in &args.clients {
        let setting = setting(tenants, &lists, Some(clients));
        reader
            .measure(ground, (clients, args.window()), setting, series)
            .await?;
    }
    reader.stop().await
}

const fn setting(tenants: usize, of: &str, clients: Option<usize>) -> Setting<'_> {
    Setting {
        clients,
        tenants: Some(tenants),
        of: Some(of),
    }
}
