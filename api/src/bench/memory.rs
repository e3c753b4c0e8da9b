//! Memory of a server: idle, after commands, and the most in between.

use std::time::Duration;

use tokio::time::sleep;

use super::figure::{Series, Setting, mebibytes};
use super::ground::Ground;
use super::load::Load;
use super::retailer;
use super::server::Server;
use super::usage::resident;
use super::{BenchArgs, Result};

/// Before a server counts as idle.
const SETTLE: Duration = Duration::from_secs(2);

pub(super) async fn measure(ground: &Ground, args: &BenchArgs, series: &mut Series) -> Result<()> {
    let clients = args.clients.iter().copied().max().unwrap_or(1);
    let tenants = args.tenants.iter().copied().max().unwrap_or(1);
    retailer::prepare(ground, tenants).await?;
    for _ in 0..args.rounds {
        let server = Server::start(ground).await?;
        sleep(SETTLE).await;
        let unknown = "the server's memory is not to be seen on this system";
        let (idle, _) = resident(server.pid()).ok_or(unknown)?;
        let load = Load {
            clients,
            tenants,
            window: args.window(),
        };
        load.run(ground, &server).await?;
        ground.caught_up().await?;
        sleep(SETTLE).await;
        let (after, most) = resident(server.pid()).ok_or(unknown)?;
        let setting = Setting::of_load(clients, tenants);
        series.add("resident_idle", "MiB", Setting::default(), mebibytes(idle));
        series.add("resident_after_commands", "MiB", setting, mebibytes(after));
        series.add("resident_most", "MiB", setting, mebibytes(most));
        server.stop().await?;
    }
    Ok(())
}
