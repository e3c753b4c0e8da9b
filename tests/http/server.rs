//! The program itself as a child process, to be talked to, killed and started again.

use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use entrepot_api::auth::{IssueRequest, Role, issue_embedded};
use entrepot_api::config::AUDIENCE;
use entrepot_api::secrets::Secrets;
use entrepot_event_store::clock;
use entrepot_tests::{Random, TestDb};
use tokio::time::sleep;

use super::client::Client;

/// What keys are derived from in every test.
const SECRET: &str = "a secret for tests that is long enough";
/// A server that takes longer to start, stop or do something has failed.
pub(super) const DEADLINE: Duration = Duration::from_mins(1);
/// How long tokens live that nobody waits for.
const HOUR: Duration = Duration::from_hours(1);
/// Between two looks at something that is about to happen.
pub(super) const LOOK: Duration = Duration::from_millis(20);

/// The program on a database. Killed when it is dropped; its log is shown if the test failed.
#[derive(Debug)]
pub(super) struct Server {
    arguments: Vec<String>,
    address: SocketAddr,
    child: Option<Child>,
    log: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Serves a database until it is told otherwise.
    pub(super) async fn start(db: &TestDb) -> Self {
        Self::start_with(db, &[]).await
    }

    /// The same with more arguments for `serve`.
    pub(super) async fn start_with(db: &TestDb, more: &[&str]) -> Self {
        let mut arguments = arguments(db);
        arguments.extend(["--log-json".to_owned(), "serve".to_owned()]);
        arguments.extend(more.iter().map(ToString::to_string));
        let mut ports = ports();
        // Whoever takes the port meanwhile is one of these tests: try the next.
        for _ in 0..20 {
            let address = free_port(&mut ports);
            let log = Arc::default();
            let mut server = Self {
                arguments: arguments.clone(),
                address,
                child: None,
                log,
            };
            if server.spawn().await {
                return server;
            }
        }
        panic!("the program does not start");
    }

    /// Starts the program at the address that it had.
    pub(super) async fn restart(&mut self) {
        assert!(
            self.spawn().await,
            "the program does not start again: {:?}",
            self.tail()
        );
    }

    /// Starts the program. `false` if somebody has its port.
    async fn spawn(&mut self) -> bool {
        assert!(self.child.is_none(), "the program runs");
        let mut command = program();
        command
            .args(&self.arguments)
            .args(["--listen", &self.address.to_string()]);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .expect("the program is there and may be run");
        let stderr = child.stderr.take().expect("its errors are piped");
        let log = Arc::clone(&self.log);
        log.lock().expect("nobody panics here").clear();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                log.lock().expect("nobody panics here").push(line);
            }
        });
        self.child = Some(child);
        let deadline = Instant::now() + DEADLINE;
        while !self.logged("entrepot serves") {
            if let Some(status) = self.exited() {
                self.child = None;
                assert!(
                    self.taken().await,
                    "the program ended with {status}: {:#?}",
                    self.tail()
                );
                return false;
            }
            assert!(
                Instant::now() < deadline,
                "the program does not serve: {:#?}",
                self.tail()
            );
            sleep(LOOK).await;
        }
        true
    }

    /// Whether the program ended because somebody has its port. Its last words may still be on their way.
    async fn taken(&self) -> bool {
        let deadline = Instant::now() + Duration::from_secs(2);
        while Instant::now() < deadline && !self.logged("cannot listen") {
            sleep(LOOK).await;
        }
        self.logged("cannot listen")
    }

    fn exited(&mut self) -> Option<ExitStatus> {
        self.child
            .as_mut()?
            .try_wait()
            .expect("a child can be asked for its end")
    }

    /// Whether the program has logged a text since it started.
    pub(super) fn logged(&self, text: &str) -> bool {
        self.log
            .lock()
            .expect("nobody panics here")
            .iter()
            .any(|line| line.contains(text))
    }

    /// All that the program has logged since it started.
    pub(super) fn log_text(&self) -> String {
        self.log.lock().expect("nobody panics here").join("\n")
    }

    fn tail(&self) -> Vec<String> {
        let log = self.log.lock().expect("nobody panics here");
        log[log.len().saturating_sub(40)..].to_vec()
    }

    /// Ends the program as a power cut would: nothing is finished, nothing is said.
    pub(super) fn kill9(&mut self) {
        let mut child = self.child.take().expect("the program runs");
        child.kill().expect("a child can be killed");
        child.wait().expect("a killed child ends");
    }

    /// Asks the program to end, and waits until it has.
    pub(super) async fn term(&mut self) {
        let pid = self
            .child
            .as_ref()
            .expect("the program runs")
            .id()
            .to_string();
        let asked = Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .expect("kill is there");
        assert!(asked.success(), "the program runs");
        let deadline = Instant::now() + DEADLINE;
        while self.exited().is_none() {
            assert!(
                Instant::now() < deadline,
                "the program does not end: {:#?}",
                self.tail()
            );
            sleep(LOOK).await;
        }
        let status = self.child.take().and_then(|mut child| child.wait().ok());
        assert!(
            status.is_some_and(|status| status.success()),
            "{status:?}: {:#?}",
            self.tail()
        );
    }

    /// CPU time that it has used, in hundredths of a second.
    pub(super) fn ticks(&self) -> u64 {
        let pid = self.child.as_ref().expect("the program runs").id();
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("Linux tells");
        let (_, behind_name) = stat.rsplit_once(") ").expect("a name");
        let number = |field: &str| field.parse::<u64>().expect("a number");
        behind_name.split(' ').skip(11).take(2).map(number).sum()
    }

    /// The memory that the program has, in KiB.
    pub(super) fn resident_kib(&self) -> usize {
        let pid = self.child.as_ref().expect("the program runs").id();
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("Linux tells");
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = resident.and_then(|rest| rest.split_whitespace().next());
        kib.and_then(|kib| kib.parse().ok()).expect("a number")
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/graphql", self.address)
    }

    /// Somebody with a role at a tenant.
    pub(super) fn client(&self, tenant: &str, role: Role) -> Client {
        self.bearer(&token(tenant, role, &[]))
    }

    /// Somebody who may do everything at a tenant.
    pub(super) fn boss(&self, tenant: &str) -> Client {
        let all = [Role::Commerce, Role::Finance, Role::Support, Role::Operator];
        self.bearer(&issue(Some(tenant), &all, &[], HOUR))
    }

    /// Somebody with a token.
    pub(super) fn bearer(&self, token: &str) -> Client {
        self.nobody()
            .with("authorization", &format!("Bearer {token}"))
    }

    /// Somebody without a token.
    pub(super) fn nobody(&self) -> Client {
        Client::new(self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _killed = child.kill();
            let _ended = child.wait();
        }
        if std::thread::panicking() {
            show(&self.tail());
        }
    }
}

#[expect(clippy::print_stderr, reason = "what a failed test has to say")]
fn show(log: &[String]) {
    eprintln!("the end of the server's log:\n{}", log.join("\n"));
}

/// A token for a role, of a partner with its channels.
pub(super) fn token(tenant: &str, role: Role, channels: &[&str]) -> String {
    issue(Some(tenant), &[role], channels, HOUR)
}

/// A token for a role, of somebody by name.
pub(super) fn token_of(tenant: &str, role: Role, subject: &str) -> String {
    issue_to(subject, Some(tenant), &[role], &[], HOUR)
}

/// A token that reaches every tenant.
pub(super) fn platform_token(role: Role) -> String {
    issue(None, &[role], &[], HOUR)
}

/// A token for several roles, of a tenant or of all of them, that lives for a time.
pub(super) fn issue(
    tenant: Option<&str>,
    roles: &[Role],
    channels: &[&str],
    ttl: Duration,
) -> String {
    issue_to(&format!("test-{}", roles[0]), tenant, roles, channels, ttl)
}

fn issue_to(
    subject: &str,
    tenant: Option<&str>,
    roles: &[Role],
    channels: &[&str],
    ttl: Duration,
) -> String {
    let request = IssueRequest {
        audience: AUDIENCE.to_owned(),
        subject: subject.to_owned(),
        tenant: tenant.map(str::to_owned),
        platform: tenant.is_none(),
        roles: roles.iter().copied().collect(),
        channels: channels.iter().map(ToString::to_string).collect(),
        ttl,
    };
    let secrets = Secrets::new(SECRET.as_bytes().to_vec()).expect("the secret is long enough");
    issue_embedded(&secrets.jwt_key(), &request, clock::now()).expect("a token is issued")
}

/// Runs a command of the program to its end.
pub(super) async fn run(db: &TestDb, command: &[&str]) -> Output {
    let mut program = program();
    program
        .args(arguments(db))
        .args(command)
        .stdin(Stdio::null());
    let ended = tokio::task::spawn_blocking(move || program.output()).await;
    ended
        .expect("nobody panics here")
        .expect("the program is there and may be run")
}

/// Runs a command that must succeed, and returns what it printed.
pub(super) async fn say(db: &TestDb, command: &[&str]) -> String {
    let output = run(db, command).await;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (said, logged) = (text(&output.stdout), text(&output.stderr));
    assert!(
        output.status.success(),
        "{command:?}: {}\n{said}\n{logged}",
        output.status
    );
    said
}

/// Where the data is and what the secret is, as arguments.
fn arguments(db: &TestDb) -> Vec<String> {
    let data_dir = db.place().data_dir.display().to_string();
    let arguments = [
        "--data-dir",
        &data_dir,
        "--database-url",
        &db.url,
        "--secret",
        SECRET,
    ];
    arguments
        .into_iter()
        .chain(["--database-connections", "8"])
        .map(str::to_owned)
        .collect()
}

/// The program that was built with these tests, without the environment's configuration.
fn program() -> Command {
    let mut command = Command::new(binary());
    for variable in [
        "DATABASE_URL",
        "DATA_DIR",
        "REDIS_URL",
        "SECRET",
        "LISTEN",
        "ROLE",
        "LOG",
        "LOG_JSON",
        "ISSUERS",
        "ROUTER_SECRET",
        "CALLBACK_HOSTS",
        "EXPLORER",
    ] {
        command.env_remove(format!("ENTREPOT_{variable}"));
    }
    // Tests ask for whole graphs at once. Those of costs say what they need as arguments.
    command.env("ENTREPOT_COST_MAXIMUM", "1000000000");
    command
}

fn binary() -> PathBuf {
    let tests = std::env::current_exe().expect("the tests know their file");
    let folder = tests
        .parent()
        .and_then(std::path::Path::parent)
        .expect("the tests lie in target/<profile>/deps");
    let binary = folder.join("entrepot");
    let missing =
        "the program is not built: run scripts/test, or cargo build --workspace before these tests";
    assert!(
        binary.exists(),
        "{missing} ({} is not there)",
        binary.display()
    );
    binary
}

/// Different numbers in each process and for each server.
fn ports() -> Random {
    use std::sync::atomic::{AtomicU64, Ordering};
    static SERVERS: AtomicU64 = AtomicU64::new(0);
    let server = SERVERS.fetch_add(1, Ordering::Relaxed);
    Random::seeded(u64::from(std::process::id()) << 16 | server)
}

/// A port that nobody has, below those that the system gives to outgoing connections: it is still
/// free when a server that was killed comes back to it.
fn free_port(ports: &mut Random) -> SocketAddr {
    loop {
        let port = u16::try_from(10_000 + ports.below(22_000)).expect("below 65536");
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}

/// Another program's port, of those same ones.
pub(super) fn any_free_port() -> u16 {
    free_port(&mut ports()).port()
}

/// Waits until something is so.
pub(super) async fn until<F: Future<Output = bool>>(what: &str, mut so: impl FnMut() -> F) {
    let deadline = Instant::now() + DEADLINE;
    while !so().await {
        assert!(Instant::now() < deadline, "it did not come to be: {what}");
        sleep(LOOK).await;
    }
}
