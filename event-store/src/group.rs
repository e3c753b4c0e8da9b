//! A group of commands, decided one by one in memory at a known position.

use std::collections::{BTreeSet, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use entrepot_domain::command::Decision;
use entrepot_domain::envelope::{Hash, Meta, Recorded};
use entrepot_domain::kernel::{Ctx, DecodeError, Halt, Instant, Refusal, StreamId};
use entrepot_domain::postings::Postings;
use entrepot_domain::world::World;
use entrepot_entity::{command, event};
use uuid::Uuid;

use crate::error::{StoreError, SubmitError};
use crate::memory::Memory;
use crate::record::{self, Entry};
use crate::submission::{IdempotencyKey, Receipt, Submission};
use crate::vault::VaultWrite;

/// A command in a lane.
pub(crate) struct Job {
    pub(crate) submission: Submission,
    /// A UUIDv7 drawn when the command was received; the same however often it is decided.
    pub(crate) command_id: Uuid,
    pub(crate) received_at: Instant,
    pub(crate) input_hash: Hash,
}

impl Job {
    /// The client's key, or the command's own id: every command can be asked for later.
    pub(crate) fn key(&self) -> IdempotencyKey {
        self.submission
            .key
            .clone()
            .unwrap_or_else(|| IdempotencyKey {
                client: String::new(),
                key: self.command_id.to_string(),
                permanent: false,
            })
    }
}

impl Job {
    /// The key as [`Known`] has it.
    fn key_pair(&self) -> (String, String) {
        let key = self.key();
        (key.client, key.key)
    }
}

/// Where a tenant's log ends.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Head {
    pub(crate) position: i64,
    pub(crate) recorded_at: i64,
    pub(crate) hash: Hash,
}

/// What a group adds to the log, and the answers that follow once it is there.
#[derive(Default)]
pub(crate) struct Group {
    pub(crate) head: Head,
    pub(crate) events: Vec<event::Model>,
    pub(crate) commands: Vec<command::Model>,
    pub(crate) vault: Vec<VaultWrite>,
    pub(crate) entries: Vec<Arc<Entry>>,
    pub(crate) touched: BTreeSet<StreamId>,
    /// One for each job, in order.
    pub(crate) answers: Vec<Answer>,
}

impl Group {
    /// Whether a job with a client's key is told no.
    pub(crate) fn refuses_a_key(&self, jobs: &[Job]) -> bool {
        let mut answers = jobs.iter().zip(&self.answers);
        answers.any(|(job, answer)| {
            job.submission.key.is_some() && !matches!(answer, Answer::Receipt(_))
        })
    }
}

/// What a job is told.
pub(crate) enum Answer {
    Receipt(Receipt),
    Refused(Refusal),
    KeyMismatch,
    /// The decision needs a stream that this release cannot read.
    Unreadable(DecodeError),
    /// The rule has a bug.
    Panicked,
}

impl Answer {
    pub(crate) fn into_result(self) -> Result<Receipt, SubmitError> {
        match self {
            Self::Receipt(receipt) => Ok(receipt),
            Self::Refused(refusal) => Err(SubmitError::Refused(refusal)),
            Self::KeyMismatch => Err(SubmitError::KeyMismatch),
            Self::Unreadable(error) => Err(StoreError::Decode(error).into()),
            Self::Panicked => Err(StoreError::Panicked.into()),
        }
    }
}

/// Commands whose key is in the log already.
pub(crate) type Known = HashMap<(String, String), command::Model>;

/// Jobs being decided in order. What is accepted changes the memory at once, so that the next job
/// sees it; if the group is not committed, [`Group::touched`] must be forgotten.
pub(crate) struct Deciding<'a> {
    jobs: &'a [Job],
    known: &'a Known,
    postings: &'a dyn Postings,
    /// Clients' keys of this group, to the job that came first with them.
    keys: HashMap<IdempotencyKey, usize>,
    pub(crate) group: Group,
}

impl<'a> Deciding<'a> {
    pub(crate) fn new(
        jobs: &'a [Job],
        known: &'a Known,
        postings: &'a dyn Postings,
        head: Head,
    ) -> Self {
        let group = Group {
            head,
            ..Group::default()
        };
        Self {
            jobs,
            known,
            postings,
            keys: HashMap::new(),
            group,
        }
    }

    /// Decides until every job has its answer, or until streams must be loaded; call it again then.
    pub(crate) fn proceed(
        &mut self,
        memory: &mut Memory,
    ) -> Result<Option<BTreeSet<StreamId>>, StoreError> {
        while let Some(job) = self.jobs.get(self.group.answers.len()) {
            if let Some(answer) = self.repeated(job) {
                self.group.answers.push(answer);
                continue;
            }
            match decide_one(job, memory, self.postings) {
                Ok((decision, ctx)) => {
                    let receipt = record_one(job, decision, &ctx, memory, &mut self.group)?;
                    if let Some(key) = &job.submission.key {
                        self.keys.insert(key.clone(), self.group.answers.len());
                    }
                    self.group.answers.push(Answer::Receipt(receipt));
                }
                Err(Stop::Refused(refusal)) => self.group.answers.push(Answer::Refused(refusal)),
                Err(Stop::Panicked) => self.group.answers.push(Answer::Panicked),
                Err(Stop::Needs(streams)) => {
                    match streams.iter().find_map(|stream| memory.unreadable(*stream)) {
                        Some(error) => self.group.answers.push(Answer::Unreadable(error.clone())),
                        None => return Ok(Some(self.missing(memory))),
                    }
                }
            }
        }
        Ok(None)
    }

    /// The answer of a job whose key was used before, in the log or in this group.
    fn repeated(&self, job: &Job) -> Option<Answer> {
        if let Some(first) = self.known.get(&job.key_pair()) {
            return Some(replay(job, &first.input_hash, first.into()));
        }
        let first = *self.keys.get(job.submission.key.as_ref()?)?;
        match self.group.answers.get(first)? {
            Answer::Receipt(receipt) => Some(replay(job, &self.jobs[first].input_hash, *receipt)),
            Answer::Refused(_) | Answer::KeyMismatch | Answer::Unreadable(_) | Answer::Panicked => {
                None
            }
        }
    }

    /// What any of the jobs without an answer would have to read that is not in memory, as far as
    /// can be seen now.
    fn missing(&self, memory: &Memory) -> BTreeSet<StreamId> {
        let mut missing = BTreeSet::new();
        for job in &self.jobs[self.group.answers.len()..] {
            // The answer does not count yet: only what it asked for does.
            if let Err(Stop::Needs(streams)) = decide_one(job, memory, self.postings) {
                missing.extend(streams);
            }
        }
        missing.retain(|stream| memory.unreadable(*stream).is_none());
        missing
    }
}

/// The first answer again, or an error if the input is another.
fn replay(job: &Job, input_hash: &[u8], first: Receipt) -> Answer {
    if job.input_hash == input_hash {
        Answer::Receipt(Receipt {
            replayed: true,
            ..first
        })
    } else {
        Answer::KeyMismatch
    }
}

impl From<&command::Model> for Receipt {
    fn from(row: &command::Model) -> Self {
        Self {
            first_position: row.first_position,
            last_position: row.last_position,
            subject: row.subject,
            replayed: false,
        }
    }
}

fn ctx(job: &Job) -> Ctx {
    let submission = &job.submission;
    Ctx::new(
        submission.tenant,
        submission.actor.clone(),
        job.received_at,
        job.command_id,
    )
}

/// Why a decision stopped.
enum Stop {
    Refused(Refusal),
    /// These streams are not in memory.
    Needs(BTreeSet<StreamId>),
    /// The rule has a bug.
    Panicked,
}

fn decide_one(
    job: &Job,
    memory: &Memory,
    postings: &dyn Postings,
) -> Result<(Decision, Ctx), Stop> {
    let view = memory.view(job.command_id);
    let world = World::new(&view);
    let ctx = ctx(job);
    // A rule that panics fails its own command; it has changed nothing, and the lane goes on.
    let decide = || job.submission.command.decide(&world, &ctx, postings);
    match catch_unwind(AssertUnwindSafe(decide)) {
        Ok(Ok(decision)) => Ok((decision, ctx)),
        Ok(Err(Halt::Refused(refusal))) => Err(Stop::Refused(refusal)),
        Ok(Err(Halt::NeedsState)) => Err(Stop::Needs(world.into_missing())),
        Err(_) => Err(Stop::Panicked),
    }
}

/// Turns a decision into rows at the next positions.
fn record_one(
    job: &Job,
    decision: Decision,
    ctx: &Ctx,
    memory: &mut Memory,
    group: &mut Group,
) -> Result<Receipt, StoreError> {
    let submission = &job.submission;
    let meta = Meta {
        actor: submission.actor.clone(),
        command_id: job.command_id,
        correlation_id: submission.correlation_id.unwrap_or(job.command_id),
        causation_id: submission.causation_id,
        config_rev: memory.config_rev(),
    };
    let meta_text = serde_json::to_string(&meta)?;
    let first_position = group.head.position + 1;
    let recorded_at = group.head.recorded_at.max(job.received_at.micros());
    for new in decision.events {
        let version = memory.evolve(new.stream, &new.event);
        group.touched.insert(new.stream);
        let recorded = Recorded {
            tenant: submission.tenant,
            position: group.head.position + 1,
            stream: new.stream,
            version,
            event_id: ctx.fresh_id(),
            event: new.event,
            meta: meta.clone(),
            recorded_at: Instant::from_micros(recorded_at).unwrap_or(job.received_at),
        };
        let row = record::row(&recorded, &meta_text, &group.head.hash)?;
        group.head = Head {
            position: row.position,
            recorded_at,
            hash: record::hash(&row),
        };
        let entry = Entry::of(Arc::new(recorded), group.head.hash, row.payload.len());
        group.events.push(row);
        group.entries.push(Arc::new(entry));
    }
    let receipt = Receipt {
        first_position,
        last_position: group.head.position,
        subject: decision.subject,
        replayed: false,
    };
    let key = job.key();
    group.commands.push(command::Model {
        tenant_id: submission.tenant.0,
        client: key.client,
        key: key.key,
        name: submission.command.name().to_owned(),
        input_hash: job.input_hash.to_vec(),
        first_position,
        last_position: receipt.last_position,
        subject: receipt.subject,
        recorded_at,
        permanent: key.permanent,
    });
    group.vault.extend(submission.vault.iter().cloned());
    Ok(receipt)
}
