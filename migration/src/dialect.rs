//! What differs between SQLite and PostgreSQL in DDL.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DatabaseBackend;

/// The role that the server works as: it owns nothing and bypasses nothing.
pub(crate) const APP_ROLE: &str = "entrepot_app";

/// Runs DDL written once for both databases.
///
/// Types: `{uuid}` and `{bytes}`. `{clustered}` ends a table whose rows are read in key order.
pub(crate) async fn run(manager: &SchemaManager<'_>, ddl: &str) -> Result<(), DbErr> {
    let (uuid, bytes, clustered) = match manager.get_database_backend() {
        DatabaseBackend::Sqlite => ("blob", "blob", "WITHOUT ROWID"),
        _ => ("uuid", "bytea", ""),
    };
    let ddl = ddl
        .replace("{uuid}", uuid)
        .replace("{bytes}", bytes)
        .replace("{clustered}", clustered);
    manager
        .get_connection()
        .execute_unprepared(&ddl)
        .await
        .map(drop)
}

/// Whether the database is PostgreSQL.
pub(crate) fn postgres(manager: &SchemaManager<'_>) -> bool {
    manager.get_database_backend() == DatabaseBackend::Postgres
}

/// Puts tables of business data under row-level security, for their owner too, and lets the
/// application's role use them. SQLite has no roles: there, the tenant in every key and query is
/// what separates tenants.
pub(crate) async fn protect(manager: &SchemaManager<'_>, tables: &[&str]) -> Result<(), DbErr> {
    if !postgres(manager) {
        return Ok(());
    }
    for table in tables {
        let ddl = format!(
            "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
             ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
             CREATE POLICY tenant_isolation ON {table} TO {APP_ROLE}
               USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::bigint)
               WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::bigint);"
        );
        manager.get_connection().execute_unprepared(&ddl).await?;
    }
    grant(manager, tables, "SELECT, INSERT, UPDATE, DELETE").await
}

/// Makes a role that owns nothing, bypasses nothing and logs nobody in. Roles belong to the server,
/// not to a database: another one may have made it.
pub(crate) async fn create_role(manager: &SchemaManager<'_>, role: &str) -> Result<(), DbErr> {
    let ddl = format!(
        "DO $$ BEGIN
           CREATE ROLE {role} NOLOGIN NOSUPERUSER NOBYPASSRLS;
         EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
         END $$"
    );
    manager
        .get_connection()
        .execute_unprepared(&ddl)
        .await
        .map(drop)
}

/// Lets the application's role use tables.
pub(crate) async fn grant(
    manager: &SchemaManager<'_>,
    tables: &[&str],
    rights: &str,
) -> Result<(), DbErr> {
    if !postgres(manager) {
        return Ok(());
    }
    let ddl = format!("GRANT {rights} ON {} TO {APP_ROLE}", tables.join(", "));
    manager
        .get_connection()
        .execute_unprepared(&ddl)
        .await
        .map(drop)
}
