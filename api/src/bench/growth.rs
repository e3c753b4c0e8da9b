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

async fn round(
    ground: &Ground,
    args: &BenchArgs,
    tenants: usize,
    of: &str,
    series: &mut Series,
) -> Result<()> {
    let setting = |clients| Setting {
        clients,
        tenants: Some(tenants),
        of: Some(of),
    };
    startup::once(ground, args.window(), setting(None), series).await?;
    // Answers anew, and for as long as it takes.
    let settings = [("ENTREPOT_ANSWERS_MIB", "0"), ("ENTREPOT_COST", "measure")];
    let server = Server::start_with(ground, &settings).await?;
    for &clients in &args.clients {
        let load = Load {
            clients,
            tenants,
            window: args.window(),
        };
        commands::one(ground, &server, load, setting(Some(clients)), series).await?;
    }
    // Their figures have the names that those of commands have.
    let lists = format!("{of}, lists");
    let reader = Reader::product(ground, &lists, server, tenants)?;
    for &clients in &args.clients {
        reader
            .measure(ground, clients, args.window(), series)
            .await?;
    }
    reader.stop().await?;
    let events = number(ground.events().await?);
    series.add("events", "", setting(None), events);
    Ok(())
}
