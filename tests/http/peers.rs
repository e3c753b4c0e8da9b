//! Other people's clients and conformance suites, in Node.js, against the program.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use entrepot_api::auth::Role;
use entrepot_tests::{TestDb, both};
use serde_json::{Value as Json, json};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout};
use tokio::time::timeout;

use super::server::{DEADLINE, Server, issue, token};
use super::shopfront::{north, order_of, place, receive, tenants};

/// The oldest Node.js that the clients run on.
const NODE_MIN: u32 = 20;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("peers")
}

/// Installs the pinned clients once, whichever test comes first.
fn install() {
    let version = Command::new("node").arg("--version").output();
    let version = version.expect("Node.js is missing: put scripts/with-node before the command");
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    let major = version
        .trim_start_matches('v')
        .split('.')
        .next()
        .and_then(|major| major.parse().ok());
    assert!(
        major.is_some_and(|major: u32| major >= NODE_MIN),
        "Node.js {version} is too old: put scripts/with-node before the command"
    );
    let lock = File::create(std::env::temp_dir().join("entrepot-peers.lock")).unwrap();
    lock.lock().unwrap();
    // npm writes this file last.
    let (wanted, installed) = (
        folder().join("package-lock.json"),
        folder().join("node_modules/.package-lock.json"),
    );
    let changed = |path: &PathBuf| path.metadata().and_then(|file| file.modified()).ok();
    if changed(&installed) < changed(&wanted) {
        let npm = Command::new("npm")
            .args(["ci", "--no-audit", "--no-fund"])
            .current_dir(folder())
            .output();
        let npm = npm.expect("npm is missing: it comes with Node.js");
        assert!(
            npm.status.success(),
            "npm ci: {}",
            String::from_utf8_lossy(&npm.stderr)
        );
    }
}

/// A peer at work.
struct Peer {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Peer {
    fn start(script: &str, arguments: &[&str]) -> Self {
        install();
        let mut node = tokio::process::Command::new("node");
        node.arg(script).args(arguments).current_dir(folder());
        node.stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        let mut child = node.spawn().expect("node runs");
        let stdout = child.stdout.take().expect("its output is piped");
        Self {
            child,
            lines: BufReader::new(stdout).lines(),
        }
    }

    async fn line(&mut self) -> Option<String> {
        let line = timeout(DEADLINE, self.lines.next_line()).await;
        line.expect("a peer says something")
            .expect("a pipe is read")
    }

    /// Waits until it says something.
    async fn says(&mut self, wanted: &str) {
        loop {
            let line = self
                .line()
                .await
                .unwrap_or_else(|| panic!("it ended before it said {wanted}"));
            if line == wanted {
                return;
            }
        }
    }

    /// Its report, once it has ended. It must be content.
    async fn report(mut self) -> Json {
        let mut last = String::new();
        while let Some(line) = self.line().await {
            last = line;
        }
        let status = self.child.wait().await.expect("a peer ends");
        let report: Json =
            serde_json::from_str(&last).unwrap_or_else(|_| panic!("{status}: no report: {last}"));
        assert!(status.success(), "{report:#}");
        report
    }
}

async fn served() -> (TestDb, Server, String) {
    let db = TestDb::sqlite().await;
    tenants(&db, &["north"]).await;
    let server = Server::start(&db).await;
    let token = token("north", Role::Commerce, &[]);
    (db, server, token)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_audits_of_graphql_over_http_pass() {
    let (_db, server, token) = served().await;
    let report = Peer::start("http-audits.mjs", &[&server.url(), &token])
        .report()
        .await;
    assert_eq!(
        (&report["audits"], &report["ok"]),
        (&json!(61), &json!(61)),
        "{report:#}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_websocket_protocol_is_kept() {
    let (_db, server, token) = served().await;
    let short = issue(
        Some("north"),
        &[Role::Commerce],
        &[],
        Duration::from_secs(5),
    );
    let silent = "subscription { orderChanged { cursor } }";
    let report = Peer::start("ws-protocol.mjs", &[&server.url(), &token, silent, &short])
        .report()
        .await;
    assert_eq!(
        (&report["skipped"], &report["error"]),
        (&json!(0), &json!(0)),
        "{report:#}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_client_of_server_sent_events_is_content() {
    let (_db, server, token) = served().await;
    let report = Peer::start("sse-client.mjs", &[&server.url(), &token])
        .report()
        .await;
    assert_eq!(report["error"], 0, "{report:#}");
}

both! {
    async fn clients_that_resume_see_every_update_through_a_restart(db: TestDb) {
        let (mut server, seller) = north(&db).await;
        let start = receive(&seller, "A", 100, 880).await["position"].clone();
        let token = token("north", Role::Commerce, &[]);
        let follow = |transport| {
            Peer::start("resume.mjs", &[transport, &server.url(), &token, start.as_str().unwrap(), "40"])
        };
        let (mut socket, mut events) = (follow("ws"), follow("sse"));
        for _ in 0..20 {
            place(&seller, order_of("A", 1)).await;
        }
        socket.says("seen 20").await;
        events.says("seen 20").await;
        server.term().await;
        server.restart().await;
        for _ in 0..20 {
            place(&seller, order_of("A", 1)).await;
        }
        for peer in [socket, events] {
            let report = peer.report().await;
            assert_eq!((&report["seen"], &report["faults"]), (&json!(40), &json!([])), "{report:#}");
            assert!(report["connections"].as_u64().is_some_and(|connections| connections >= 2), "{report:#}");
        }
    }
}
