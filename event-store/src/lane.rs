//! A tenant's lane: commands queue up while the previous group commits; the next group is decided
//! in memory and appended in one transaction. An idle tenant's command commits alone, at once.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use entrepot_domain::kernel::{Instant, StreamId, TenantId};
use entrepot_domain::state::STATE_VERSION;
use entrepot_entity::snapshot;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};

use crate::append::{self, Appended};
use crate::db::{Merge, Purpose, Rows};
use crate::error::{StoreError, SubmitError};
use crate::group::{Answer, Deciding, Group, Head, Job, Known};
use crate::load;
use crate::memory::Memory;
use crate::record::{Entry, hash};
use crate::store::Shared;
use crate::submission::Receipt;

/// Commands decided at most in one group.
pub(crate) const GROUP_MAX: usize = 256;
/// Commands that may wait in one lane.
pub(crate) const QUEUE_MAX: usize = 10_000;
/// A lane without commands for this long goes away with its memory.
const IDLE: Duration = Duration::from_mins(1);
/// Events of a stream between two snapshots of it.
const SNAPSHOT_EVERY: i64 = 200;
/// After a repeated command, the keys of this many groups are looked up first: repetitions come in
/// flocks.
const WARY_FOR: u32 = 64;
/// Rows read at once while catching up with other nodes.
const CATCH_UP_ROWS: u64 = 1_000;
/// How long the database is asked for the outcome of a commit whose answer was lost.
const RESOLVE_FOR: Duration = Duration::from_secs(30);
/// How often a group is decided again because another node was faster.
const ATTEMPTS_MAX: u32 = 200;

/// Where a job's answer goes.
pub(crate) type Reply = oneshot::Sender<Result<Receipt, SubmitError>>;

/// A command in a lane's queue. Boxed, because a queue has room for 32 of them before the first.
pub(crate) type Waiting = Box<(Job, Reply)>;

/// One tenant's command queue and what it knows of the tenant's log.
pub(crate) struct Lane {
    shared: Arc<Shared>,
    tenant: TenantId,
    memory: Memory,
    head: Option<Head>,
    /// Groups whose clients' keys are looked up before they are decided.
    wary: u32,
}

impl Lane {
    pub(crate) fn new(shared: Arc<Shared>, tenant: TenantId) -> Self {
        Self {
            shared,
            tenant,
            memory: Memory::new(),
            head: None,
            wary: 0,
        }
    }

    /// Serves the queue until it is closed or idle.
    pub(crate) async fn run(mut self, mut queue: mpsc::Receiver<Waiting>) {
        // Many tenants have a lane with nothing to do: it takes next to no memory.
        let mut waiting: Vec<Waiting> = Vec::new();
        loop {
            match timeout(IDLE, queue.recv_many(&mut waiting, GROUP_MAX)).await {
                Ok(0) => return,
                Ok(_) => {
                    let (jobs, replies) = waiting.drain(..).map(|waiting| *waiting).unzip();
                    Box::pin(self.serve(jobs, replies)).await;
                    self.memory.trim(self.shared.lanes());
                }
                // A command that was on its way comes still.
                Err(_) => self.shared.retire(self.tenant, &mut queue),
            }
        }
    }

    async fn serve(&mut self, jobs: Vec<Job>, replies: Vec<Reply>) {
        metrics::histogram!("entrepot_group_commands")
            .record(u32::try_from(jobs.len()).unwrap_or(u32::MAX));
        match self.settle(&jobs).await {
            Ok(answers) => {
                for (reply, answer) in replies.into_iter().zip(answers) {
                    // A caller that went away can ask again with its key.
                    let _ = reply.send(answer);
                }
            }
            Err(error) => {
                tracing::error!(tenant = self.tenant.0, %error, "a group of commands failed");
                self.memory.clear();
                self.head = None;
                let error = Arc::new(error);
                for reply in replies {
                    let _ = reply.send(Err(SubmitError::Store(Arc::clone(&error))));
                }
            }
        }
    }

    /// Gets every job an answer that will stand.
    async fn settle(
        &mut self,
        jobs: &[Job],
    ) -> Result<Vec<Result<Receipt, SubmitError>>, StoreError> {
        let (mut lost, mut ask) = (false, self.wary > 0);
        self.wary = self.wary.saturating_sub(1);
        for attempt in 0..ATTEMPTS_MAX {
            let (head, known) = match self.look(jobs, ask, lost).await {
                Ok(found) => found,
                // It may be there already.
                Err(error) if lost => {
                    tracing::warn!(tenant = self.tenant.0, %error, "a commit was not looked up");
                    return Ok(unknown(jobs));
                }
                Err(error) => return Err(error),
            };
            if !known.is_empty() {
                self.wary = WARY_FOR;
            }
            let mut group = self.decide(jobs, &known, head).await?;
            if !ask && group.refuses_a_key(jobs) {
                // What is refused now may have been accepted the first time.
                self.memory.forget(group.touched);
                ask = true;
                continue;
            }
            let appended = if group.events.is_empty() {
                self.confirm(head).await
            } else {
                append::append(&self.shared.db, self.tenant, head.position, &group).await
            };
            match appended {
                Ok(Appended::Committed) => {
                    self.committed(&mut group);
                    return Ok(group.answers.into_iter().map(Answer::into_result).collect());
                }
                Ok(Appended::HeadMoved) => {
                    metrics::counter!("entrepot_groups_redone_total").increment(1);
                    self.memory.forget(group.touched);
                    if !self.catch_up(head).await? {
                        // The log does not even reach where it was: it was restored from older times.
                        tracing::warn!(tenant = self.tenant.0, "the log went back");
                        self.memory.clear();
                        self.head = None;
                        self.shared.feed.forget_recent(self.tenant);
                    }
                    // Two busy nodes take turns: whoever lost waits a little longer each time.
                    sleep(Duration::from_micros(u64::from(attempt.min(20)) * 200)).await;
                }
                Ok(Appended::KeyUsed(_)) if !ask => {
                    self.memory.forget(group.touched);
                    ask = true;
                }
                Ok(Appended::KeyUsed(error)) => {
                    self.memory.forget(group.touched);
                    return Err(error.into());
                }
                Ok(Appended::Unknown(error)) => {
                    tracing::warn!(tenant = self.tenant.0, %error, "the outcome of a commit is not known");
                    self.memory.clear();
                    self.head = None;
                    (lost, ask) = (true, true);
                    if !self.resolve().await {
                        return Ok(unknown(jobs));
                    }
                }
                Err(error) => {
                    self.memory.forget(group.touched);
                    return Err(error);
                }
            }
        }
        Ok(jobs.iter().map(|_| Err(SubmitError::Overloaded)).collect())
    }

    /// The end of the log and, if they are asked for, the keys that are in it.
    async fn look(
        &mut self,
        jobs: &[Job],
        ask: bool,
        lost: bool,
    ) -> Result<(Head, Known), StoreError> {
        let head = self.head().await?;
        let known = if ask {
            self.known(jobs, lost).await?
        } else {
            Known::new()
        };
        Ok((head, known))
    }

    /// The end of the log as this lane knows it. What is read after it may know more than it: then another
    /// node has appended, and nothing that is decided here comes to stand.
    async fn head(&mut self) -> Result<Head, StoreError> {
        if let Some(head) = self.head {
            return Ok(head);
        }
        let head = append::read_head(&self.shared.db, self.tenant).await?;
        self.memory.clear();
        // After a lost commit, whoever waits for its events hears of them here.
        self.shared.feed.head_is(self.tenant, head.position);
        Ok(*self.head.insert(head))
    }

    /// Looks up the keys that clients sent, and after a lost commit every job's.
    async fn known(&self, jobs: &[Job], lost: bool) -> Result<Known, StoreError> {
        let keyed: Vec<&Job> = jobs
            .iter()
            .filter(|job| lost || job.submission.key.is_some())
            .collect();
        if keyed.is_empty() {
            return Ok(Known::new());
        }
        append::known_keys(&self.shared.db, self.tenant, &keyed).await
    }

    async fn decide(
        &mut self,
        jobs: &[Job],
        known: &Known,
        head: Head,
    ) -> Result<Group, StoreError> {
        let postings = Arc::clone(&self.shared.postings);
        let mut deciding = Deciding::new(jobs, known, postings.as_ref(), head);
        loop {
            let loaded = match deciding.proceed(&mut self.memory) {
                Ok(None) => return Ok(deciding.group),
                Ok(Some(needs)) => load::streams(&self.shared.db, self.tenant, &needs).await,
                Err(error) => Err(error),
            };
            match loaded {
                Ok(loaded) => loaded
                    .into_iter()
                    .for_each(|(stream, slot)| self.memory.insert(stream, slot)),
                Err(error) => {
                    self.memory.forget(deciding.group.touched);
                    return Err(error);
                }
            }
        }
    }

    /// Refusals and replays are true only at the end of the log.
    async fn confirm(&self, head: Head) -> Result<Appended, StoreError> {
        let now = append::read_head(&self.shared.db, self.tenant).await?;
        Ok(if now.position == head.position {
            Appended::Committed
        } else {
            Appended::HeadMoved
        })
    }

    fn committed(&mut self, group: &mut Group) {
        if group.events.is_empty() {
            return;
        }
        self.head = Some(group.head);
        metrics::counter!("entrepot_events_appended_total").increment(group.events.len() as u64);
        let entries = std::mem::take(&mut group.entries);
        self.shared.feed.appended(self.tenant, entries);
        self.shared.hints.head(self.tenant, group.head.position);
        self.snapshot(&group.touched);
    }

    /// Writes snapshots of streams that grew long. They save time, nothing depends on them.
    fn snapshot(&mut self, touched: &BTreeSet<StreamId>) {
        let due = self.memory.unsnapshotted(touched, SNAPSHOT_EVERY);
        if due.is_empty() {
            return;
        }
        let (shared, tenant) = (Arc::clone(&self.shared), self.tenant);
        tokio::spawn(async move {
            if let Err(error) = write_snapshots(&shared, tenant, due).await {
                tracing::warn!(tenant = tenant.0, %error, "snapshots were not written");
            }
        });
    }

    /// Reads what other nodes appended since `head`; whether there was anything.
    async fn catch_up(&mut self, mut head: Head) -> Result<bool, StoreError> {
        let from = head.position;
        loop {
            let (db, tenant) = (&self.shared.db, self.tenant);
            let rows = load::rows_of_now(db, tenant, head.position, CATCH_UP_ROWS).await?;
            for row in &rows {
                if row.prev_hash != head.hash {
                    let what = "its predecessor's hash does not match".to_owned();
                    return Err(StoreError::Corrupt {
                        tenant: row.tenant_id,
                        position: row.position,
                        what,
                    });
                }
                head = Head {
                    position: row.position,
                    recorded_at: row.recorded_at,
                    hash: hash(row),
                };
                match Entry::read(row).event {
                    Ok(recorded) => {
                        self.memory
                            .follow(recorded.stream, recorded.version, &recorded.event);
                    }
                    // A stream that cannot be read is loaded, and refused, when a command needs it.
                    Err(_) => self.memory.clear(),
                }
            }
            if rows.is_empty() {
                self.head = Some(head);
                return Ok(head.position > from);
            }
        }
    }

    /// Waits until the lost transaction is over: whoever holds the head's lock after it reads what
    /// became of it. The jobs' keys then tell which of them are in the log.
    async fn resolve(&self) -> bool {
        let asked = async {
            loop {
                let tx = self.shared.db.begin(self.tenant, Purpose::Append).await;
                let locked = match tx {
                    Ok(tx) => match append::lock_head(&tx, self.tenant).await {
                        Ok(_) => tx.rollback().await.map_err(StoreError::from),
                        Err(error) => Err(error),
                    },
                    Err(error) => Err(error.into()),
                };
                if locked.is_ok() {
                    return;
                }
                sleep(Duration::from_millis(200)).await;
            }
        };
        timeout(RESOLVE_FOR, asked).await.is_ok()
    }
}

fn unknown(jobs: &[Job]) -> Vec<Result<Receipt, SubmitError>> {
    jobs.iter()
        .map(|_| Err(SubmitError::OutcomeUnknown))
        .collect()
}

async fn write_snapshots(
    shared: &Shared,
    tenant: TenantId,
    due: Vec<(StreamId, i64, entrepot_domain::state::State)>,
) -> Result<(), StoreError> {
    let mut rows = Vec::with_capacity(due.len());
    for (stream, version, state) in due {
        rows.push(snapshot::Model {
            tenant_id: tenant.0,
            stream_type: stream.kind.as_str().to_owned(),
            stream_id: stream.id,
            version,
            state_version: STATE_VERSION,
            state: serde_json::to_string(&state)?,
        });
    }
    let mut tx = shared.db.begin(tenant, Purpose::Project).await?;
    tx.write(Rows::of(&rows, Merge::Replace)).await?;
    Ok(tx.commit().await?)
}

/// Makes a job of a submission.
pub(crate) fn job(
    submission: crate::submission::Submission,
    now: Instant,
) -> Result<Job, StoreError> {
    let input_hash = submission.input_hash()?;
    Ok(Job {
        submission,
        command_id: crate::clock::fresh_id(),
        received_at: now,
        input_hash,
    })
}
