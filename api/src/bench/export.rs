//! Exporting a view to a file, beside PostgreSQL's COPY of the same columns of the same rows.

use std::time::{Duration, Instant};

use entrepot_domain::kernel::TenantId;
use futures_util::TryStreamExt as _;
use sea_orm::DbBackend;
use sea_orm::sqlx::postgres::PgPoolCopyExt as _;

use super::figure::{Series, Setting, rate, ratio};
use super::ground::{Ground, close};
use super::{BenchArgs, Result, rebuild, retailer};
use crate::export::files::{self, Request};
use crate::export::format::Format;
use crate::export::view::Reader;
use crate::process::Workers;

/// The view that is exported: three rows an order.
const VIEW: &str = "order_lines";

pub(super) async fn measure(ground: &Ground, args: &BenchArgs, series: &mut Series) -> Result<()> {
    let app = ground.open().await?;
    let store = &app.store;
    let slug = retailer::slug(0);
    let tenant = retailer::open_shop(store, &slug).await?;
    rebuild::fill(store, tenant, args.events).await?;
    let workers = Workers::start(store);
    ground.caught_up().await?;
    workers.stop().await;
    for _ in 0..args.rounds {
        let copied = copy(ground, tenant).await?;
        for format in Format::ALL {
            let request = Request {
                tenant: slug.clone(),
                format,
                views: vec![VIEW.to_owned()],
                reader: Reader::everybody(),
                folder: ground.folder().to_owned(),
            };
            let started = Instant::now();
            let manifest = files::export(store, &request).await?;
            let rows = manifest.files.iter().map(|file| file.rows).sum::<u64>();
            let exported = rate(usize::try_from(rows)?, started.elapsed());
            let of = Setting::of(format.extension());
            series.add("rows_exported", "1/s", of, exported);
            if let Some(elapsed) = copied {
                let copied = rate(usize::try_from(rows)?, elapsed);
                series.add("ratio_to_copy", "", of, ratio(exported, copied));
            }
        }
    }
    close(store).await;
    Ok(())
}

/// How long COPY takes to read the view; SQLite has none.
async fn copy(ground: &Ground, tenant: TenantId) -> Result<Option<Duration>> {
    let beside = ground.beside();
    if beside.get_database_backend() != DbBackend::Postgres {
        return Ok(None);
    }
    let pool = beside.get_postgres_connection_pool();
    let started = Instant::now();
    let query = format!("COPY (SELECT * FROM bi.{VIEW} WHERE tenant_id = {tenant}) TO STDOUT");
    let mut pieces = pool.copy_out_raw(&query).await?;
    while pieces.try_next().await?.is_some() {}
    Ok(Some(started.elapsed()))
}
