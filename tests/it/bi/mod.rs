//! BI with SQL: what the catalog must say, what a login may do, and what it may not however it tries.

mod attacks;
mod catalog;
mod logins;

use entrepot_api::auth::Role;
use entrepot_api::bi::logins::{Owner, Terms, User};
use entrepot_api::process;
use entrepot_domain::kernel::TenantId;
use entrepot_event_store::clock;
use entrepot_event_store::db::connect;
use entrepot_tests::TestDb;
use sea_orm::{DatabaseConnection, DbErr};
use serde_json::{Map, Value};

use crate::tenants::row_security::two_tenants;

/// Two tenants on one database, set up for BI.
struct Shop {
    db: TestDb,
    /// A superuser's connection.
    sql: DatabaseConnection,
    owner: Owner,
    north: i64,
    south: i64,
    /// Logins belong to the server, which other tests use at the same time.
    unique: String,
}

/// A login that was granted.
struct Login {
    name: String,
    url: String,
}

impl Shop {
    async fn open() -> Self {
        let (db, sql, [north, south]) = two_tenants().await;
        process::migrate(&db.place())
            .await
            .expect("rights are given");
        let owner = Owner::connect(&db.url).await.expect("a superuser");
        let unique = clock::fresh_id().simple().to_string()[20..].to_owned();
        Self {
            db,
            sql,
            owner,
            north,
            south,
            unique,
        }
    }

    fn user(&self, tenant: i64, name: &str) -> User {
        let name = format!("{name}_{}", self.unique);
        User::new(TenantId(tenant), "a-tenant", &name).expect("a name")
    }

    async fn login(&self, tenant: i64, name: &str, role: Role) -> Login {
        self.granted(
            tenant,
            name,
            &Terms {
                role: Some(role),
                ..terms()
            },
        )
        .await
    }

    async fn workspace(&self, tenant: i64, name: &str) -> Login {
        self.granted(
            tenant,
            name,
            &Terms {
                workspace: true,
                ..terms()
            },
        )
        .await
    }

    async fn granted(&self, tenant: i64, name: &str, terms: &Terms) -> Login {
        let granted = self
            .owner
            .grant(&self.user(tenant, name), terms)
            .await
            .expect("granted");
        let password = granted.password.expect("a new login has a password");
        let (_, place) = self.db.url.split_once('@').expect("user@host");
        Login {
            url: format!("postgres://{}:{}@{place}", granted.login, password.text()),
            name: granted.login,
        }
    }
}

fn terms() -> Terms {
    Terms {
        role: None,
        password: None,
        workspace: false,
        connections: 5,
        statement_seconds: 60,
    }
}

impl Login {
    async fn try_connect(&self) -> Result<DatabaseConnection, DbErr> {
        connect(&self.url, 1).await
    }

    async fn connect(&self) -> DatabaseConnection {
        self.try_connect().await.expect("the login is let in")
    }
}

/// A line of figures, for the suites.
struct Figures(Map<String, Value>);

impl Figures {
    fn new(figure: &str) -> Self {
        Self(Map::from_iter([("figure".to_owned(), figure.into())]))
    }

    fn with(mut self, name: &str, value: impl TryInto<i64>) -> Self {
        self.0
            .insert(name.to_owned(), value.try_into().unwrap_or(i64::MAX).into());
        self
    }

    #[expect(clippy::print_stdout, reason = "scripts/suites/bi-postgres reads it")]
    fn print(self) {
        println!("{}", Value::Object(self.0));
    }
}
