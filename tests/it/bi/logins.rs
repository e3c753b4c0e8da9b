//! Granting, changing and revoking logins.

use std::time::{Duration, Instant};

use entrepot_api::auth::{Role, Roles};
use entrepot_api::bi::logins::{Owner, Terms, User};
use entrepot_api::bi::password::Password;
use entrepot_api::bi::{BiError, LOGIN_ROLES};
use entrepot_api::config::Place;
use entrepot_api::graph::policy::{allows, area_of_column};
use entrepot_api::process;
use entrepot_domain::kernel::TenantId;
use entrepot_migration::bi::VIEWS;
use sea_orm::ConnectionTrait as _;
use sea_orm::sqlx::{Connection as _, PgConnection};

use super::{Figures, Login, Shop, terms};
use crate::projections::rebuild_everything;
use crate::tenants::row_security::{count, texts};

/// Every column of every view, for every role, against the policy's table.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_role_reads_what_the_policy_opens_and_nothing_else() {
    let shop = Shop::open().await;
    let (mut tried, mut open) = (0, 0);
    for role in LOGIN_ROLES {
        let session = shop
            .login(shop.north, role.name(), role)
            .await
            .connect()
            .await;
        let roles: Roles = [role].into_iter().collect();
        for view in VIEWS {
            for field in view.fields() {
                let sql = format!("SELECT {} FROM bi.{} LIMIT 1", field.name, view.name);
                let read = session.execute_unprepared(&sql).await;
                let allowed =
                    area_of_column(view.name, &field.name).is_some_and(|area| allows(roles, area));
                assert_eq!(
                    read.is_ok(),
                    allowed,
                    "{role} {}.{}: {read:?}",
                    view.name,
                    field.name
                );
                tried += 1;
                open += usize::from(allowed);
            }
        }
    }
    assert!(open > 0 && open < tried);
    Figures::new("bi columns x roles")
        .with("tried", tried)
        .with("open", open)
        .print();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_sees_its_tenant_whole_and_a_rebuild_changes_nothing() {
    let shop = Shop::open().await;
    let session = shop
        .login(shop.north, "ana", Role::Finance)
        .await
        .connect()
        .await;
    let mut before = Vec::new();
    for view in VIEWS.iter().filter(|view| view.name != "freshness") {
        let mine = count(&session, &format!("SELECT count(*) FROM {}", view.name)).await;
        let all = count(
            &shop.sql,
            &format!(
                "SELECT count(*) FROM bi.{} WHERE tenant_id = {}",
                view.name, shop.north
            ),
        )
        .await;
        assert_eq!(mine, all, "{}", view.name);
        before.push(
            texts(
                &session,
                &format!("SELECT t::text FROM {} t ORDER BY 1", view.name),
            )
            .await,
        );
    }
    let store = shop.db.store().await;
    rebuild_everything(&store, TenantId(shop.north)).await;
    let mut after = Vec::new();
    for view in VIEWS.iter().filter(|view| view.name != "freshness") {
        after.push(
            texts(
                &session,
                &format!("SELECT t::text FROM {} t ORDER BY 1", view.name),
            )
            .await,
        );
    }
    assert!(before == after, "a rebuild shows");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn freshness_tells_position_and_lag() {
    let shop = Shop::open().await;
    let session = shop
        .login(shop.north, "ana", Role::Support)
        .await
        .connect()
        .await;
    let fresh = "SELECT count(*) FROM bi.freshness WHERE lag_events = 0 AND lag_seconds = 0 AND position = head_position AND complete_until <= now()";
    assert_eq!(
        count(&session, fresh).await,
        i64::try_from(VIEWS.len()).unwrap() - 1
    );
    // Group `bi` is five events behind; the oldest of them was recorded an hour ago.
    let behind = format!(
        "UPDATE checkpoint SET position = position - 5 WHERE tenant_id = {0} AND grp = 'bi';
         UPDATE event SET recorded_at = (extract(epoch FROM now()) * 1000000)::bigint - 3600000000
         WHERE tenant_id = {0} AND position = (SELECT position + 1 FROM checkpoint WHERE tenant_id = {0} AND grp = 'bi')",
        shop.north
    );
    shop.sql.execute_unprepared(&behind).await.unwrap();
    let lag = "SELECT string_agg(lag_events || ' ' || round(lag_seconds / 60) || ' ' || round(extract(epoch FROM now() - complete_until) / 60), ',' ORDER BY view_name)
               FROM bi.freshness WHERE view_name IN ('orders', 'line_margins')";
    assert_eq!(texts(&session, lag).await, ["0 0 0,5 60 60"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn granting_again_changes_the_role_and_keeps_the_password() {
    let shop = Shop::open().await;
    let login = shop.login(shop.north, "ana", Role::Finance).await;
    let margins = "SELECT count(*) FROM bi.line_margins";
    assert!(count(&login.connect().await, margins).await > 0);
    let user = shop.user(shop.north, "ana");
    let again = shop.owner.grant(&user, &terms()).await.unwrap();
    assert!(again.password.is_none() && again.role == Role::Finance && again.login == login.name);
    let support = Terms {
        role: Some(Role::Support),
        ..terms()
    };
    shop.owner.grant(&user, &support).await.unwrap();
    let session = login.connect().await;
    assert!(session.execute_unprepared(margins).await.is_err());
    assert!(count(&session, "SELECT count(*) FROM bi.orders").await > 0);

    let chosen = Password::chosen("a-password-of-my-own").unwrap();
    let changed = Terms {
        password: Some(chosen),
        ..terms()
    };
    shop.owner.grant(&user, &changed).await.unwrap();
    assert!(
        login.try_connect().await.is_err(),
        "the old password is good no more"
    );
    let (_, place) = shop.db.url.split_once('@').unwrap();
    let url = format!("postgres://{}:a-password-of-my-own@{place}", login.name);
    let login = Login { url, ..login };
    assert!(login.try_connect().await.is_ok());

    let listed = shop.owner.list(Some(TenantId(shop.north))).await.unwrap();
    let listed: Vec<_> = listed
        .iter()
        .filter(|listed| listed.login == login.name)
        .collect();
    assert_eq!(listed.len(), 1);
    assert_eq!(
        (
            listed[0].role.as_deref(),
            listed[0].connections,
            listed[0].workspace
        ),
        (Some("support"), 5, false)
    );
}

/// A revoke forbids to log in before it takes the login away, and may end in between.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn granting_after_half_a_revoke_lets_in_again() {
    let shop = Shop::open().await;
    let login = shop.login(shop.north, "ana", Role::Finance).await;
    let half = format!("ALTER ROLE {} NOLOGIN", login.name);
    shop.sql.execute_unprepared(&half).await.unwrap();
    assert!(login.try_connect().await.is_err());
    let user = shop.user(shop.north, "ana");
    shop.owner.grant(&user, &terms()).await.unwrap();
    assert!(login.try_connect().await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_login_is_gone_with_its_sessions_and_its_workspace() {
    let shop = Shop::open().await;
    let login = shop.workspace(shop.north, "dbt").await;
    let session = login.connect().await;
    session
        .execute_unprepared("CREATE TABLE mine AS SELECT * FROM orders")
        .await
        .unwrap();
    assert!(
        count(
            &session,
            &format!("SELECT count(*) FROM {}.mine", login.name)
        )
        .await
            > 0
    );
    let user = shop.user(shop.north, "dbt");
    shop.owner.revoke(&user).await.unwrap();
    assert!(
        session.execute_unprepared("SELECT 1").await.is_err(),
        "the session was ended"
    );
    assert!(login.try_connect().await.is_err());
    let left = format!(
        "SELECT (SELECT count(*) FROM pg_roles WHERE rolname = '{0}') + (SELECT count(*) FROM pg_namespace WHERE nspname = '{0}')",
        login.name
    );
    assert_eq!(count(&shop.sql, &left).await, 0);
    assert!(matches!(
        shop.owner.revoke(&user).await,
        Err(BiError::NoLogin { .. })
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_granted_is_said() {
    let shop = Shop::open().await;
    let user = shop.user(shop.north, "ana");
    let partner = Terms {
        role: Some(Role::Partner),
        ..terms()
    };
    assert!(matches!(
        shop.owner.grant(&user, &partner).await,
        Err(BiError::Partner)
    ));
    for name in [
        "",
        "Ana",
        "1ana",
        "ana-b",
        "ana; DROP ROLE postgres",
        "é",
        "a_name_that_is_longer_than_thirty_two",
    ] {
        assert!(
            matches!(
                User::new(TenantId(1), "north", name),
                Err(BiError::UserName(_))
            ),
            "{name}"
        );
    }
    assert!(matches!(
        Owner::connect("sqlite:entrepot.db").await,
        Err(BiError::Sqlite)
    ));
    let reader = shop.login(shop.north, "eve", Role::Finance).await;
    assert!(
        matches!(Owner::connect(&reader.url).await, Err(BiError::MayNotCreateRoles(name)) if name == reader.name)
    );
}

/// Roles belong to the server: a login of one database is nobody in the next, although a tenant there
/// has the same number.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_is_of_one_database() {
    let (here, there) = (Shop::open().await, Shop::open().await);
    let login = here.login(here.north, "ana", Role::Finance).await;
    let elsewhere = Login {
        name: login.name.clone(),
        url: login.url.replace(
            here.db.url.rsplit('/').next().unwrap(),
            there.db.url.rsplit('/').next().unwrap(),
        ),
    };
    let session = elsewhere.connect().await;
    for table in ["bi.orders", "public.rm_bi_orders"] {
        let read = session
            .execute_unprepared(&format!("SELECT tenant_id FROM {table}"))
            .await;
        assert!(
            read.unwrap_err()
                .to_string()
                .contains("permission denied for schema"),
            "{table}"
        );
    }
    let user = User::new(
        TenantId(here.north),
        "north",
        &format!("ana_{}", here.unique),
    )
    .unwrap();
    assert!(
        matches!(there.owner.grant(&user, &terms()).await, Err(BiError::Elsewhere(name)) if name == login.name)
    );
    assert!(matches!(
        there.owner.revoke(&user).await,
        Err(BiError::Elsewhere(_))
    ));
    assert!(
        there
            .owner
            .list(None)
            .await
            .unwrap()
            .iter()
            .all(|listed| listed.login != login.name)
    );
}

/// In production the owner is no superuser.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_who_is_no_superuser_does_it_all() {
    let shop = Shop::open().await;
    let (server, _) = shop.db.url.rsplit_once('/').unwrap();
    let (_, host) = server.split_once('@').unwrap();
    let name = format!("owner_{}", shop.unique);
    let make = format!(
        "CREATE ROLE {name} LOGIN CREATEROLE PASSWORD 'owner'; GRANT entrepot_app, entrepot_bi TO {name} WITH ADMIN OPTION"
    );
    shop.sql.execute_unprepared(&make).await.unwrap();
    shop.sql
        .execute_unprepared(&format!("CREATE DATABASE {name} OWNER {name}"))
        .await
        .unwrap();
    let place = Place {
        database_url: Some(format!("postgres://{name}:owner@{host}/{name}")),
        ..shop.db.place()
    };
    let url = place.database_url.clone().unwrap();
    process::migrate(&place).await.expect("migrates");
    process::migrate(&place).await.expect("migrates again");
    let app = process::open(&place, &tokio_util::sync::CancellationToken::new())
        .await
        .expect("serves");
    let tenant = app.store.provision("east").await.unwrap();

    let owner = Owner::connect(&url).await.expect("may make roles");
    let user = User::new(tenant, "east", &format!("ana_{}", shop.unique)).unwrap();
    let granted = owner
        .grant(
            &user,
            &Terms {
                workspace: true,
                ..terms()
            },
        )
        .await
        .expect("granted");
    assert!(!granted.temp_files_limited);
    let login = Login {
        url: format!(
            "postgres://{}:{}@{host}/{name}",
            granted.login,
            granted.password.unwrap().text()
        ),
        name: granted.login,
    };
    let session = login.connect().await;
    session
        .execute_unprepared("CREATE TABLE mine AS SELECT * FROM bi.freshness")
        .await
        .unwrap();
    assert_eq!(
        count(&session, "SELECT count(*) FROM mine").await,
        i64::try_from(VIEWS.len()).unwrap() - 1
    );
    assert_eq!(owner.list(Some(tenant)).await.unwrap()[0].sessions, 1);
    owner.revoke(&user).await.expect("revoked");
    assert!(login.try_connect().await.is_err());
    owner.close().await.unwrap();
    app.store.db().close().await;
    shop.sql
        .execute_unprepared(&format!("DROP DATABASE {name} WITH (FORCE)"))
        .await
        .unwrap();
    shop.sql
        .execute_unprepared(&format!("DROP OWNED BY {name}; DROP ROLE {name}"))
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_are_bounded() {
    let shop = Shop::open().await;
    let bounds = Terms {
        connections: 2,
        statement_seconds: 1,
        ..terms()
    };
    let login = shop.granted(shop.north, "ana", &bounds).await;
    let (first, _second) = (login.connect().await, login.connect().await);
    // Not through a pool, which would wait for a place.
    let third = PgConnection::connect(&login.url).await;
    let third = third.map(drop).expect_err("two are enough").to_string();
    assert!(third.contains("too many connections"), "{third}");

    let started = Instant::now();
    let long = first
        .execute_unprepared("SELECT pg_sleep(20)")
        .await
        .expect_err("cut off")
        .to_string();
    assert!(
        long.contains("statement timeout") && started.elapsed() < Duration::from_secs(10),
        "{long}"
    );
    for (setting, value) in [
        ("default_transaction_read_only", "on"),
        ("search_path", "bi"),
        ("idle_in_transaction_session_timeout", "1min"),
        ("idle_session_timeout", "30min"),
        ("lock_timeout", "5s"),
        ("temp_file_limit", "1GB"),
    ] {
        assert_eq!(
            texts(&first, &format!("SHOW {setting}")).await,
            [value],
            "{setting}"
        );
    }
}
