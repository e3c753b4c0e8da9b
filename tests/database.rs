//! A database of a test's own.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use entrepot_api::app::App;
use entrepot_api::config::Place;
use entrepot_api::process;
use entrepot_domain::postings::NoPostings;
use entrepot_event_store::db::{self, Db, DbOptions};
use entrepot_event_store::{Feed, Hints, Store, clock};
use entrepot_migration::{Migrator, MigratorTrait as _};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, Statement};
use tokio_util::sync::CancellationToken;

/// Connections of each node's two pools: a server has room for many tests.
const CONNECTIONS: u32 = 6;
/// The lock under which the template database is made.
const TEMPLATE_LOCK: i64 = 0x0065_6e74_7265_706f;

/// A fresh, migrated database, gone when it is dropped.
#[derive(Debug)]
pub struct TestDb {
    /// `sqlite:<path>`, or a superuser's `postgres://…`.
    pub url: String,
    dir: PathBuf,
    /// The PostgreSQL server and the database there.
    server: Option<(String, String)>,
}

impl TestDb {
    /// A SQLite file.
    pub async fn sqlite() -> Self {
        let dir = new_dir();
        let url = format!("sqlite:{}", dir.join("entrepot.db").display());
        let db = connect(&format!("{url}?mode=rwc")).await;
        Migrator::up(&db, None).await.expect("the file is migrated");
        db.close().await.expect("the file closes");
        Self {
            url,
            dir,
            server: None,
        }
    }

    /// A PostgreSQL database, copied from a template that is migrated once for each build of the tests.
    pub async fn postgres() -> Self {
        let server = server();
        let template = template(&server).await;
        let name = format!("entrepot_test_{}", clock::fresh_id().simple());
        let admin = connect(&format!("{server}/postgres")).await;
        run(
            &admin,
            &format!("CREATE DATABASE {name} TEMPLATE {template}"),
        )
        .await;
        admin.close().await.expect("closes");
        Self {
            url: format!("{server}/{name}"),
            dir: new_dir(),
            server: Some((server, name)),
        }
    }

    /// Whether this is PostgreSQL.
    pub const fn on_postgres(&self) -> bool {
        self.server.is_some()
    }

    /// Where a process finds the database.
    pub fn place(&self) -> Place {
        Place {
            data_dir: self.dir.clone(),
            database_url: Some(self.url.clone()),
            database_connections: CONNECTIONS,
            redis_url: None,
            secret: None,
        }
    }

    /// A process of the product on the database, without its workers.
    pub async fn app(&self) -> App {
        process::open(&self.place(), &CancellationToken::new())
            .await
            .expect("the process starts")
    }

    /// A node's store: each has its own connections, lanes and feed.
    pub async fn store(&self) -> Store {
        store_at(&self.url).await
    }

    /// A node's store whose connections and lanes live and die with a runtime.
    pub async fn store_on(&self, runtime: &tokio::runtime::Runtime) -> Store {
        let url = self.url.clone();
        runtime
            .spawn(async move { store_at(&url).await })
            .await
            .expect("the runtime runs")
    }

    /// A node's store that reaches the database through another port of this machine, and in which no
    /// statement runs for longer than this.
    pub async fn store_through(&self, port: u16, statement_within: Duration) -> Store {
        let (_, name) = self
            .server
            .as_ref()
            .expect("PostgreSQL is reached by a port");
        let url = format!("postgres://postgres@127.0.0.1:{port}/{name}");
        let options = DbOptions::new(url, CONNECTIONS);
        store_with(&DbOptions {
            statement_within,
            ..options
        })
        .await
    }

    /// `host:port` of the server.
    pub fn address(&self) -> String {
        let (server, _) = self.server.as_ref().expect("PostgreSQL has an address");
        server.rsplit('@').next().expect("a host").to_owned()
    }

    /// Lets nobody into the PostgreSQL database any more, and throws out who is in; or lets them in
    /// again.
    pub async fn shut(&self, shut: bool) {
        let (server, name) = self.server.as_ref().expect("PostgreSQL shuts");
        let admin = connect(&format!("{server}/postgres")).await;
        let open = !shut;
        run(
            &admin,
            &format!("ALTER DATABASE {name} ALLOW_CONNECTIONS {open}"),
        )
        .await;
        if shut {
            let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname";
            run(&admin, &format!("{end} = '{name}'")).await;
        }
        admin.close().await.expect("closes");
    }

    /// Leaves the program's own filter as the only line between tenants.
    pub async fn disable_row_security(&self) {
        let sql = self.sql().await;
        let tables = "DO $$ DECLARE t text; BEGIN
            FOR t IN SELECT c.oid::regclass::text FROM pg_class c
                WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relrowsecurity
            LOOP EXECUTE format('ALTER TABLE %s NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY', t); END LOOP;
        END $$";
        run(&sql, tables).await;
        sql.close().await.expect("closes");
    }

    /// A connection of nobody's process: on PostgreSQL a superuser's, which row-level security does
    /// not bind.
    pub async fn sql(&self) -> DatabaseConnection {
        connect(&self.url).await
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        let _removed = std::fs::remove_dir_all(&self.dir);
        let Some((server, name)) = self.server.take() else {
            return;
        };
        // A runtime of its own: the test's is blocked here.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.map(|runtime| runtime.block_on(drop_database(&server, &name)))
        });
        let _joined = dropped.join();
    }
}

async fn drop_database(server: &str, name: &str) {
    let admin = db::connect(&format!("{server}/postgres"), 1).await;
    if let Ok(admin) = admin {
        let sql = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        let _dropped = admin.execute_unprepared(&sql).await;
    }
}

fn server() -> String {
    told("ENTREPOT_TEST_POSTGRES")
}

/// The Redis of this run.
pub fn redis() -> String {
    told("ENTREPOT_TEST_REDIS")
}

#[expect(
    clippy::disallowed_methods,
    reason = "where the test servers are is told by scripts/with-servers"
)]
fn told(variable: &str) -> String {
    let value = std::env::var(variable);
    value.unwrap_or_else(|_| {
        panic!("{variable} is not set: run scripts/test, which starts the servers that tests need")
    })
}

fn new_dir() -> PathBuf {
    let dir = std::env::temp_dir().join(format!("entrepot-test-{}", clock::fresh_id().simple()));
    std::fs::create_dir_all(&dir).expect("a folder is made");
    dir
}

async fn store_at(url: &str) -> Store {
    store_with(&DbOptions::new(url.to_owned(), CONNECTIONS)).await
}

async fn store_with(options: &DbOptions) -> Store {
    let db = Db::open(options).await.expect("the database opens");
    Store::new(
        db,
        Arc::new(Feed::default()),
        Hints::none(),
        Arc::new(NoPostings),
    )
}

async fn connect(url: &str) -> DatabaseConnection {
    db::connect(url, 1).await.expect("the database answers")
}

async fn run(sql: &DatabaseConnection, statement: &str) {
    sql.execute_unprepared(statement)
        .await
        .expect("the server does it");
}

/// The migrated database that tests copy: one for each build of the tests, made by whoever comes first.
async fn template(server: &str) -> String {
    let name = format!("entrepot_template_{}", build());
    let admin = connect(&format!("{server}/postgres")).await;
    run(&admin, &format!("SELECT pg_advisory_lock({TEMPLATE_LOCK})")).await;
    let sql = format!("SELECT 1 FROM pg_database WHERE datname = '{name}'");
    let there = admin
        .query_one_raw(Statement::from_string(DbBackend::Postgres, sql))
        .await
        .expect("answers");
    if there.is_none() {
        let new = format!("{name}_new");
        run(&admin, &format!("DROP DATABASE IF EXISTS {new}")).await;
        run(&admin, &format!("CREATE DATABASE {new}")).await;
        let db = connect(&format!("{server}/{new}")).await;
        Migrator::up(&db, None)
            .await
            .expect("the template is migrated");
        db.close().await.expect("closes");
        // Renamed when it is whole: a run that was killed leaves no half template.
        run(&admin, &format!("ALTER DATABASE {new} RENAME TO {name}")).await;
    }
    admin
        .close()
        .await
        .expect("the lock goes with the connection");
    name
}

/// Tells builds of the tests apart.
fn build() -> String {
    let exe = std::env::current_exe()
        .and_then(std::fs::metadata)
        .expect("the tests know their file");
    let built = exe.modified().expect("files have times");
    let age = built
        .duration_since(std::time::SystemTime::UNIX_EPOCH)
        .expect("after 1970");
    format!("{}_{}", age.as_nanos(), exe.len())
}

/// Makes a connection work as the server does: the application's role, a tenant or none.
pub async fn as_app(sql: &DatabaseConnection, tenant: Option<i64>) {
    let tenant = tenant.map(|tenant| tenant.to_string()).unwrap_or_default();
    let set = format!("SET ROLE entrepot_app; SET app.tenant_id = '{tenant}'");
    sql.execute_unprepared(&set)
        .await
        .expect("the role is there");
}
