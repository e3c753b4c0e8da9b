//! One subscriber: a place in the log, and what comes next there.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_graphql::{Error, ErrorExtensions as _, Result};
use tokio::sync::watch;
use tokio::time::timeout;

use super::batch::Batch;
use super::change::{Change, ChangeKind};
use super::hub::{Hub, LiveLimits};
use super::interest::Interest;
use super::place::{Place, Sent};
use super::rows::Reader;
use super::start::{self, Next, Start};
use super::stream::{Given, Source};
use super::tail::Tail;
use super::{Watched, snapshot};
use crate::graph::cost::Toll;
use crate::graph::error::{self, fault};
use crate::graph::session::{GROUP, Session};

/// How long a new tail may take to find out where the log ends.
const FIRST_LOOK: Duration = Duration::from_secs(5);

/// One subscriber.
pub(super) struct Subscriber<W: Watched> {
    session: Arc<Session>,
    toll: Toll,
    tail: Arc<Tail>,
    interest: Arc<Interest<W>>,
    /// There is something for those who are interested in the same.
    rung: watch::Receiver<()>,
    access_moved: watch::Receiver<()>,
    next: Next<W::Key>,
    /// The cursor of the update before the next one.
    previous: Option<Arc<str>>,
    /// What is about to be sent.
    ready: VecDeque<Change<W::Row>>,
    lag: Lag,
    over: bool,
}

/// How well a subscriber keeps up.
struct Lag {
    limits: LiveLimits,
    /// When the last update was ready for the client.
    handed: Option<Instant>,
    /// Whether the end of the log was reached before: who comes from far may take its time.
    live: bool,
}

impl<W: Watched> Subscriber<W> {
    /// A subscriber who may be one, at its start.
    pub(super) async fn begin(
        hub: &Arc<Hub>,
        session: Arc<Session>,
        toll: Toll,
        watched: W,
        start: Start,
    ) -> Result<Self> {
        let tail = hub.tail(session.tenant()?);
        let Ok(end) = timeout(FIRST_LOOK, tail.known_end()).await else {
            return Err(fault("UNAVAILABLE", "the log does not answer"));
        };
        let end = end.ok_or_else(error::broken)?;
        let interest = tail.interests.of(watched, session.channels(), end);
        let interest = interest.ok_or_else(error::broken)?;
        // A consistency token may have had this node look further than its tail has come.
        let feed = session.app.store.feed();
        let here = end.max(feed.reached(session.tenant()?, GROUP));
        let (next, previous) = start::find::<W>(&session, &start, here).await?;
        Ok(Self {
            rung: interest.rings(),
            access_moved: tail.access_moves(),
            session,
            toll,
            tail,
            interest,
            next,
            previous,
            ready: VecDeque::new(),
            lag: Lag {
                limits: hub.limits,
                handed: None,
                live: false,
            },
            over: false,
        })
    }

    async fn step(&mut self) -> Result<Given> {
        self.check_lag()?;
        loop {
            self.session.check_access().await?;
            if let Some(mut change) = self.ready.pop_front() {
                change.previous_cursor = self.previous.replace(Arc::clone(&change.cursor));
                return Ok(Given::new(change));
            }
            match self.next {
                // Boxed, like all that reads: a subscriber waits most of its life, and is small then.
                Next::Snapshot { .. } => Box::pin(self.read_page()).await?,
                Next::Log { position, row } => self.read_log((position, row)).await?,
            }
        }
    }

    /// A client that does not take what it asked for is told, and where to go on.
    fn check_lag(&mut self) -> Result<()> {
        let Some(handed) = self.lag.handed.take() else {
            return Ok(());
        };
        let behind = match &self.next {
            Next::Log { position, .. } => self.tail.end() - position,
            Next::Snapshot { .. } => 0,
        };
        let more = behind > 0 || !self.ready.is_empty();
        let late = more && handed.elapsed() > self.lag.limits.lag_time;
        let far_behind = self.lag.live && behind > self.lag.limits.lag_events;
        if !(late || far_behind) {
            return Ok(());
        }
        metrics::counter!("entrepot_live_lagged_total").increment(1);
        Err(lagged(self.previous.as_deref()))
    }

    /// Gets the next rows of the snapshot ready.
    async fn read_page(&mut self) -> Result<()> {
        let Next::Snapshot {
            position,
            mark,
            after,
        } = &self.next
        else {
            return Ok(());
        };
        let (position, mark) = (*position, *mark);
        let page = snapshot::page(
            &self.interest.watched,
            &self.session,
            position,
            after.as_ref(),
        )
        .await?;
        self.toll.pay(page.rows.len()).await;
        for (key, row) in page.rows {
            let row = Some(Arc::new(row));
            let sent = Sent::Snapshot(key);
            let place = Place {
                position,
                mark,
                sent,
            };
            self.snapshot_ready(&place, ChangeKind::Snapshot, row)?;
        }
        self.next = if let Some(key) = page.next {
            Next::Snapshot {
                position,
                mark,
                after: Some(key),
            }
        } else {
            let sent = Sent::All;
            let place = Place {
                position,
                mark,
                sent,
            };
            self.snapshot_ready(&place, ChangeKind::SnapshotEnd, None)?;
            Next::Log {
                position,
                row: usize::MAX,
            }
        };
        Ok(())
    }

    fn snapshot_ready(
        &mut self,
        place: &Place<W::Key>,
        kind: ChangeKind,
        row: Option<Arc<W::Row>>,
    ) -> Result<()> {
        let cursor = place.seal::<W>(self.session.tenant()?, &self.session.app.secrets);
        self.ready.push_back(Change {
            cursor: cursor.into(),
            previous_cursor: None,
            kind,
            position: place.position,
            event: None,
            as_of: place.position,
            row,
        });
        Ok(())
    }

    /// Waits until the read models are further than what was sent, and gets ready what happened.
    async fn read_log(&mut self, sent: (i64, usize)) -> Result<()> {
        // Of a position whose rows were all sent, nothing is left; of another, the rest is.
        let after = match sent {
            (position, usize::MAX) => position,
            (position, _) => position - 1,
        };
        // Before the end is read: it moves first, then it rings.
        self.rung.mark_unchanged();
        let end = self.tail.end();
        if end <= after {
            self.lag.live = true;
            let moved = tokio::select! {
                rung = self.rung.changed() => rung,
                moved = self.access_moved.changed() => moved,
            };
            return moved.map_err(|_| error::broken());
        }
        let Some(next) = self.interest.next(after, end) else {
            let (position, row) = (end, usize::MAX);
            self.next = Next::Log { position, row };
            return Ok(());
        };
        let (after, sent) = if next > after {
            (next, (next, usize::MAX))
        } else {
            (after, sent)
        };
        let at_hand = self.tail.at_hand(after);
        let is_old = at_hand.is_none();
        let batch = if let Some(batch) = at_hand {
            batch
        } else {
            let behind = Box::pin(self.tail.behind(after, end)).await;
            let batch = behind.map_err(error::store)?;
            batch.ok_or_else(error::broken)?
        };
        self.log_ready(&batch, sent).await?;
        if is_old {
            self.toll.pay(self.ready.len()).await;
        }
        self.next = Next::Log {
            position: batch.to(),
            row: usize::MAX,
        };
        Ok(())
    }

    async fn log_ready(&mut self, batch: &Batch, sent: (i64, usize)) -> Result<()> {
        let rows = batch.rows::<W>()?;
        let mut wanted = rows.wanted(&self.interest.watched, sent).peekable();
        if wanted.peek().is_none() {
            return Ok(());
        }
        let reader = Reader::One(&self.session);
        let standing = rows.standing(&reader, batch.to()).await?;
        for (index, touched) in wanted {
            let Some((cursor, row)) = standing.of(index, touched) else {
                continue;
            };
            if self.interest.sees(row) {
                self.ready.push_back(Change {
                    cursor: Arc::clone(cursor),
                    previous_cursor: None,
                    kind: ChangeKind::Event,
                    position: touched.at.0,
                    event: Some(Arc::clone(&touched.event)),
                    as_of: standing.as_of,
                    row: Some(Arc::clone(row)),
                });
            }
        }
        Ok(())
    }
}

#[async_trait::async_trait]
impl<W: Watched> Source for Subscriber<W> {
    async fn next(&mut self) -> Option<Result<Given>> {
        if self.over {
            return None;
        }
        let step = self.step().await;
        self.over = step.is_err();
        Some(step)
    }

    fn written(&mut self) {
        self.lag.handed = Some(Instant::now());
    }
}

fn lagged(last: Option<&str>) -> Error {
    let message = "the updates were not taken in time: go on after lastCursor";
    fault("SUBSCRIPTION_LAGGED", message)
        .extend_with(|_, extensions| extensions.set("lastCursor", last))
}
