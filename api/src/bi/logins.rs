//! Making, changing, listing and revoking logins. A login is called `bi_<tenant>_<user>`: policies
//! read the tenant from that name, which nobody can change for themselves.

use std::time::Duration;

use entrepot_domain::kernel::TenantId;
use entrepot_event_store::db::connect;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, FromQueryResult, Statement,
    TransactionTrait as _,
};

use super::password::Password;
use super::{BiError, LOGIN_ROLES, group_of};
use crate::auth::Role;

/// How long a revoked login's sessions may take to end.
const ENDING: Duration = Duration::from_secs(10);

/// A tenant's user.
#[derive(Clone, Debug)]
pub struct User {
    tenant: TenantId,
    slug: String,
    name: String,
}

impl User {
    /// `name` becomes part of the login's.
    pub fn new(tenant: TenantId, slug: &str, name: &str) -> Result<Self, BiError> {
        let fits = name.len() <= 32
            && name.starts_with(|first: char| first.is_ascii_lowercase())
            && name
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
        if !fits {
            return Err(BiError::UserName(name.to_owned()));
        }
        Ok(Self {
            tenant,
            slug: slug.to_owned(),
            name: name.to_owned(),
        })
    }

    /// What it logs in as: nothing but lower-case letters, digits and underscores.
    pub fn login(&self) -> String {
        format!("bi_{}_{}", self.tenant, self.name)
    }
}

/// What a login is to be.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Whose views it sees. `None`: as before, and finance for a new login.
    pub role: Option<Role>,
    /// A new password. `None`: as before, and a random one for a new login.
    pub password: Option<Password>,
    /// Whether it gets a schema of its own to write in.
    pub workspace: bool,
    /// Connections at once.
    pub connections: u16,
    /// After how many seconds a statement is cut off, unless the session says otherwise.
    pub statement_seconds: u32,
}

/// What was made or changed.
#[derive(Clone, Debug)]
pub struct Granted {
    /// What to log in as.
    pub login: String,
    /// Whose views it sees.
    pub role: Role,
    /// The password, if it is new. It is kept nowhere.
    pub password: Option<Password>,
    /// The schema that it may write in.
    pub workspace: Option<String>,
    /// Whether the files of big sorts are limited, which only a superuser may say.
    pub temp_files_limited: bool,
}

/// A login that is there.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Login {
    /// What it logs in as.
    pub login: String,
    /// The role whose views it sees, if any.
    pub role: Option<String>,
    /// Whether it has a schema of its own.
    pub workspace: bool,
    /// Connections at once.
    pub connections: i32,
    /// Connections now.
    pub sessions: i64,
}

/// The owner's connection.
#[derive(Debug)]
pub struct Owner {
    db: DatabaseConnection,
    superuser: bool,
}

impl Owner {
    /// Connects, if whoever the URL logs in as may make roles.
    pub async fn connect(url: &str) -> Result<Self, BiError> {
        if url.starts_with("sqlite:") {
            return Err(BiError::Sqlite);
        }
        let db = connect(url, 1).await?;
        let me = "SELECT rolname::text, rolsuper, rolcreaterole FROM pg_roles WHERE rolname = current_user";
        let row = one(&db, me).await?;
        let (name, superuser, may): (String, bool, bool) = (
            row.try_get_by_index(0)?,
            row.try_get_by_index(1)?,
            row.try_get_by_index(2)?,
        );
        if !superuser && !may {
            return Err(BiError::MayNotCreateRoles(name));
        }
        let groups = LOGIN_ROLES
            .map(|role| format!("'{}'", group_of(role)))
            .join(", ");
        let there = number(
            &db,
            &format!("SELECT count(*) FROM pg_roles WHERE rolname IN ({groups})"),
        )
        .await?;
        if there < i64::try_from(LOGIN_ROLES.len()).unwrap_or(i64::MAX) {
            return Err(BiError::NotMigrated);
        }
        Ok(Self { db, superuser })
    }

    /// Makes a login, or makes it what it is to be.
    pub async fn grant(&self, user: &User, terms: &Terms) -> Result<Granted, BiError> {
        if terms.role == Some(Role::Partner) {
            return Err(BiError::Partner);
        }
        let login = user.login();
        let tx = self.db.begin().await?;
        let password = match (self.known(&tx, &login).await?, &terms.password) {
            (false, None) => Some(Password::random()?),
            (_, chosen) => chosen.clone(),
        };
        if !self.known(&tx, &login).await? {
            tx.execute_unprepared(&format!("CREATE ROLE {login}"))
                .await?;
        }
        let current = role_of(&tx, &login).await?;
        let role = terms.role.or(current).unwrap_or(Role::Finance);
        if let Some(password) = &password {
            let verifier = password.verifier()?;
            tx.execute_unprepared(&format!("ALTER ROLE {login} PASSWORD '{verifier}'"))
                .await?;
        }
        if terms.workspace {
            let schema = format!(
                "CREATE SCHEMA IF NOT EXISTS {login}; GRANT USAGE, CREATE ON SCHEMA {login} TO {login}"
            );
            tx.execute_unprepared(&schema).await?;
        }
        let workspace = has_workspace(&tx, &login).await?;
        tx.execute_unprepared(&settings(&login, terms, workspace))
            .await?;
        // The schema is opened to the login itself: groups and logins belong to the server, and what
        // they may in one database must not hold in the next.
        tx.execute_unprepared(&format!("GRANT USAGE ON SCHEMA bi TO {login}"))
            .await?;
        for other in LOGIN_ROLES
            .into_iter()
            .filter(|other| current == Some(*other) && *other != role)
        {
            tx.execute_unprepared(&format!("REVOKE {} FROM {login}", group_of(other)))
                .await?;
        }
        if current != Some(role) {
            tx.execute_unprepared(&format!("GRANT {} TO {login}", group_of(role)))
                .await?;
        }
        let temp_files_limited = limit_temp_files(&tx, &login).await?;
        tx.commit().await?;
        Ok(Granted {
            workspace: workspace.then(|| login.clone()),
            login,
            role,
            password,
            temp_files_limited,
        })
    }

    /// Ends a login's sessions and takes it away, with its workspace.
    pub async fn revoke(&self, user: &User) -> Result<(), BiError> {
        let login = user.login();
        if !self.known(&self.db, &login).await? {
            return Err(BiError::NoLogin {
                tenant: user.slug.clone(),
                user: user.name.clone(),
            });
        }
        self.db
            .execute_unprepared(&format!("ALTER ROLE {login} NOLOGIN"))
            .await?;
        if !self.superuser {
            self.db
                .execute_unprepared(&format!("GRANT {login} TO CURRENT_USER"))
                .await?;
        }
        self.end_sessions(&login).await?;
        let tx = self.db.begin().await?;
        if has_workspace(&tx, &login).await? {
            tx.execute_unprepared(&format!("DROP SCHEMA {login} CASCADE"))
                .await?;
        }
        tx.execute_unprepared(&format!("DROP OWNED BY {login} CASCADE; DROP ROLE {login}"))
            .await?;
        Ok(tx.commit().await?)
    }

    async fn end_sessions(&self, login: &str) -> Result<(), BiError> {
        let end = format!(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = '{login}'"
        );
        let deadline = tokio::time::Instant::now() + ENDING;
        loop {
            let left = number(&self.db, &end).await?;
            if left == 0 {
                return Ok(());
            }
            if tokio::time::Instant::now() >= deadline {
                return Err(BiError::Sessions(left, login.to_owned()));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The logins of a tenant, or of all.
    pub async fn list(&self, tenant: Option<TenantId>) -> Result<Vec<Login>, BiError> {
        let names = tenant.map_or_else(|| "[0-9]+".to_owned(), |tenant| tenant.to_string());
        let roles = LOGIN_ROLES
            .map(|role| format!("'{}'", group_of(role)))
            .join(", ");
        let sql = format!(
            "SELECT r.rolname::text AS login,
               (SELECT substring(g.rolname FROM '[a-z]+$') FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid
                WHERE m.member = r.oid AND g.rolname IN ({roles})) AS role,
               EXISTS (SELECT FROM pg_namespace n WHERE n.nspname = r.rolname) AS workspace,
               r.rolconnlimit AS connections,
               (SELECT count(*) FROM pg_stat_activity a WHERE a.usesysid = r.oid) AS sessions
             FROM pg_roles r
             WHERE r.rolname ~ '^bi_{names}_[a-z][a-z0-9_]*$' AND NOT r.rolsuper AND {OPENED}
             ORDER BY 1"
        );
        let statement = Statement::from_string(DbBackend::Postgres, sql);
        Ok(Login::find_by_statement(statement).all(&self.db).await?)
    }

    /// Ends the connection.
    pub async fn close(self) -> Result<(), BiError> {
        Ok(self.db.close().await?)
    }

    /// Whether the login is there, for this database.
    async fn known(&self, db: &impl ConnectionTrait, login: &str) -> Result<bool, BiError> {
        let there = number(
            db,
            &format!("SELECT count(*) FROM pg_roles r WHERE r.rolname = '{login}'"),
        )
        .await?
            > 0;
        let here = number(
            db,
            &format!("SELECT count(*) FROM pg_roles r WHERE r.rolname = '{login}' AND {OPENED}"),
        )
        .await?
            > 0;
        if there && !here {
            return Err(BiError::Elsewhere(login.to_owned()));
        }
        Ok(there)
    }
}

/// Whether schema `bi` of this database was opened to role `r` itself.
const OPENED: &str = "EXISTS (SELECT FROM pg_namespace n, aclexplode(n.nspacl) a WHERE n.nspname = 'bi' AND a.grantee = r.oid)";

/// That it logs in, which a revoke that broke off has forbidden; what holds for every session unless
/// it says otherwise; and how many there may be, about which it has no say.
fn settings(login: &str, terms: &Terms, workspace: bool) -> String {
    let (path, read_only) = if workspace {
        ("\"$user\", bi", "off")
    } else {
        ("bi", "on")
    };
    let Terms {
        connections,
        statement_seconds,
        ..
    } = terms;
    format!(
        "ALTER ROLE {login} LOGIN CONNECTION LIMIT {connections};
         ALTER ROLE {login} SET search_path = {path};
         ALTER ROLE {login} SET default_transaction_read_only = {read_only};
         ALTER ROLE {login} SET statement_timeout = '{statement_seconds}s';
         ALTER ROLE {login} SET lock_timeout = '5s';
         ALTER ROLE {login} SET idle_in_transaction_session_timeout = '60s';
         ALTER ROLE {login} SET idle_session_timeout = '30min'"
    )
}

async fn role_of(db: &impl ConnectionTrait, login: &str) -> Result<Option<Role>, BiError> {
    for role in LOGIN_ROLES {
        let member = format!(
            "SELECT count(*) FROM pg_auth_members WHERE roleid = '{}'::regrole AND member = '{login}'::regrole",
            group_of(role)
        );
        if number(db, &member).await? > 0 {
            return Ok(Some(role));
        }
    }
    Ok(None)
}

async fn has_workspace(db: &impl ConnectionTrait, login: &str) -> Result<bool, BiError> {
    let sql = format!("SELECT count(*) FROM pg_namespace WHERE nspname = '{login}'");
    Ok(number(db, &sql).await? > 0)
}

/// Limits the disk that big sorts take, if this connection may say so.
async fn limit_temp_files(db: &impl ConnectionTrait, login: &str) -> Result<bool, BiError> {
    let may = "SELECT has_parameter_privilege(current_user, 'temp_file_limit', 'SET')::int::bigint";
    if number(db, may).await? == 0 {
        return Ok(false);
    }
    db.execute_unprepared(&format!("ALTER ROLE {login} SET temp_file_limit = '1GB'"))
        .await?;
    Ok(true)
}

async fn one(db: &impl ConnectionTrait, sql: &str) -> Result<sea_orm::QueryResult, BiError> {
    let row = db
        .query_one_raw(Statement::from_string(DbBackend::Postgres, sql))
        .await?;
    Ok(row.ok_or_else(|| sea_orm::DbErr::RecordNotFound(sql.to_owned()))?)
}

async fn number(db: &impl ConnectionTrait, sql: &str) -> Result<i64, BiError> {
    Ok(one(db, sql).await?.try_get_by_index(0)?)
}
