//! The ground that a scenario stands on: a fresh database, a folder and a secret, and nothing of
//! them afterwards.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use entrepot_event_store::db::connect;
use entrepot_event_store::{Store, clock};
use entrepot_projections::registry;
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, Statement};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::Result;
use crate::app::App;
use crate::config::Place;
use crate::process;
use crate::secrets::SECRET_MIN;

/// How long read models are waited for.
const CATCH_UP_MAX: Duration = Duration::from_mins(10);
/// Between two looks at the read models.
const LOOK: Duration = Duration::from_millis(10);

/// A database of a scenario's own.
pub(super) struct Ground {
    place: Place,
    folder: PathBuf,
    /// Beside the server under test: to look, not to work.
    beside: DatabaseConnection,
    fresh: Option<Fresh>,
}

/// A database made on somebody's server.
struct Fresh {
    server: DatabaseConnection,
    name: String,
}

impl Ground {
    /// Makes everything that is asked for by `place`, beside what is there already.
    pub(super) async fn make(place: &Place) -> Result<Self> {
        let name = format!("entrepot_bench_{}", clock::fresh_id().simple());
        let folder = std::env::temp_dir().join(&name);
        std::fs::create_dir_all(&folder)?;
        let mut place = Place {
            data_dir: folder.clone(),
            secret: Some(secret()?),
            ..place.clone()
        };
        let given = place
            .database_url
            .take()
            .filter(|url| !url.starts_with("sqlite:"));
        let fresh = match given {
            Some(url) => {
                let server = connect(&url, 2).await?;
                server
                    .execute_unprepared(&format!("CREATE DATABASE {name}"))
                    .await?;
                place.database_url = Some(named(&url, &name)?);
                Some(Fresh { server, name })
            }
            None => None,
        };
        process::migrate(&place).await?;
        let beside = connect(&place.database()?.url, 2).await?;
        Ok(Self {
            place,
            folder,
            beside,
            fresh,
        })
    }

    /// Drops what was made.
    pub(super) async fn clear(self) -> Result<()> {
        self.beside.close().await?;
        if let Some(Fresh { server, name }) = self.fresh {
            let drop = format!("DROP DATABASE {name} WITH (FORCE)");
            server.execute_unprepared(&drop).await?;
            server.close().await?;
        }
        Ok(std::fs::remove_dir_all(&self.folder)?)
    }

    /// How this program finds the database.
    pub(super) const fn place(&self) -> &Place {
        &self.place
    }

    /// Where files may be put.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// A connection for looking, past row-level security where the login is.
    pub(super) const fn beside(&self) -> &DatabaseConnection {
        &self.beside
    }

    /// `postgres` or `sqlite`
    pub(super) const fn database(&self) -> &'static str {
        if self.fresh.is_some() {
            "postgres"
        } else {
            "sqlite"
        }
    }

    /// The log, in this process. It must be closed before a server works on it.
    pub(super) async fn open(&self) -> Result<App> {
        Ok(process::open(&self.place, &CancellationToken::new()).await?)
    }

    /// Waits until every read model has reached the end of the log, and says how long that took.
    pub(super) async fn caught_up(&self) -> Result<Duration> {
        let started = Instant::now();
        while self.events_behind().await? > 0 {
            if started.elapsed() > CATCH_UP_MAX {
                return Err("the read models do not reach the end of the log".into());
            }
            sleep(LOOK).await;
        }
        Ok(started.elapsed())
    }

    /// Has the database look at what it holds and write it where it belongs, as it does by itself after a
    /// while: otherwise that is measured.
    pub(super) async fn analyze(&self) -> Result<()> {
        let upkeep: &[&str] = match self.beside.get_database_backend() {
            DbBackend::Postgres => &["VACUUM ANALYZE", "CHECKPOINT"],
            _ => &["ANALYZE"],
        };
        for sql in upkeep {
            self.beside.execute_unprepared(sql).await?;
        }
        Ok(())
    }

    /// Events of all tenants.
    pub(super) async fn events(&self) -> Result<usize> {
        let sql = "SELECT CAST(coalesce(sum(position), 0) AS bigint) FROM tenant_head";
        let query = Statement::from_string(self.beside.get_database_backend(), sql);
        let row = self.beside.query_one_raw(query).await?;
        let events = row.map(|row| row.try_get_by_index::<i64>(0)).transpose()?;
        Ok(usize::try_from(events.unwrap_or_default())?)
    }

    async fn events_behind(&self) -> Result<i64> {
        let sql = "SELECT CAST(coalesce(sum(h.position - coalesce(c.position, 0)), 0) AS bigint)
            FROM tenant_head h LEFT JOIN checkpoint c ON c.tenant_id = h.tenant_id AND c.grp = $1";
        let mut behind = 0;
        for group in registry::GROUPS {
            let backend = self.beside.get_database_backend();
            let query = Statement::from_sql_and_values(backend, sql, [group.into()]);
            if let Some(row) = self.beside.query_one_raw(query).await? {
                behind += row.try_get_by_index::<i64>(0)?;
            }
        }
        Ok(behind)
    }
}

/// Closes a log that was opened for a while.
pub(super) async fn close(store: &Store) {
    store.db().close().await;
}

fn secret() -> Result<String> {
    let mut bytes = [0; SECRET_MIN];
    getrandom::fill(&mut bytes)?;
    Ok(hex::encode(bytes))
}

/// The same server, another database.
fn named(url: &str, database: &str) -> Result<String> {
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let (scheme, server) = address
        .split_once("://")
        .ok_or("the database URL has no `://`")?;
    let login = server.split('/').next().unwrap_or(server);
    let query = if query.is_empty() {
        String::new()
    } else {
        format!("?{query}")
    };
    Ok(format!("{scheme}://{login}/{database}{query}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_database_stands_on_the_server_that_was_given() {
        let named = |url| named(url, "fresh").expect("a URL");
        assert_eq!(
            named("postgres://me:pw@db:5433"),
            "postgres://me:pw@db:5433/fresh"
        );
        assert_eq!(named("postgres://db/old"), "postgres://db/fresh");
        assert_eq!(
            named("postgres://db/old?sslmode=disable"),
            "postgres://db/fresh?sslmode=disable"
        );
    }
}
