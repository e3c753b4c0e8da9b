//! The views for BI, and whose rows a login for BI sees.
//!
//! A later change of the views is a migration of its own that creates all of them; this one stops
//! creating them then: see [`bi::create`].

use sea_orm_migration::prelude::*;

use crate::bi::{self, BI_ROLE};
use crate::dialect::{APP_ROLE, create_role, postgres, run};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if postgres(manager) {
            create_role(manager, BI_ROLE).await?;
            for table in CATALOGUE {
                run(manager, &open_to_the_server(table)).await?;
            }
            for table in BEHIND_VIEWS {
                run(manager, &bind_to_identity(table)).await?;
            }
            // What nobody can name, nobody reads: logins for BI use no schema but `bi`.
            run(manager, "REVOKE ALL ON SCHEMA public FROM PUBLIC").await?;
        }
        bi::create(manager).await
    }
}

/// Tables that the server reads across tenants: who they are, and what work there is.
const CATALOGUE: &[&str] = &["tenant", "tenant_head", "checkpoint", "timer", "lease"];

/// Tables that views read.
const BEHIND_VIEWS: &[&str] = &[
    "checkpoint",
    "event",
    "rm_bi_order_lines",
    "rm_bi_orders",
    "rm_bi_payments",
    "rm_bi_shipments",
    "rm_customers",
    "rm_inventory",
    "rm_margin_days",
    "rm_margins",
    "rm_mrr_movements",
    "rm_products",
    "rm_subscriptions",
    "tenant_head",
];

fn open_to_the_server(table: &str) -> String {
    format!(
        "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
         ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
         CREATE POLICY catalogue ON {table} TO {APP_ROLE} USING (true) WITH CHECK (true);"
    )
}

/// A login `bi_<tenant>_<user>` reads the rows of the tenant in its name, whatever it sets: a setting
/// is no boundary for somebody who types SQL. The expression is stable and reads no table, so that it
/// is an index condition, here and on Citus.
fn bind_to_identity(table: &str) -> String {
    format!(
        "CREATE POLICY bi_identity ON {table} FOR SELECT TO {BI_ROLE}
           USING (tenant_id = substring(current_user::text FROM '^bi_([0-9]{{1,18}})_')::bigint)"
    )
}
