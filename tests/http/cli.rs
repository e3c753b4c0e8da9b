//! The command line.

use entrepot_api::auth::Role;
use entrepot_tests::{TestDb, both};
use sea_orm::ConnectionTrait as _;
use serde_json::json;

use super::server::{Server, run, say};
use super::shopfront::{head, north, order_of, place, receive, story, tenants};

/// Every command and the commands under it.
const COMMANDS: &[&[&str]] = &[
    &[],
    &["serve"],
    &["import"],
    &["token"],
    &["migrate"],
    &["rebuild"],
    &["verify"],
    &["schema"],
    &["bench"],
    &["demo"],
    &["tenant"],
    &["tenant", "create"],
    &["tenant", "list"],
    &["tenant", "revoke"],
    &["tenant", "suspend"],
    &["tenant", "release"],
    &["bi"],
    &["bi", "export"],
    &["bi", "grant"],
    &["bi", "revoke"],
    &["bi", "list"],
];

/// The entries of a section of a help text: each with its description.
fn entries<'h>(help: &'h str, section: &str) -> Vec<(&'h str, String)> {
    let lines = help.lines().skip_while(|line| *line != section).skip(1);
    let mut entries: Vec<(&str, String)> = Vec::new();
    for line in lines
        .take_while(|line| line.is_empty() || line.starts_with(' '))
        .filter(|line| !line.is_empty())
    {
        let indent = line.len() - line.trim_start().len();
        let starts = indent == 2 || (indent == 6 && line.trim_start().starts_with("--"));
        match entries.last_mut() {
            Some((_, text)) if !starts => text.push_str(line.trim()),
            _ => {
                let (name, text) = line.trim().split_once("  ").unwrap_or((line.trim(), ""));
                entries.push((name, text.trim().to_owned()));
            }
        }
    }
    entries
}

#[tokio::test]
async fn every_command_says_what_it_does_and_what_each_option_means() {
    let db = TestDb::sqlite().await;
    let mut listed = 0;
    for command in COMMANDS {
        let help = say(&db, &[command, &["--help"][..]].concat()).await;
        assert!(
            help.lines().next().is_some_and(|line| line.len() > 10),
            "{command:?}\n{help}"
        );
        for section in ["Commands:", "Arguments:", "Options:"] {
            for (name, text) in entries(&help, section) {
                assert!(
                    text.len() > 5,
                    "{command:?}: {name} is not explained\n{help}"
                );
                listed += usize::from(section == "Commands:" && name != "help");
            }
        }
        assert!(
            !entries(&help, "Options:").is_empty(),
            "{command:?}\n{help}"
        );
    }
    assert_eq!(
        listed,
        COMMANDS.len() - 1,
        "a command is not in this test's list, or the other way round"
    );
    assert_eq!(run(&db, &["nonesuch"]).await.status.code(), Some(2));
}

#[tokio::test]
async fn a_contract_is_printed_and_nothing_else() {
    let db = TestDb::sqlite().await;
    for (contract, file) in [
        ("graphql", "schema.graphql"),
        ("sql", "schema.sql"),
        ("events", "events.json"),
    ] {
        let printed = say(&db, &["schema", contract]).await;
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("..")
            .join(file);
        assert_eq!(
            printed,
            std::fs::read_to_string(path).unwrap(),
            "UPDATE=1 scripts/test rewrites {file}"
        );
    }
}

both! {
    async fn a_token_is_printed_and_nothing_else(db: TestDb) {
        tenants(&db, &["north"]).await;
        let server = Server::start(&db).await;
        let token = printed(&db, &["--tenant", "north", "--role", "support"]).await;
        let data = server.bearer(&token).ask("{ tenant { slug } }", json!({})).await;
        assert_eq!(data["tenant"]["slug"], "north");
        let token = printed(&db, &["--tenant", "north", "--role", "partner", "--channel", "till"]).await;
        assert_eq!(server.bearer(&token).ask("{ orders { totalCount } }", json!({})).await["orders"]["totalCount"], "0");
        let token = printed(&db, &["--platform", "--role", "operator"]).await;
        let platform = server.bearer(&token).with("entrepot-tenant", "north");
        assert_eq!(platform.ask("{ tenant { slug } }", json!({})).await["tenant"]["slug"], "north");
        for wrong in [&["--tenant", "north"][..], &["--role", "support"], &["--tenant", "north", "--role", "nonesuch"]] {
            let output = run(&db, &[&["token"], wrong].concat()).await;
            assert!(!output.status.success() && output.stdout.is_empty(), "{wrong:?}");
        }
    }

    async fn tenants_are_created_listed_suspended_and_released(db: TestDb) {
        let server = Server::start(&db).await;
        let said = say(&db, &["tenant", "create", "north", "--currency", "USD", "--time-zone", "America/New_York"]).await;
        assert_eq!(said, "north: done, at position 1\n");
        for wrong in [
            &["north", "--currency", "USD"][..],
            &["south", "--currency", "XXX"],
            &["south", "--currency", "USD", "--time-zone", "Mars/Olympus"],
            &["South", "--currency", "USD"],
        ] {
            let output = run(&db, &[&["tenant", "create"], wrong].concat()).await;
            assert!(!output.status.success() && output.stdout.is_empty(), "{wrong:?}");
        }
        assert_eq!(say(&db, &["tenant", "list"]).await, "north\t1\n");

        let operator = server.client("north", Role::Operator);
        let config = json!({ "channels": [{ "code": "web", "name": "Web" }] });
        operator.give("tenantConfigure", config.clone(), "").await;
        assert_eq!(say(&db, &["tenant", "suspend", "north", "--reason", "unpaid"]).await, "north: done, at position 3\n");
        let refused = operator.try_give("tenantConfigure", config.clone(), "").await;
        assert_eq!(refused["userErrors"][0]["code"], "TENANT_SUSPENDED");
        // Operators go on reading.
        let data = operator.ask("{ tenant { status } orders { totalCount } }", json!({})).await;
        assert_eq!(data, json!({ "tenant": { "status": "SUSPENDED" }, "orders": { "totalCount": "0" } }));
        assert_eq!(say(&db, &["tenant", "release", "north"]).await, "north: done, at position 4\n");
        operator.give("tenantConfigure", config, "").await;
        assert!(!run(&db, &["tenant", "release", "north"]).await.status.success());
        assert!(!run(&db, &["tenant", "suspend", "nowhere", "--reason", "x"]).await.status.success());
        assert_eq!(say(&db, &["tenant", "list"]).await, "north\t5\n");
    }

    async fn read_models_are_rebuilt_and_verified_while_the_server_works(db: TestDb) {
        let (server, seller) = north(&db).await;
        story(&server.boss("north"), "northern").await;
        receive(&seller, "A", 10_000, 880).await;
        let finance = server.client("north", Role::Finance);
        let selling = {
            let seller = seller.clone();
            tokio::spawn(async move {
                for _ in 0..60 {
                    place(&seller, order_of("A", 1)).await;
                }
            })
        };
        let mut rebuilt = 0;
        while !selling.is_finished() || rebuilt == 0 {
            let said = say(&db, &["rebuild", "all"]).await;
            assert!(said.lines().count() >= 6 && said.lines().all(|line| line.contains("rebuilt, at position")), "{said}");
            let said = say(&db, &["verify", "--tenant", "north"]).await;
            assert!(said.ends_with("log and read models agree\n"), "{said}");
            rebuilt += 1;
        }
        selling.await.unwrap();
        let last = place(&seller, order_of("A", 1)).await;
        let query = "query($id: ID!) { order(id: $id) { id } orders { totalCount } marginSums { lineCount } }";
        let data = finance.ask(query, json!({ "id": last })).await;
        assert_eq!(data["orders"]["totalCount"], "65");
        assert_eq!(say(&db, &["rebuild", "orders", "--tenant", "north"]).await.lines().count(), 1);
        assert_eq!(finance.ask(query, json!({ "id": last })).await, data);
        assert!(!run(&db, &["rebuild", "nonesuch"]).await.status.success());
        // What is wrong is found: somebody changed a row behind the program's back.
        let sql = db.sql().await;
        let falsify = "UPDATE rm_orders SET total_minor = total_minor + 1 WHERE position = (SELECT max(position) FROM rm_orders)";
        sea_orm::ConnectionTrait::execute_unprepared(&sql, falsify).await.unwrap();
        sql.close().await.unwrap();
        let output = run(&db, &["verify"]).await;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(!output.status.success() && said.contains("rm_orders"), "{said}");
        say(&db, &["rebuild", "orders"]).await;
        say(&db, &["verify"]).await;
        assert!(head(&db, "north").await > 100);
    }
}

#[tokio::test]
async fn nothing_starts_on_a_schema_that_is_too_old() {
    let db = TestDb::postgres().await;
    let newest =
        "DELETE FROM seaql_migrations WHERE version = (SELECT max(version) FROM seaql_migrations)";
    for spoiled in [newest, "DROP TABLE seaql_migrations"] {
        db.sql().await.execute_unprepared(spoiled).await.unwrap();
        for command in [&["serve"][..], &["tenant", "list"]] {
            let output = run(&db, command).await;
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(!output.status.success(), "{command:?}");
            assert!(said.contains("run `entrepot migrate` first"), "{said}");
        }
    }
}

/// A token, and nothing else, is printed.
async fn printed(db: &TestDb, arguments: &[&str]) -> String {
    let printed = say(db, &[&["token"], arguments].concat()).await;
    let token = printed.strip_suffix('\n').expect("a line");
    assert!(
        token.split('.').count() == 3 && !token.contains(char::is_whitespace),
        "{printed}"
    );
    token.to_owned()
}
