//! The commands of one group, and how far they are decided.

use std::collections::BTreeSet;
use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::Arc;

use entrepot_domain::kernel::{StreamId, TenantId};
use tokio::sync::mpsc;

use crate::error::StoreError;
use crate::group::{Deciding, Group, Head, Known, Step, Waiting};
use crate::load;
use crate::memory::{Loaded, Memory};
use crate::store::Shared;

/// A lane's queue.
pub(crate) type Queue = mpsc::Receiver<Waiting>;

type Streams = Vec<(StreamId, Loaded)>;
type Loading = Pin<Box<dyn Future<Output = Result<Streams, StoreError>> + Send>>;

/// Commands that are decided and appended together.
#[derive(Default)]
pub(crate) struct Batch {
    /// The commands, in order.
    pub(crate) jobs: Vec<Waiting>,
    /// Where the log ends for those that are decided.
    head: Option<Head>,
    deciding: Deciding,
    /// The streams that the next one reads. Kept here: whoever waits for them may stop, and go on later.
    loading: Option<Loading>,
}

/// How far a batch is.
pub(crate) enum Progress {
    /// Every command has its answer.
    Decided,
    /// There are more.
    Paused,
    /// The next one waits for streams.
    Loading,
}

impl Batch {
    /// Whether it is being decided on a log that ends there.
    pub(crate) fn stands_on(&self, head: Head) -> bool {
        self.head == Some(head)
    }

    /// Decides anew, on a log that ends there.
    pub(crate) fn begin(&mut self, head: Head, known: Known, memory: &mut Memory) {
        self.rewind(memory);
        self.head = Some(head);
        self.deciding = Deciding::at(head, known);
    }

    /// Takes all decisions back.
    pub(crate) fn rewind(&mut self, memory: &mut Memory) {
        memory.forget(self.take_group().touched);
        // What it reads may be older than what the memory learns meanwhile.
        self.loading = None;
    }

    /// What the decisions add to the log.
    pub(crate) const fn group(&self) -> &Group {
        &self.deciding.group
    }

    /// The same, with the decisions gone from here.
    pub(crate) fn take_group(&mut self) -> Group {
        self.head = None;
        std::mem::take(&mut self.deciding).group
    }

    /// Decides every command.
    pub(crate) async fn decide(
        &mut self,
        shared: &Arc<Shared>,
        tenant: TenantId,
        memory: &mut Memory,
    ) -> Result<(), StoreError> {
        loop {
            match self.proceed(usize::MAX, shared, tenant, memory)? {
                Progress::Decided => return Ok(()),
                Progress::Paused => {}
                Progress::Loading => insert(arrived(&mut self.loading).await?, memory),
            }
        }
    }

    /// Decides up to `most` of the commands that are not, or begins to load what the next one reads.
    pub(crate) fn proceed(
        &mut self,
        most: usize,
        shared: &Arc<Shared>,
        tenant: TenantId,
        memory: &mut Memory,
    ) -> Result<Progress, StoreError> {
        if self.loading.is_some() {
            return Ok(Progress::Loading);
        }
        let postings = shared.postings.as_ref();
        Ok(
            match self.deciding.proceed(&self.jobs, most, memory, postings)? {
                Step::Decided => Progress::Decided,
                Step::Paused => Progress::Paused,
                Step::Needs(streams) => {
                    let shared = Arc::clone(shared);
                    let load = async move { load::streams(&shared.db, tenant, &streams).await };
                    self.loading = Some(Box::pin(load));
                    Progress::Loading
                }
            },
        )
    }

    /// Waits for what lets deciding go on: streams that are being loaded, or commands until there are
    /// `most`. For ever, if neither comes. Stopped, it has lost nothing.
    pub(crate) async fn more(
        &mut self,
        queue: &mut Queue,
        most: usize,
        memory: &mut Memory,
    ) -> Result<(), StoreError> {
        let room = most.saturating_sub(self.jobs.len());
        tokio::select! {
            loaded = arrived(&mut self.loading) => insert(loaded?, memory),
            came = queue.recv_many(&mut self.jobs, room), if room > 0 => if came == 0 {
                // Closed: none will come any more.
                insert(arrived(&mut self.loading).await?, memory);
            },
        }
        Ok(())
    }

    /// The streams that the decisions have changed.
    pub(crate) const fn touched(&self) -> &BTreeSet<StreamId> {
        &self.deciding.group.touched
    }
}

/// Waits for what is being loaded; for ever, if nothing is.
async fn arrived(loading: &mut Option<Loading>) -> Result<Streams, StoreError> {
    let Some(streams) = loading else {
        return pending().await;
    };
    let streams = streams.await;
    *loading = None;
    streams
}

fn insert(streams: Streams, memory: &mut Memory) {
    for (stream, slot) in streams {
        memory.insert(stream, slot);
    }
}
