//! A tenant's lane: commands queue up while the previous group commits, and are decided meanwhile on the
//! state that it leaves; then they are appended in one transaction. An idle tenant's command commits
//! alone, at once.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use entrepot_domain::kernel::{Instant, StreamId, TenantId};
use entrepot_domain::state::{STATE_VERSION, State};
use entrepot_entity::snapshot;
use tokio::task::yield_now;
use tokio::time::{sleep, timeout};

use crate::append::{self, Appended};
use crate::batch::{Batch, Progress, Queue};
use crate::db::{Merge, Purpose, Rows};
use crate::error::{StoreError, SubmitError};
use crate::group::{Answer, Group, Head, Job, Known, Waiting};
use crate::load;
use crate::memory::Memory;
use crate::record::{Entry, hash};
use crate::store::Shared;
use crate::submission::Receipt;

/// Commands decided at most in one group.
pub(crate) const GROUP_MAX: usize = 256;
/// Commands that may wait in one lane.
pub(crate) const QUEUE_MAX: usize = 10_000;
/// Commands decided in one go while a group commits: so long do those of the group wait at most for their
/// answer when it has.
const DECIDED_AT_ONCE: usize = 8;
/// A lane without commands for this long goes away with its memory.
const IDLE: Duration = Duration::from_mins(1);
/// Events of a stream between two snapshots of it.
const SNAPSHOT_EVERY: i64 = 200;
/// After a repeated command, the keys of this many groups are looked up first: repetitions come in
/// flocks.
const WARY_FOR: u32 = 64;
/// Rows read at once while catching up with other nodes.
const CATCH_UP_ROWS: u64 = 1_000;
/// How often a group is decided again because another node was faster.
const ATTEMPTS_MAX: u32 = 200;

/// A stream, its version and its state.
type Snapshot = (StreamId, i64, State);

/// One tenant's command queue and what it knows of the tenant's log.
pub(crate) struct Lane {
    shared: Arc<Shared>,
    tenant: TenantId,
    /// The states at the head and, beyond it, those that the group leaves that is being appended, and the
    /// commands that are decided ahead.
    memory: Memory,
    head: Option<Head>,
    /// The commands after those that are being appended.
    next: Batch,
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
            next: Batch::default(),
            wary: 0,
        }
    }

    /// Serves the queue until it is closed or idle.
    pub(crate) async fn run(mut self, mut queue: Queue) {
        loop {
            if self.next.jobs.is_empty() {
                let come = queue.recv_many(&mut self.next.jobs, GROUP_MAX);
                match timeout(IDLE, come).await {
                    Ok(0) => return,
                    Ok(_) => {}
                    Err(_) => {
                        // A command that was on its way comes still.
                        self.shared.retire(self.tenant, &mut queue);
                        continue;
                    }
                }
            }
            // Many tenants have a lane with nothing to do: it takes next to no memory.
            let batch = std::mem::take(&mut self.next);
            Box::pin(self.serve(batch, &mut queue)).await;
            self.memory.trim(self.shared.lanes(), self.next.touched());
        }
    }

    async fn serve(&mut self, mut batch: Batch, queue: &mut Queue) {
        while batch.jobs.len() < GROUP_MAX
            && let Ok(waiting) = queue.try_recv()
        {
            batch.jobs.push(waiting);
        }
        metrics::histogram!("entrepot_group_commands")
            .record(u32::try_from(batch.jobs.len()).unwrap_or(u32::MAX));
        match self.settle(&mut batch, queue).await {
            Ok(answers) => {
                for (waiting, answer) in batch.jobs.into_iter().zip(answers) {
                    // A caller that went away can ask again with its key.
                    let _ = waiting.reply.send(answer);
                }
            }
            Err(error) => {
                tracing::error!(tenant = self.tenant.0, %error, "a group of commands failed");
                self.forget_all();
                let error = Arc::new(error);
                for waiting in batch.jobs {
                    let answer = Err(SubmitError::Store(Arc::clone(&error)));
                    let _ = waiting.reply.send(answer);
                }
            }
        }
    }

    /// Gets every job an answer that will stand.
    async fn settle(
        &mut self,
        batch: &mut Batch,
        queue: &mut Queue,
    ) -> Result<Vec<Result<Receipt, SubmitError>>, StoreError> {
        let (mut lost, mut ask) = (false, self.wary > 0);
        self.wary = self.wary.saturating_sub(1);
        for attempt in 0..ATTEMPTS_MAX {
            let (head, known) = match self.look(&batch.jobs, ask, lost).await {
                Ok(found) => found,
                // It may be there already.
                Err(error) if lost => {
                    tracing::warn!(tenant = self.tenant.0, %error, "a commit was not looked up");
                    return Ok(unknown(&batch.jobs));
                }
                Err(error) => return Err(error),
            };
            if !known.is_empty() {
                self.wary = WARY_FOR;
            }
            if ask || !batch.stands_on(head) {
                batch.begin(head, known, &mut self.memory);
            }
            let decided = batch
                .decide(&self.shared, self.tenant, &mut self.memory)
                .await;
            if let Err(error) = decided {
                batch.rewind(&mut self.memory);
                return Err(error);
            }
            if !ask && batch.group().refuses_a_key(&batch.jobs) {
                // What is refused now may have been accepted the first time.
                batch.rewind(&mut self.memory);
                ask = true;
                continue;
            }
            // Before anything is decided upon these states: a snapshot is of what is in the log.
            let snapshots = self.memory.unsnapshotted(batch.touched(), SNAPSHOT_EVERY);
            let appended = if batch.group().events.is_empty() {
                append::confirm(&self.shared.db, self.tenant, head).await
            } else {
                // What a repetition or another node may yet undo is not built upon.
                let ahead = attempt == 0 && self.wary == 0;
                self.append(head, batch.group(), queue, ahead).await
            };
            if !matches!(appended, Ok(Appended::Committed)) {
                self.next.rewind(&mut self.memory);
                batch.rewind(&mut self.memory);
            }
            match appended? {
                Appended::Committed => {
                    let answers = self.committed(batch.take_group(), snapshots);
                    return Ok(answers.into_iter().map(Answer::into_result).collect());
                }
                Appended::HeadMoved => {
                    metrics::counter!("entrepot_groups_redone_total").increment(1);
                    if !self.catch_up(head).await? {
                        // The log does not even reach where it was: it was restored from older times.
                        tracing::warn!(tenant = self.tenant.0, "the log went back");
                        self.forget_all();
                        self.shared.feed.forget_recent(self.tenant);
                    }
                    // Two busy nodes take turns: whoever lost waits a little longer each time.
                    sleep(Duration::from_micros(u64::from(attempt.min(20)) * 200)).await;
                }
                Appended::KeyUsed(_) if !ask => ask = true,
                Appended::KeyUsed(error) => return Err(error.into()),
                Appended::Unknown(error) => {
                    tracing::warn!(tenant = self.tenant.0, %error, "the outcome of a commit is not known");
                    self.forget_all();
                    (lost, ask) = (true, true);
                    if !append::resolve(&self.shared.db, self.tenant).await {
                        return Ok(unknown(&batch.jobs));
                    }
                }
            }
        }
        let overloaded = |_| Err(SubmitError::Overloaded);
        Ok(batch.jobs.iter().map(overloaded).collect())
    }

    /// Whatever is known of the log may not be so.
    fn forget_all(&mut self) {
        self.next.rewind(&mut self.memory);
        self.memory.clear();
        self.head = None;
    }

    /// The end of the log and, if they are asked for, the keys that are in it.
    async fn look(
        &mut self,
        jobs: &[Waiting],
        ask: bool,
        lost: bool,
    ) -> Result<(Head, Known), StoreError> {
        let head = self.head().await?;
        // The keys that clients sent, and after a lost commit every job's.
        let keyed = jobs.iter().map(|waiting| &waiting.job);
        let keyed = keyed.filter(|job| lost || job.submission.key.is_some());
        let known = if ask {
            append::known_keys(&self.shared.db, self.tenant, keyed).await?
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

    /// Appends a group. If `ahead`, what comes meanwhile is decided on the state that the group leaves.
    async fn append(
        &mut self,
        head: Head,
        group: &Group,
        queue: &mut Queue,
        ahead: bool,
    ) -> Result<Appended, StoreError> {
        let shared = Arc::clone(&self.shared);
        let mut append = pin!(append::append(
            &shared.db,
            self.tenant,
            head.position,
            group
        ));
        if ahead {
            tokio::select! {
                biased;
                appended = &mut append => return appended,
                Err(error) = self.decide_ahead(group.head, queue) => {
                    // Whose turn it is then will be told, should it happen again.
                    tracing::debug!(tenant = self.tenant.0, %error, "nothing is decided ahead");
                    self.next.rewind(&mut self.memory);
                }
            }
        }
        append.await
    }

    /// Decides what comes, as long as nobody stops it, on a log that will end there.
    async fn decide_ahead(
        &mut self,
        head: Head,
        queue: &mut Queue,
    ) -> Result<Infallible, StoreError> {
        let (next, memory) = (&mut self.next, &mut self.memory);
        next.begin(head, Known::new(), memory);
        loop {
            match next.proceed(DECIDED_AT_ONCE, &self.shared, self.tenant, memory)? {
                Progress::Paused => yield_now().await,
                Progress::Decided | Progress::Loading => {
                    next.more(queue, GROUP_MAX, memory).await?;
                }
            }
        }
    }

    /// A group is in the log for good: whoever follows it is told.
    fn committed(&mut self, group: Group, snapshots: Vec<Snapshot>) -> Vec<Answer> {
        if !group.events.is_empty() {
            self.head = Some(group.head);
            metrics::counter!("entrepot_events_appended_total")
                .increment(group.events.len() as u64);
            self.shared.feed.appended(self.tenant, group.entries);
            self.shared.hints.head(self.tenant, group.head.position);
            self.snapshot(snapshots);
        }
        group.answers
    }

    /// Writes snapshots of streams that grew long. They save time, nothing depends on them.
    fn snapshot(&self, due: Vec<Snapshot>) {
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
}

fn unknown(jobs: &[Waiting]) -> Vec<Result<Receipt, SubmitError>> {
    jobs.iter()
        .map(|_| Err(SubmitError::OutcomeUnknown))
        .collect()
}

async fn write_snapshots(
    shared: &Shared,
    tenant: TenantId,
    due: Vec<Snapshot>,
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
