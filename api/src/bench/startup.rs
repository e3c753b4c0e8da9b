//! How long a server takes until it answers, with a log behind it, and what it holds and uses then
//! while nobody asks.

use std::time::Duration;

use tokio::time::sleep;

use super::figure::{Series, Setting, mebibytes, millis, number, ratio};
use super::ground::{Ground, close};
use super::server::Server;
use super::usage::{Usage, resident};
use super::{BenchArgs, Result, rebuild, retailer};
use crate::process::Workers;

/// Before a server counts as idle.
const SETTLE: Duration = Duration::from_secs(2);

pub(super) async fn measure(ground: &Ground, args: &BenchArgs, series: &mut Series) -> Result<()> {
    let app = ground.open().await?;
    let tenant = retailer::open_shop(&app.store, &retailer::slug(0)).await?;
    let workers = Workers::start(&app.store);
    rebuild::fill(&app.store, tenant, args.events).await?;
    ground.caught_up().await?;
    workers.stop().await;
    let head = usize::try_from(app.store.head(tenant).await?)?;
    close(&app.store).await;
    ground.analyze().await?;
    series.add("events", "", Setting::default(), number(head));
    for _ in 0..args.rounds {
        once(ground, args.window(), Setting::default(), series).await?;
    }
    Ok(())
}

/// Starts a server, and looks at it for a while.
pub(super) async fn once(
    ground: &Ground,
    window: Duration,
    setting: Setting<'_>,
    series: &mut Series,
) -> Result<()> {
    let server = Server::start(ground).await?;
    series.add("start_to_ready", "ms", setting, millis(server.ready_after));
    sleep(SETTLE).await;
    let unknown = "the server's memory is not to be seen on this system";
    let (idle, _) = resident(server.pid()).ok_or(unknown)?;
    series.add("resident_idle", "MiB", setting, mebibytes(idle));
    let before = Usage::now(ground, Some(server.pid())).await?;
    sleep(window).await;
    let used = Usage::now(ground, Some(server.pid())).await?.since(&before);
    let each_second = |used: Duration| ratio(millis(used), window.as_secs_f64());
    series.add("idle_server_cpu", "ms/s", setting, each_second(used.server));
    if let Some(database) = used.database {
        series.add("idle_database_cpu", "ms/s", setting, each_second(database));
    }
    server.stop().await
}
