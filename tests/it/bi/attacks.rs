//! Whoever has a login tries everything that SQL lets one try: nothing of a neighbor shows, nothing
//! that the role does not open, nothing is written. Each attack is tried as every kind of login, as
//! the login comes and again after it has switched off what its settings say.

use entrepot_api::auth::Role;
use entrepot_migration::bi::VIEWS;
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, Statement};

use super::{Figures, Login, Shop};
use crate::tenants::row_security::{count, texts};

/// Stands in the neighbor's rows, and nowhere else.
const MARK: &str = "SOUTHERN_SECRET";

/// What is refused for want of a right: nobody may, whatever the session is set to. `{south}` is the
/// neighbor's number, `{neighbor}` its login, `{me}` the attacker's.
const REFUSED: &[&str] = &[
    // Other roles.
    "SET ROLE entrepot_app",
    "SET ROLE {neighbor}",
    "SET ROLE postgres",
    "SET SESSION AUTHORIZATION {neighbor}",
    "CREATE ROLE intruder",
    "ALTER ROLE {me} BYPASSRLS",
    "ALTER ROLE {me} SUPERUSER",
    "ALTER ROLE {me} CONNECTION LIMIT 1000",
    "ALTER ROLE {me} RENAME TO bi_{south}_me",
    "ALTER ROLE {neighbor} PASSWORD 'mine'",
    "GRANT entrepot_app TO {me}",
    "GRANT pg_read_all_data TO {me}",
    // Tables by their names: events, personal data, the vault, the catalogue.
    "SELECT payload FROM event",
    "SELECT payload FROM public.event",
    "SELECT tenant_id FROM public.event",
    "SELECT sealed FROM public.personal",
    "SELECT wrapped_key FROM public.subject_key",
    "SELECT state FROM public.snapshot",
    "SELECT slug FROM public.tenant",
    "SELECT position FROM public.tenant_head",
    "SELECT position FROM public.checkpoint",
    "SELECT detail FROM public.timer",
    "SELECT doc FROM public.rm_orders",
    "SELECT personal_ref FROM public.rm_customers",
    "TABLE public.rm_bi_orders",
    "TABLE public.command",
    "TABLE public.seaql_migrations",
    "SELECT table_to_xml('public.rm_bi_orders', true, true, '')",
    "SELECT query_to_xml('TABLE public.event', true, true, '')",
    "SELECT table_to_xml(oid, true, true, '') FROM pg_class WHERE relname = 'event'",
    "DO $$ BEGIN EXECUTE 'SELECT payload FROM public.event'; END $$",
    "EXPLAIN ANALYZE SELECT payload FROM public.event",
    "PREPARE peek AS SELECT payload FROM public.event",
    "DECLARE peek CURSOR WITH HOLD FOR SELECT payload FROM public.event",
    "COPY public.rm_bi_orders TO STDOUT",
    // Passwords, statistics, files, programs.
    "SELECT rolpassword FROM pg_authid",
    "SELECT passwd FROM pg_shadow",
    "SELECT * FROM pg_statistic",
    "SELECT * FROM pg_largeobject",
    "SELECT * FROM pg_hba_file_rules",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT pg_read_binary_file('/etc/passwd')",
    "SELECT pg_ls_dir('.')",
    "SELECT pg_stat_file('PG_VERSION')",
    "COPY (SELECT 1) TO PROGRAM 'id'",
    "COPY (SELECT 1) TO '/tmp/stolen'",
    "DO $$ BEGIN EXECUTE 'COPY (SELECT 1) TO PROGRAM ''id'''; END $$",
    "SELECT lo_import('/etc/passwd')",
    "SELECT lo_export(1, '/tmp/stolen')",
    "SELECT lo_create(0)",
    "SELECT lo_creat(-1)",
    "SELECT lo_from_bytea(0, 'x')",
    "LOAD '/tmp/evil.so'",
    "CREATE EXTENSION dblink",
    "CREATE LANGUAGE plpython3u",
    "ALTER SYSTEM SET port = 1",
    "SET session_preload_libraries = '/tmp/evil'",
    "SET log_statement = 'none'",
    "SELECT pg_reload_conf()",
    "SELECT pg_rotate_logfile()",
    "CHECKPOINT",
    "SELECT pg_create_restore_point('x')",
    "SELECT pg_switch_wal()",
    "SELECT pg_logical_slot_get_changes('x', NULL, NULL)",
    "SELECT pg_create_logical_replication_slot('x', 'test_decoding')",
    "CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p",
    // Things of one's own, and changing what is there.
    "CREATE TABLE public.mine (x int)",
    "CREATE TABLE bi.mine (x int)",
    "CREATE VIEW bi.mine AS SELECT 1",
    "CREATE TEMP TABLE mine (x int)",
    "CREATE FUNCTION bi.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE SCHEMA mine",
    "CREATE DATABASE mine",
    "CREATE EVENT TRIGGER mine ON ddl_command_end EXECUTE FUNCTION pg_catalog.current_database()",
    "CREATE POLICY mine ON public.rm_bi_orders USING (true)",
    "DROP POLICY bi_identity ON public.rm_bi_orders",
    "ALTER TABLE public.rm_bi_orders DISABLE ROW LEVEL SECURITY",
    "ALTER VIEW bi.orders SET (security_invoker = false)",
    "ALTER VIEW bi.orders OWNER TO {me}",
    "CREATE OR REPLACE VIEW bi.orders AS SELECT 1 AS tenant_id",
    "DROP VIEW bi.orders",
    "DROP SCHEMA bi CASCADE",
    "ALTER SCHEMA bi RENAME TO mine",
    "COMMENT ON VIEW bi.orders IS 'mine'",
    "GRANT USAGE ON SCHEMA public TO {me}",
    "TRUNCATE public.rm_bi_orders",
    "DO $$ BEGIN LOCK TABLE bi.orders IN ACCESS EXCLUSIVE MODE; END $$",
    "SELECT * FROM bi.orders FOR UPDATE",
    "INSERT INTO public.event (tenant_id) VALUES ({south})",
    "UPDATE public.rm_bi_orders SET tenant_id = {south}",
    "DELETE FROM public.rm_bi_orders",
    "UPDATE pg_class SET relrowsecurity = false",
    "DELETE FROM pg_policy",
    // Other people's sessions.
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{neighbor}'",
    "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres'",
];

/// What the database warns of and does not do.
const MOOT: &[&str] = &[
    "GRANT SELECT ON bi.line_margins TO entrepot_bi_support",
    "GRANT SELECT ON bi.orders TO PUBLIC",
    "GRANT USAGE ON SCHEMA bi TO PUBLIC",
    "REVOKE ALL ON bi.orders FROM entrepot_bi_support",
    "REVOKE USAGE ON SCHEMA bi FROM {neighbor}",
    "REVOKE entrepot_bi_finance FROM {neighbor}",
];

/// All rights that there are.
const RIGHTS: &str = "SELECT md5(string_agg(acl, ' ' ORDER BY acl)) FROM (
    SELECT relname || relacl::text AS acl FROM pg_class WHERE relnamespace IN ('public'::regnamespace, 'bi'::regnamespace) AND relacl IS NOT NULL
    UNION ALL SELECT nspname || nspacl::text FROM pg_namespace WHERE nspacl IS NOT NULL
    UNION ALL SELECT attrelid || attname || attacl::text FROM pg_attribute WHERE attacl IS NOT NULL
    UNION ALL SELECT 'member ' || roleid || ' ' || member FROM pg_auth_members WHERE member IN (SELECT oid FROM pg_roles WHERE rolname ~ '^bi_.*_{unique}$')
  ) rights";

/// What answers, and counts nothing: each is a number that must be 0.
const NOTHING: &[&str] = &[
    "SELECT count(*) FROM bi.orders WHERE tenant_id <> {north}",
    "SELECT count(*) FROM bi.orders WHERE tenant_id = {south} OR true AND tenant_id <> {north}",
    "SELECT count(*) FROM bi.orders WHERE channel LIKE '%SOUTHERN%'",
    "SELECT count(*) FROM bi.products a CROSS JOIN bi.order_lines b WHERE a.tenant_id <> b.tenant_id",
    "SELECT count(*) FROM bi.products WHERE tenant_id <> {north}",
    "SELECT count(*) FROM bi.customers WHERE tenant_id <> {north}",
    "SELECT count(*) FROM bi.freshness WHERE tenant_id <> {north}",
    "SELECT count(DISTINCT tenant_id) - 1 FROM bi.freshness",
    "WITH RECURSIVE a AS (SELECT tenant_id FROM bi.orders UNION SELECT tenant_id FROM bi.payments) SELECT count(*) FROM a WHERE tenant_id <> {north}",
    // What the planner gathered about columns, and what others run.
    "SELECT count(*) FROM pg_stats WHERE schemaname IN ('public', 'bi')",
    "SELECT count(*) FROM pg_stats_ext WHERE schemaname = 'public'",
    "SELECT count(*) FROM pg_stat_activity WHERE usename <> current_user AND query NOT IN ('', '<insufficient privilege>')",
    // What the catalog says of functions that anybody might call.
    "SELECT count(*) FROM pg_proc WHERE prosecdef",
    // All that one can read, as one document.
    "SELECT position('SOUTHERN' IN database_to_xml(true, true, '')::text)::bigint",
    "SELECT position('SOUTHERN' IN schema_to_xml('bi', true, true, '')::text)::bigint",
];

/// What a session may set without being refused, and which must change nothing.
const SETTINGS: &[&str] = &[
    "SET default_transaction_read_only = off",
    "SET app.tenant_id = '{south}'; SET default_transaction_read_only = off",
    "SELECT set_config('app.tenant_id', '{south}', false); SET default_transaction_read_only = off",
    "SET ROLE entrepot_bi_{role}; SET app.tenant_id = '{south}'; RESET ROLE; SET default_transaction_read_only = off",
    "SET row_security = on; SET search_path = public, bi; SET statement_timeout = 0; SET default_transaction_read_only = off",
];

struct Attacker {
    login: Login,
    role: Role,
    texts: [(&'static str, String); 5],
}

impl Attacker {
    fn say(&self, attack: &str) -> String {
        self.texts
            .iter()
            .fold(attack.to_owned(), |attack, (name, text)| {
                attack.replace(name, text)
            })
    }
}

/// Two tenants, the neighbor's rows marked and its session open, and one attacker of each kind.
async fn siege() -> (Shop, DatabaseConnection, Vec<Attacker>) {
    let shop = Shop::open().await;
    mark(&shop).await;
    let neighbor = shop.login(shop.south, "neighbor", Role::Finance).await;
    let mut attackers = Vec::new();
    for (name, role) in [
        ("fin", Role::Finance),
        ("sup", Role::Support),
        ("ops", Role::Operator),
    ] {
        attackers.push((shop.login(shop.north, name, role).await, role));
    }
    attackers.push((shop.workspace(shop.north, "dbt").await, Role::Finance));
    let attacker = |(login, role): (Login, Role)| Attacker {
        texts: [
            ("{north}", shop.north.to_string()),
            ("{south}", shop.south.to_string()),
            ("{neighbor}", neighbor.name.clone()),
            ("{me}", login.name.clone()),
            ("{role}", role.name().to_owned()),
        ],
        login,
        role,
    };
    let attackers = attackers.into_iter().map(attacker).collect();
    let session = neighbor.connect().await;
    (shop, session, attackers)
}

/// Writes the mark into every text of the neighbor's rows that views show, and gathers statistics.
async fn mark(shop: &Shop) {
    let columns = "SELECT format('UPDATE %s SET %I = ''SOUTHERN_SECRET'' || %I WHERE tenant_id = {south}', c.oid::regclass, a.attname, a.attname)
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relname ~ '^rm_(bi_|products|inventory|margins|customers)' AND c.relkind = 'r' AND a.atttypid = 'text'::regtype
          AND a.attname IN ('channel', 'external_id', 'sku', 'provider', 'provider_ref', 'carrier', 'tracking', 'title', 'warehouse')";
    let columns = columns.replace("{south}", &shop.south.to_string());
    for update in texts(&shop.sql, &columns).await {
        shop.sql.execute_unprepared(&update).await.expect("marked");
    }
    shop.sql
        .execute_unprepared("ANALYZE")
        .await
        .expect("analyzed");
    let marked = format!("SELECT count(*) FROM bi.order_lines WHERE sku LIKE '{MARK}%'");
    assert!(
        count(&shop.sql, &marked).await > 0,
        "there is something to find"
    );
}

/// Whether the database said no for want of a right, and showed nothing in saying so.
fn refused_by_right(attack: &str, refusal: &sea_orm::DbErr) {
    let sea_orm::DbErr::Exec(sea_orm::RuntimeErr::SqlxError(error)) = refusal else {
        panic!("{attack}: {refusal}");
    };
    let error = error
        .as_database_error()
        .unwrap_or_else(|| panic!("{attack}: {refusal}"));
    let code = error.code().unwrap_or_default();
    // 42501 no right; 25006 read-only; 42P01 and 3F000 a name outside the search path; 0A000 not built
    // in; 58P01 a file that is not there for an extension that nobody may make.
    assert!(
        matches!(
            &*code,
            "42501" | "25006" | "42P01" | "0A000" | "58P01" | "55000"
        ),
        "{attack}: {code} {refusal}"
    );
    assert!(!refusal.to_string().contains(MARK), "{attack}: {refusal}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_a_login_tries_gets_out() {
    let (shop, _neighbor, attackers) = siege().await;
    let rights = RIGHTS.replace("{unique}", &shop.unique);
    let before = texts(&shop.sql, &rights).await;
    let mut tried = 0;
    for attacker in &attackers {
        for setting in std::iter::once(&"SELECT 1").chain(SETTINGS) {
            let setting = attacker.say(setting);
            let session = attacker.login.connect().await;
            for attack in REFUSED {
                let attack = attacker.say(attack);
                session
                    .execute_unprepared(&setting)
                    .await
                    .unwrap_or_else(|error| panic!("{setting}: {error}"));
                let answer = session.execute_unprepared(&attack).await;
                let refusal = answer.err().unwrap_or_else(|| {
                    panic!("{} after `{setting}` may: {attack}", attacker.login.name)
                });
                refused_by_right(&attack, &refusal);
                tried += 1;
            }
            for attack in NOTHING {
                let attack = attacker.say(attack);
                session.execute_unprepared(&setting).await.expect("set");
                assert_eq!(
                    count(&session, &attack).await,
                    0,
                    "{} after `{setting}`: {attack}",
                    attacker.login.name
                );
                tried += 1;
            }
            for attack in MOOT {
                let _warned = session.execute_unprepared(&attacker.say(attack)).await;
                tried += 1;
            }
            tried += writes(&session, attacker).await;
            session.close().await.expect("closes");
        }
    }
    tried += errors_tell_nothing(&attackers).await;
    tried += functions_see_nothing(&attackers).await;
    assert_eq!(
        texts(&shop.sql, &rights).await,
        before,
        "rights have changed"
    );
    Figures::new("bi attacks")
        .with("tried", tried)
        .with("logins", attackers.len())
        .with("leaks", 0)
        .print();
}

/// No view can be written through, although some are simple enough for it.
async fn writes(session: &DatabaseConnection, attacker: &Attacker) -> usize {
    for view in VIEWS {
        for write in [
            format!("UPDATE bi.{} SET tenant_id = tenant_id", view.name),
            format!("DELETE FROM bi.{}", view.name),
            format!(
                "INSERT INTO bi.{} (tenant_id) VALUES ({})",
                view.name, attacker.texts[1].1
            ),
        ] {
            let refusal = session.execute_unprepared(&write).await.expect_err(&write);
            refused_by_right_or_shape(&write, &refusal);
        }
    }
    VIEWS.len() * 3
}

/// A view over a join cannot be written by anybody.
fn refused_by_right_or_shape(attack: &str, refusal: &sea_orm::DbErr) {
    if refusal.to_string().contains("cannot ") {
        return;
    }
    refused_by_right(attack, refusal);
}

/// Conditions that fail on a row, and say on which: they come after the policy.
async fn errors_tell_nothing(attackers: &[Attacker]) -> usize {
    let mut tried = 0;
    for attacker in attackers {
        let session = attacker.login.connect().await;
        for condition in [
            "sku::int > 0",
            "CASE WHEN sku LIKE '%SOUTHERN%' THEN sku::int > 0 ELSE true END",
            "(CASE WHEN tenant_id <> {north} THEN 1 / (tenant_id - tenant_id) ELSE 1 END) = 1",
            "sku::xml IS NOT NULL",
            "sku::jsonb IS NOT NULL",
            "sku ~ channel",
            "to_date(sku, 'J') IS NOT NULL",
            "query_to_xml('SELECT 1 / CASE WHEN ' || quote_literal(sku) || ' LIKE ''%SOUTHERN%'' THEN 0 ELSE 1 END', true, true, '') IS NOT NULL",
        ] {
            let attack = attacker.say(&format!(
                "SELECT count(*) FROM bi.order_lines WHERE {condition}"
            ));
            let answer = session
                .query_one_raw(Statement::from_string(DbBackend::Postgres, attack.clone()))
                .await;
            if let Err(error) = answer {
                let error = error.to_string();
                assert!(
                    !error.contains(MARK) && !error.contains("division by zero"),
                    "{attack}: {error}"
                );
            }
            tried += 1;
        }
    }
    tried
}

/// A function of one's own in a condition, as cheap as it can be said to be, writes down what it sees.
async fn functions_see_nothing(attackers: &[Attacker]) -> usize {
    let attacker = attackers
        .iter()
        .find(|attacker| attacker.login.name.contains("dbt"))
        .expect("a workspace");
    assert_eq!(attacker.role, Role::Finance);
    let session = attacker.login.connect().await;
    let spy = "CREATE TABLE seen (what text);
        CREATE FUNCTION spy(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS
          'BEGIN INSERT INTO seen VALUES ($1); RETURN true; END';
        CREATE FUNCTION same(text, text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS
          'BEGIN INSERT INTO seen VALUES ($1), ($2); RETURN $1 = $2; END';
        CREATE OPERATOR === (LEFTARG = text, RIGHTARG = text, FUNCTION = same);
        CREATE VIEW mirror AS SELECT * FROM bi.order_lines WHERE spy(sku)";
    session
        .execute_unprepared(spy)
        .await
        .expect("one's own schema is one's own");
    let attacks = [
        "SELECT count(*) FROM bi.order_lines WHERE spy(sku)",
        "SELECT count(*) FROM bi.order_lines WHERE spy(sku) AND tenant_id <> {north}",
        "SELECT count(*) FROM bi.orders WHERE channel === 'web'",
        "SELECT count(*) FROM mirror",
        "SELECT count(*) FROM bi.products p JOIN bi.order_lines l ON same(p.sku, l.sku)",
        "SELECT count(*) FROM bi.freshness WHERE spy('tenant ' || tenant_id || view_name)",
        "SET app.tenant_id = '{south}'; SELECT count(*) FROM bi.customers WHERE spy(external_id)",
    ];
    for attack in attacks {
        let attack = attacker.say(attack);
        session
            .execute_unprepared(&attack)
            .await
            .unwrap_or_else(|error| panic!("{attack}: {error}"));
    }
    assert!(
        count(&session, "SELECT count(*) FROM seen").await > 0,
        "the spy looks"
    );
    let foreign = attacker.say(
        "SELECT count(*) FROM seen WHERE what LIKE '%SOUTHERN%' OR what LIKE 'tenant {south}%'",
    );
    assert_eq!(count(&session, &foreign).await, 0);
    // A function cannot claim to be harmless: that would let it run before the policy.
    let leakproof = session
        .execute_unprepared("ALTER FUNCTION spy(text) LEAKPROOF")
        .await
        .expect_err("superusers only");
    refused_by_right("LEAKPROOF", &leakproof);
    // Nor can what stands in a workspace be shown to a neighbor: its schema is not the login's to open.
    let open = attacker.say("GRANT USAGE ON SCHEMA {me} TO {neighbor}");
    let _warned = session.execute_unprepared(&open).await;
    let opened =
        attacker.say("SELECT has_schema_privilege('{neighbor}', '{me}', 'USAGE')::int::bigint");
    assert_eq!(count(&session, &opened).await, 0);
    attacks.len() + 2
}

/// Each wall holds without the others: with schema `public` open again, tables show what the policy and
/// the rights to columns let through, and no more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_hold_without_the_wall_around_their_schema() {
    let (shop, _neighbor, attackers) = siege().await;
    shop.sql
        .execute_unprepared("GRANT USAGE ON SCHEMA public TO PUBLIC")
        .await
        .unwrap();
    let columns = texts(&shop.sql, "SELECT c.relname || '.' || a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 ORDER BY 1").await;
    let (mut tried, mut read) = (0, 0);
    for attacker in &attackers {
        let session = attacker.login.connect().await;
        session
            .execute_unprepared(&attacker.say(SETTINGS[1]))
            .await
            .unwrap();
        for column in &columns {
            let (table, name) = column.split_once('.').unwrap();
            let own = attacker.say(&format!(
                "SELECT count({name}) FROM public.{table} WHERE tenant_id <> {{north}}"
            ));
            tried += 1;
            match session
                .query_one_raw(Statement::from_string(DbBackend::Postgres, own.clone()))
                .await
            {
                Ok(Some(row)) => {
                    assert_eq!(row.try_get_by_index::<i64>(0).unwrap(), 0, "{own}");
                    read += 1;
                }
                Ok(None) => panic!("{own}"),
                Err(error) => assert!(
                    error.to_string().contains("permission denied")
                        || table == "lease"
                        || table == "seaql_migrations",
                    "{own}: {error}"
                ),
            }
            let closed = [
                "payload",
                "meta",
                "doc",
                "sealed",
                "lookup",
                "wrapped_key",
                "personal_ref",
                "state",
            ];
            let costs = [
                "fee_minor",
                "label_cost_minor",
                "value_minor",
                "cogs_minor",
                "mrr_micros",
            ];
            if closed.contains(&name) || attacker.role == Role::Support && costs.contains(&name) {
                let refused = session
                    .execute_unprepared(&format!("SELECT {name} FROM public.{table}"))
                    .await;
                assert!(refused.is_err(), "{} reads {column}", attacker.login.name);
            }
        }
    }
    assert!(read > 100 && read < tried);
    Figures::new("bi columns behind views")
        .with("tried", tried)
        .with("readable", read)
        .with("leaks", 0)
        .print();
}
