//! One running process: the store, its projectors, its clock. Every command of the program starts
//! with what it needs of it.

use std::sync::Arc;

use entrepot_domain::postings::NoPostings;
use entrepot_event_store::db::{Db, DbError, Purpose, connect};
use entrepot_event_store::vault::Vault;
use entrepot_event_store::{Feed, Hints, Store};
use entrepot_migration::{Migrator, MigratorTrait as _};
use entrepot_projections::group::Group;
use entrepot_projections::registry;
use entrepot_projections::runner::Runner;
use sea_orm::DbBackend;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::access::Access;
use crate::app::App;
use crate::bi::access;
use crate::bounds;
use crate::config::{ConfigError, Place};
use crate::timers;

/// Why a process does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The database does not open.
    #[error("the database does not open: {0}")]
    Db(#[from] DbError),
    /// The schema lacks what this release needs.
    #[error("the database's schema is not up to date: run `entrepot migrate` first")]
    NotMigrated,
    /// Redis is not addressed by this URL.
    #[error("the redis URL is wrong: {0}")]
    Redis(#[from] redis::RedisError),
}

/// Brings a database up to date, and the rights of logins for BI with it. PostgreSQL needs a login
/// that may change the schema and make roles.
pub async fn migrate(place: &Place) -> Result<(), StartError> {
    let mut url = place.database()?.url;
    if url.starts_with("sqlite:") && !url.contains('?') {
        url.push_str("?mode=rwc");
    }
    let db = connect(&url, 1).await.map_err(DbError::from)?;
    Migrator::up(&db, None).await.map_err(DbError::from)?;
    if db.get_database_backend() == DbBackend::Postgres {
        access::apply(&db).await.map_err(DbError::from)?;
    }
    Ok(db.close().await.map_err(DbError::from)?)
}

/// Opens the store. A SQLite file is migrated first: the embedded default needs no set-up.
pub async fn open(place: &Place, stop: &CancellationToken) -> Result<App, StartError> {
    let options = place.database()?;
    if options.url.starts_with("sqlite:") {
        migrate(place).await?;
    }
    let secrets = place.secrets()?;
    let feed = Arc::new(Feed::default());
    let redis = place.redis_url.as_deref().map(redis::Client::open);
    let redis = redis.transpose()?;
    let hints = match redis.clone() {
        Some(client) => Hints::redis(client, Arc::clone(&feed), stop.clone()),
        None => Hints::none(),
    };
    let db = Db::open(&options).await.map_err(|error| {
        if error.no_such_role() {
            StartError::NotMigrated
        } else {
            error.into()
        }
    })?;
    check_schema(&db).await?;
    let store = Store::new(db, feed, hints, Arc::new(NoPostings));
    Ok(App {
        access: Access::new(store.clone()),
        vault: Vault::new(secrets.vault_key()),
        readers: options.connections,
        answer_bytes: usize::try_from(bounds::ANSWER_BYTES).unwrap_or(usize::MAX),
        groups: registry::groups(),
        redis,
        secrets,
        store,
    })
}

/// Whether every migration of this release was run. Later ones may have been: nodes of two releases
/// work beside each other during an update.
async fn check_schema(db: &Db) -> Result<(), StartError> {
    let tx = db.begin_across_tenants(Purpose::Read).await?;
    let run = tx
        .query_sql("SELECT version FROM seaql_migrations", Vec::new())
        .await;
    let run = match run {
        Err(error) if error.no_such_table() => return Err(StartError::NotMigrated),
        run => run?,
    };
    let mut versions: Vec<String> = Vec::with_capacity(run.len());
    for row in run {
        versions.push(row.try_get_by_index(0).map_err(DbError::from)?);
    }
    tx.commit().await?;
    let migrations = Migrator::migrations().into_iter();
    let mut needed = migrations.map(|migration| migration.name().to_owned());
    if needed.all(|name| versions.contains(&name)) {
        Ok(())
    } else {
        Err(StartError::NotMigrated)
    }
}

/// What runs beside the requests: projectors and the clock.
#[derive(Debug)]
pub struct Workers {
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Workers {
    /// Starts projecting every group, without the clock.
    pub fn start(store: &Store) -> Self {
        Self::of(store, registry::groups(), false)
    }

    /// Starts projecting an application's groups, and its clock.
    pub fn of_app(app: &App) -> Self {
        Self::of(&app.store, app.groups.clone(), true)
    }

    fn of(store: &Store, groups: Vec<Arc<Group>>, clock: bool) -> Self {
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        for group in groups {
            let first = group.name == registry::GROUPS[0];
            let runner = Runner::new(store.clone(), group);
            tasks.spawn(Arc::clone(&runner).run(stop.clone()));
            if clock && first {
                tasks.spawn(timers::run(store.clone(), runner, stop.clone()));
            }
        }
        Self { tasks, stop }
    }

    /// Finishes what is under way and gives up the leases.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}
