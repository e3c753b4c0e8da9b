//! Folding a log's read models again, beside PostgreSQL's COPY of the same rows.

use std::time::{Duration, Instant};

use entrepot_domain::kernel::TenantId;
use entrepot_event_store::Store;
use entrepot_projections::{rebuild, registry};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use sea_orm::sqlx::postgres::PgPoolCopyExt as _;
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};

use super::figure::{Series, Setting, rate, ratio};
use super::ground::{Ground, close};
use super::{BenchArgs, Result, retailer};
use crate::process::Workers;

/// Events of an order: placed, and stock reserved for its three lines.
const EVENTS_EACH: usize = 4;

pub(super) async fn measure(ground: &Ground, args: &BenchArgs, series: &mut Series) -> Result<()> {
    let app = ground.open().await?;
    let store = &app.store;
    let tenant = retailer::open_shop(store, &retailer::slug(0)).await?;
    fill(store, tenant, args.events).await?;
    let events = usize::try_from(store.head(tenant).await?)?;

    let workers = Workers::start(store);
    let first = ground.caught_up().await?;
    workers.stop().await;
    series.add(
        "folded_first",
        "1/s",
        Setting::default(),
        rate(events, first),
    );

    for _ in 0..args.rounds {
        for name in registry::GROUPS {
            let group = registry::group(name);
            let started = Instant::now();
            rebuild::rebuild(store, &[group], tenant, &|_| ()).await?;
            let rebuilt = rate(events, started.elapsed());
            series.add("rebuilt", "1/s", Setting::of(name), rebuilt);
        }
        let groups = registry::to_rebuild("all");
        let started = Instant::now();
        rebuild::rebuild(store, &groups, tenant, &|_| ()).await?;
        let rebuilt = rate(events, started.elapsed());
        series.add("rebuilt", "1/s", Setting::of("all"), rebuilt);
        if ground.beside().get_database_backend() == DbBackend::Postgres {
            let copied = rate(events, copy(ground).await?);
            series.add("copied", "1/s", Setting::of("all"), copied);
            series.add(
                "ratio_to_copy",
                "",
                Setting::of("all"),
                ratio(rebuilt, copied),
            );
        }
    }
    close(store).await;
    Ok(())
}

/// Orders of three lines, until the log holds so many events.
pub(super) async fn fill(store: &Store, tenant: TenantId, events: usize) -> Result<()> {
    let place = |_| retailer::submit(store, tenant, retailer::order());
    let orders = stream::iter(0..events / EVENTS_EACH).map(place);
    let placed = orders.buffer_unordered(retailer::IN_FLIGHT);
    placed.try_for_each(|_| async { Ok(()) }).await
}

/// How long COPY takes to write the read models' rows into tables of the same shape.
async fn copy(ground: &Ground) -> Result<Duration> {
    let beside = ground.beside();
    let pool = beside.get_postgres_connection_pool();
    let sql = "SELECT table_name::text FROM information_schema.tables
               WHERE table_schema = 'public' AND table_name LIKE 'rm\\_%'";
    let query = Statement::from_string(DbBackend::Postgres, sql);
    let mut whole = Duration::ZERO;
    for row in beside.query_all_raw(query).await? {
        let table: String = row.try_get_by_index(0)?;
        let twin = format!("copied_{table}");
        let make = format!(
            "DROP TABLE IF EXISTS {twin}; CREATE TABLE {twin} (LIKE {table} INCLUDING ALL)"
        );
        beside.execute_unprepared(&make).await?;
        let out = pool
            .copy_out_raw(&format!("COPY {table} TO STDOUT"))
            .await?;
        let rows: Vec<_> = out.try_collect().await?;
        let started = Instant::now();
        let mut into = pool.copy_in_raw(&format!("COPY {twin} FROM STDIN")).await?;
        for row in rows.chunks(1_000) {
            into.send(row.concat()).await?;
        }
        into.finish().await?;
        whole += started.elapsed();
    }
    Ok(whole)
}
