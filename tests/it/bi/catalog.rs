//! The catalog of PostgreSQL says that the rules hold, for every table; and the gate that says so
//! finds what breaks them.

use entrepot_api::auth::Role;
use entrepot_api::process;
use entrepot_migration::bi::VIEWS;
use sea_orm::{ConnectionTrait as _, DatabaseConnection};

use super::{Figures, Shop};
use crate::tenants::row_security::{count, texts};

const GATE: &str = include_str!("gate.sql");

async fn violations(sql: &DatabaseConnection) -> Vec<String> {
    texts(sql, GATE).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_rules_hold_for_every_table_view_and_role() {
    let shop = Shop::open().await;
    let _login = shop.login(shop.north, "ana", Role::Finance).await;
    let _writer = shop.workspace(shop.north, "dbt").await;
    assert_eq!(violations(&shop.sql).await, Vec::<String>::new());
    let tables = count(&shop.sql, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'seaql_migrations' AND rowsecurity").await;
    assert!(tables >= 24, "only {tables} tables");
    Figures::new("bi catalog")
        .with("tables", tables)
        .with("views", VIEWS.len())
        .with("violations", 0)
        .print();
}

/// Each breaks one rule.
const MESSES: &[(&str, &str)] = &[
    (
        "CREATE TABLE notes (id bigint PRIMARY KEY)",
        "notes has no tenant_id that is never null",
    ),
    (
        "CREATE TABLE tags (tenant_id bigint NOT NULL, tag text UNIQUE, PRIMARY KEY (tenant_id, tag))",
        "tags_tag_key is an index without the tenant in front",
    ),
    (
        "CREATE INDEX rm_orders_status ON rm_orders (status, tenant_id)",
        "rm_orders_status is an index without the tenant in front",
    ),
    (
        "CREATE TABLE keyless (tenant_id bigint NOT NULL)",
        "keyless has no primary key",
    ),
    (
        "CREATE TABLE child (tenant_id bigint NOT NULL PRIMARY KEY, tag text CONSTRAINT child_tag REFERENCES tags (tag))",
        "child_tag is a foreign key without the tenant",
    ),
    (
        "ALTER TABLE rm_orders DISABLE ROW LEVEL SECURITY",
        "rm_orders is without row-level security",
    ),
    (
        "ALTER TABLE rm_products NO FORCE ROW LEVEL SECURITY",
        "rm_products does not bind its owner",
    ),
    (
        "CREATE POLICY everybody ON rm_orders USING (tenant_id = 1)",
        "rm_orders.everybody is open to everybody",
    ),
    (
        "CREATE POLICY open ON rm_margins FOR SELECT TO entrepot_bi USING (true)",
        "rm_margins.open lets every tenant through",
    ),
    (
        "CREATE POLICY channel ON rm_orders TO entrepot_app USING (channel = 'web')",
        "rm_orders.channel does not name the tenant",
    ),
    (
        "CREATE POLICY lookup ON rm_orders TO entrepot_app USING (tenant_id = (SELECT min(t.tenant_id) FROM tenant t))",
        "rm_orders.lookup reads a table",
    ),
    (
        "CREATE POLICY setting ON rm_orders FOR SELECT TO entrepot_bi USING (tenant_id = current_setting('app.tenant_id')::bigint)",
        "rm_orders.setting trusts a setting of whoever types SQL",
    ),
    (
        "CREATE VIEW bi.everything AS SELECT tenant_id FROM rm_orders",
        "bi.everything shows its owner's rows",
    ),
    (
        "CREATE VIEW bi.nameless WITH (security_invoker = true) AS SELECT sku FROM rm_products",
        "bi.nameless is a view without tenant_id in front",
    ),
    (
        "CREATE MATERIALIZED VIEW frozen AS SELECT 1 AS one",
        "frozen is a materialized view",
    ),
    (
        "CREATE TABLE serials (tenant_id bigint NOT NULL, id serial, PRIMARY KEY (tenant_id, id))",
        "serials_id_seq is a sequence: numbers tell what others do",
    ),
    (
        "GRANT SELECT ON SEQUENCE log_moves TO PUBLIC",
        "log_moves is a sequence: numbers tell what others do",
    ),
    (
        "CREATE FUNCTION peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM event'",
        "peek() runs as its owner and finds names where its caller says",
    ),
    (
        "CREATE FUNCTION noop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'; CREATE TRIGGER watch BEFORE INSERT ON rm_orders FOR EACH ROW EXECUTE FUNCTION noop()",
        "watch is a trigger",
    ),
    (
        "ALTER TABLE rm_order_days OWNER TO entrepot_app",
        "entrepot_app owns rm_order_days",
    ),
    (
        "GRANT INSERT ON rm_bi_orders TO entrepot_bi_finance",
        "entrepot_bi_finance may INSERT rm_bi_orders",
    ),
    (
        "GRANT SELECT ON rm_bi_payments TO entrepot_bi_support",
        "entrepot_bi_support may SELECT rm_bi_payments",
    ),
    (
        "GRANT SELECT (payload) ON event TO entrepot_bi_finance",
        "entrepot_bi_finance may SELECT event.payload",
    ),
    (
        "GRANT SELECT (fee_minor) ON rm_bi_payments TO entrepot_bi_support",
        "entrepot_bi_support may SELECT rm_bi_payments.fee_minor",
    ),
    (
        "GRANT SELECT ON personal TO PUBLIC",
        "PUBLIC may SELECT personal",
    ),
    (
        "DROP POLICY bi_identity ON rm_customers",
        "rm_customers is behind a view and bound to nobody's identity",
    ),
    (
        "GRANT CREATE ON SCHEMA bi TO entrepot_bi_finance",
        "entrepot_bi_finance may CREATE in schema bi",
    ),
    (
        "GRANT USAGE ON SCHEMA public TO PUBLIC",
        "PUBLIC may USAGE in schema public",
    ),
    (
        "DO $$ BEGIN EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO PUBLIC', current_database()); END $$",
        "PUBLIC may make temporary tables",
    ),
    (
        "GRANT EXECUTE ON FUNCTION lo_create(oid) TO PUBLIC",
        "everybody may run lo_create(oid)",
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_gate_finds_every_violation_of_a_messy_schema() {
    let shop = Shop::open().await;
    for (mess, _) in MESSES {
        let made = shop.sql.execute_unprepared(mess).await;
        made.unwrap_or_else(|error| panic!("{mess}: {error}"));
    }
    let found = violations(&shop.sql).await;
    for (mess, violation) in MESSES {
        assert!(
            found.iter().any(|found| found == violation),
            "{mess} is not found as `{violation}` in {found:#?}"
        );
    }
    Figures::new("bi catalog gate")
        .with("rules_broken", MESSES.len())
        .with("found", found.len())
        .print();
}

/// Roles belong to the server: what they are is broken and mended in a transaction that is never committed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_gate_finds_roles_that_can_too_much() {
    let shop = Shop::open().await;
    let login = shop.login(shop.north, "ana", Role::Support).await;
    for (mess, violation) in [
        (
            "ALTER ROLE {} BYPASSRLS",
            "{} can more than a reader should",
        ),
        (
            "ALTER ROLE {} CONNECTION LIMIT -1",
            "{} logs in without a limit of connections",
        ),
        ("GRANT entrepot_app TO {}", "{} is a member of entrepot_app"),
        (
            "GRANT pg_read_all_data TO {}",
            "{} is a member of pg_read_all_data",
        ),
        ("ALTER TABLE rm_orders OWNER TO {}", "{} owns rm_orders"),
        ("GRANT UPDATE ON bi.orders TO {}", "{} may UPDATE bi.orders"),
    ] {
        let (mess, violation) = (
            mess.replace("{}", &login.name),
            violation.replace("{}", &login.name),
        );
        shop.sql
            .execute_unprepared(&format!("BEGIN; {mess}"))
            .await
            .unwrap();
        let found = violations(&shop.sql).await;
        shop.sql.execute_unprepared("ROLLBACK").await.unwrap();
        assert!(found.contains(&violation), "{mess} is not found: {found:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_view_and_column_says_what_it_is() {
    let shop = Shop::open().await;
    let silent = texts(
        &shop.sql,
        "SELECT c.relname || coalesce('.' || a.attname, '') FROM pg_class c
         LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
         WHERE c.relnamespace = 'bi'::regnamespace
           AND (obj_description(c.oid) IS NULL OR col_description(c.oid, a.attnum) IS NULL) ORDER BY 1",
    )
    .await;
    assert_eq!(silent, Vec::<String>::new());
    // What the definition says is what the database has.
    for view in VIEWS {
        let columns = format!(
            "SELECT attname || ' ' || format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'bi.{}'::regclass AND attnum > 0 ORDER BY attnum",
            view.name
        );
        let types = |field: &entrepot_migration::bi::Field| {
            let kind = field
                .kind
                .to_string()
                .replace("timestamptz", "timestamp with time zone")
                .replace(", ", ",");
            format!("{} {kind}", field.name)
        };
        let said: Vec<String> = view.fields().iter().map(types).collect();
        assert_eq!(texts(&shop.sql, &columns).await, said, "{}", view.name);
    }
}

/// Rights follow new columns when the database is migrated.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rights_follow_new_columns() {
    let shop = Shop::open().await;
    let login = shop.login(shop.north, "ana", Role::Support).await;
    let session = login.connect().await;
    let read = "SELECT count(*) FROM bi.products";
    assert!(count(&session, read).await > 0);
    let definition = texts(&shop.sql, "SELECT pg_get_viewdef('bi.products'::regclass)")
        .await
        .remove(0);
    let wider = definition.replace("\n   FROM", ",\n rm_products.brand\n FROM");
    let wider = format!(
        "ALTER TABLE rm_products ADD COLUMN brand text; CREATE OR REPLACE VIEW bi.products WITH (security_invoker = true) AS {wider}"
    );
    shop.sql.execute_unprepared(&wider).await.unwrap();
    assert!(
        session.execute_unprepared(read).await.is_err(),
        "a column that is not granted closes the view"
    );
    process::migrate(&shop.db.place()).await.unwrap();
    assert!(
        count(
            &session,
            "SELECT count(*) FROM bi.products WHERE brand IS NULL"
        )
        .await
            > 0
    );
    assert_eq!(violations(&shop.sql).await, Vec::<String>::new());
}
