//! The policy as rights of PostgreSQL: a group a role, which reads the views that are open to the
//! role and exactly the columns behind them.

use entrepot_migration::bi::VIEWS;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement, TransactionTrait as _,
};

use super::{LOGIN_ROLES, group_of};
use crate::auth::Role;
use crate::graph::policy::sees_view;

/// The group of all of them: row-level security is bound to it.
const ALL: &str = "entrepot_bi";

/// Gives every group the rights that the policy says now and takes away all others, in one
/// transaction. Run after migrations, so that rights follow new columns.
pub async fn apply(db: &DatabaseConnection) -> Result<(), DbErr> {
    let tx = db.begin().await?;
    // One at a time: two that grant to the same roles would disturb each other.
    tx.execute_unprepared("LOCK TABLE seaql_migrations IN SHARE ROW EXCLUSIVE MODE")
        .await?;
    for role in LOGIN_ROLES {
        tx.execute_unprepared(&make_group(&group_of(role))).await?;
        for statement in rights(&tx, role).await? {
            tx.execute_unprepared(&statement).await?;
        }
    }
    tx.execute_unprepared(CLOSE).await?;
    tx.commit().await
}

/// Groups belong to the server: another database of it may have made them.
fn make_group(group: &str) -> String {
    format!(
        "DO $$ BEGIN
           CREATE ROLE {group} NOLOGIN;
         EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
         END $$;
         DO $$ BEGIN
           IF NOT EXISTS (SELECT FROM pg_auth_members WHERE roleid = '{ALL}'::regrole AND member = '{group}'::regrole) THEN
             GRANT {ALL} TO {group};
           END IF;
         END $$;
         REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {group};
         REVOKE ALL ON ALL TABLES IN SCHEMA bi FROM {group};"
    )
}

/// What the role's group is granted. The database itself knows which columns a view reads.
async fn rights(db: &impl ConnectionTrait, role: Role) -> Result<Vec<String>, DbErr> {
    let group = group_of(role);
    let views = VIEWS.iter().filter(|view| sees_view(role, view));
    let views: Vec<String> = views.map(|view| format!("bi.{}", view.name)).collect();
    if views.is_empty() {
        return Ok(Vec::new());
    }
    let behind = format!(
        "SELECT format('GRANT SELECT (%s) ON %s TO {group}',
                string_agg(DISTINCT quote_ident(a.attname), ', '), c.oid::regclass)
         FROM pg_rewrite r
         JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
           AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0
         JOIN pg_class c ON c.oid = d.refobjid AND c.oid <> r.ev_class
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid
         WHERE r.ev_class = ANY ('{{{}}}'::regclass[])
         GROUP BY c.oid",
        views.join(",")
    );
    let rows = db
        .query_all_raw(Statement::from_string(DbBackend::Postgres, behind))
        .await?;
    let mut rights = vec![format!("GRANT SELECT ON {} TO {group}", views.join(", "))];
    for row in rows {
        rights.push(row.try_get_by_index(0)?);
    }
    Ok(rights)
}

/// What PostgreSQL lets everybody do that a login for BI must not: temporary tables, which the server
/// needs itself, and large objects, which nothing needs. As far as whoever runs this may say so.
const CLOSE: &str = "
DO $$ BEGIN
  IF pg_has_role(current_user, (SELECT datdba FROM pg_database WHERE datname = current_database()), 'USAGE') THEN
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO entrepot_app', current_database());
  END IF;
  IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
    REVOKE EXECUTE ON FUNCTION lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea) FROM PUBLIC;
  END IF;
END $$";
