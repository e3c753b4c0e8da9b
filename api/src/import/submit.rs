//! Submits records, many at a time, and counts what becomes of them.

use std::time::Duration;

use entrepot_domain::kernel::{Actor, ActorKind, Refusal, TenantId};
use entrepot_event_store::{IdempotencyKey, Receipt, Store, StoreError, Submission, SubmitError};
use futures_util::future::join_all;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::OnRefusal;
use super::code;
use super::error::ImportError;
use super::order_rows;
use super::progress::Progress;
use super::record::{Record, Step, Steps};
use super::report::Report;
use super::source::Records;

/// Records on their way at once.
const IN_FLIGHT: usize = 256;
/// Attempts to submit a command to a log that does not answer.
const ATTEMPTS_MAX: u32 = 6;
/// Before the second attempt; doubled each time.
const PAUSE: Duration = Duration::from_millis(200);
/// Before a command is offered again to a lane that is full.
const FULL_PAUSE: Duration = Duration::from_millis(50);

/// Where records go, and under whose name.
pub(super) struct Target<'a> {
    pub(super) store: &'a Store,
    pub(super) tenant: TenantId,
    pub(super) source: &'a str,
}

/// What became of a record.
enum Outcome {
    Accepted,
    AlreadyThere,
    Refused { line: u64, refusal: Refusal },
}

/// Submits all records, and answers when the last has its answer.
pub(super) async fn all(
    target: &Target<'_>,
    mut records: Records,
    on_refusal: OnRefusal,
    progress: &dyn Progress,
    stop: &CancellationToken,
) -> Result<Report, ImportError> {
    let mut report = Report::default();
    let mut running = FuturesUnordered::new();
    let mut reading = true;
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled(), if reading => {
                report.stopped = true;
                reading = false;
            }
            Some(done) = running.next(), if !running.is_empty() => {
                let (bytes, outcome) = done?;
                progress.advance(bytes, 1);
                let refused = matches!(outcome, Outcome::Refused { .. });
                count(&mut report, outcome);
                if refused && on_refusal == OnRefusal::Stop {
                    report.stopped |= reading;
                    reading = false;
                }
            }
            record = records.recv(), if reading && running.len() < IN_FLIGHT => match record {
                Some(record) => running.push(settle(target, record?)),
                None => reading = false,
            },
            else => return Ok(report),
        }
    }
}

fn count(report: &mut Report, outcome: Outcome) {
    match outcome {
        Outcome::Accepted => report.accepted += 1,
        Outcome::AlreadyThere => report.replayed += 1,
        Outcome::Refused { line, refusal } => report.refuse(line, refusal),
    }
}

/// Submits the commands of a record. All enter the lane in order, before any is answered.
async fn settle(target: &Target<'_>, record: Record) -> Result<(u64, Outcome), ImportError> {
    let Record {
        line,
        bytes,
        steps,
        rows,
    } = record;
    let refused = |refusal| Ok((bytes, place(line, &rows, refusal)));
    let Steps { steps, place } = match steps {
        Ok(steps) => steps,
        Err(refusal) => return refused(refusal),
    };
    let answers = join_all(steps.iter().map(|step| submit(target, step))).await;
    let mut outcome = Outcome::AlreadyThere;
    for (step, answer) in steps.iter().zip(answers) {
        match answer {
            Ok(receipt) if receipt.replayed => {}
            Ok(_) => outcome = Outcome::Accepted,
            Err(SubmitError::Refused(refusal)) if step.there_already(&refusal) => {}
            Err(SubmitError::Refused(refusal)) => {
                let field = refusal.field.map(|field| place.of(&field));
                return refused(Refusal { field, ..refusal });
            }
            Err(SubmitError::KeyMismatch) => {
                let message = "it was imported from this source before, with other content";
                return refused(Refusal::new(code::RECORD_CHANGED, message));
            }
            Err(source) => return Err(ImportError::Submit { line, source }),
        }
    }
    Ok((bytes, outcome))
}

/// Says where in the file a refused field stands.
fn place(line: u64, rows: &[u64], refusal: Refusal) -> Outcome {
    let Some(field) = refusal.field.as_deref().filter(|_| !rows.is_empty()) else {
        return Outcome::Refused { line, refusal };
    };
    let (row, column) = order_rows::column(field);
    let refusal = Refusal {
        field: Some(column),
        ..refusal
    };
    Outcome::Refused {
        line: rows.get(row).copied().unwrap_or(line),
        refusal,
    }
}

/// Submits a command until the log has answered. The key makes repeating it safe.
async fn submit(target: &Target<'_>, step: &Step) -> Result<Receipt, SubmitError> {
    let mut attempt = 1;
    loop {
        let answer = target.store.submit(target.submission(step)).await;
        match answer {
            Err(SubmitError::Overloaded) => sleep(FULL_PAUSE).await,
            Err(error) if attempt < ATTEMPTS_MAX && may_go_better(&error) => {
                sleep(PAUSE * 2_u32.pow(attempt - 1)).await;
                attempt += 1;
            }
            answer => return answer,
        }
    }
}

fn may_go_better(error: &SubmitError) -> bool {
    match error {
        SubmitError::OutcomeUnknown => true,
        SubmitError::Store(error) => matches!(&**error, StoreError::Db(_)),
        _ => false,
    }
}

impl Target<'_> {
    fn submission(&self, step: &Step) -> Submission {
        Submission {
            tenant: self.tenant,
            command: std::sync::Arc::clone(&step.command),
            actor: Actor {
                kind: ActorKind::Import,
                id: self.source.to_owned(),
                roles: Vec::new(),
            },
            key: Some(IdempotencyKey {
                client: format!("import:{}", self.source),
                key: step.key.clone(),
                permanent: true,
            }),
            fingerprint: None,
            correlation_id: None,
            causation_id: None,
            vault: Vec::new(),
        }
    }
}
