//! Whose turn it is to read: so many requests at one time, of one tenant only some of them, and
//! who waits is served tenant by tenant. One tenant's heavy queries then wait for each other, and
//! another tenant's finds a connection and a core free. A tenant that is alone may take half of
//! all turns; as soon as another one asks, it is held to its share.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_graphql::Response;
use entrepot_domain::kernel::TenantId;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

use super::error::later;

/// For so long after another tenant has asked, nobody is alone.
const COMPANY: Duration = Duration::from_secs(1);
/// When to come again.
const RETRY: Duration = Duration::from_secs(1);

/// How many may read, and how many may wait.
#[derive(Clone, Copy, Debug)]
pub struct TurnLimits {
    /// Turns at one time: as many as there are connections to read by.
    pub all: usize,
    /// Of those, one tenant's while others read as well.
    pub each: usize,
    /// Queries of one tenant that may wait.
    pub queue: usize,
    /// How long a query may wait.
    pub patience: Duration,
}

/// Why a query gets no turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Busy {
    /// The tenant has too many queries waiting.
    Tenant,
    /// It took too long.
    Late,
}

impl Busy {
    /// What the caller is told.
    pub(super) fn refusal(self) -> Response {
        let (code, message) = match self {
            Self::Tenant => ("THROTTLED", "too many queries of your tenant are waiting"),
            Self::Late => ("OVERLOADED", "the query waited too long for its turn"),
        };
        metrics::counter!("entrepot_queries_turned_away_total", "code" => code).increment(1);
        later(code, message.to_owned(), RETRY)
    }
}

/// Gives turns.
#[derive(Debug)]
pub struct Turns {
    limits: TurnLimits,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    running: usize,
    lines: HashMap<TenantId, Line>,
    /// Tenants that wait, the next to be served first.
    order: VecDeque<TenantId>,
    /// Who asked last, and when.
    last: Option<(TenantId, Instant)>,
    /// Until when nobody counts as alone.
    company_until: Option<Instant>,
}

/// One tenant's.
#[derive(Debug, Default)]
struct Line {
    running: usize,
    waiting: VecDeque<oneshot::Sender<Turn>>,
}

/// A turn. It is over when this is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    turns: Arc<Turns>,
    tenant: TenantId,
}

impl Turns {
    /// No turn is taken yet.
    pub fn new(limits: TurnLimits) -> Arc<Self> {
        let limits = TurnLimits {
            all: limits.all.max(1),
            each: limits.each.max(1),
            ..limits
        };
        Arc::new(Self {
            limits,
            state: Mutex::default(),
        })
    }

    /// A turn for a query: refused if too many wait already, or it does not come in time.
    pub(super) async fn take(self: &Arc<Self>, tenant: TenantId) -> Result<Turn, Busy> {
        let coming = match self.ask(tenant, self.limits.queue) {
            Asked::Now(turn) => return Ok(turn),
            Asked::Full => return Err(Busy::Tenant),
            Asked::Later(coming) => coming,
        };
        let come = timeout(self.limits.patience, coming).await;
        come.ok().and_then(Result::ok).ok_or(Busy::Late)
    }

    /// A turn for what cannot be refused any more: a command's answer, a live update. Commands and
    /// streams are bounded where they start.
    pub(super) async fn wait(self: &Arc<Self>, tenant: TenantId) -> Option<Turn> {
        match self.ask(tenant, usize::MAX) {
            Asked::Now(turn) => Some(turn),
            Asked::Full => None,
            Asked::Later(coming) => coming.await.ok(),
        }
    }

    fn ask(self: &Arc<Self>, tenant: TenantId, queue: usize) -> Asked {
        let mut state = self.lock();
        let free = state.running < self.limits.all;
        let each = state.asked(tenant, &self.limits);
        let line = state.lines.entry(tenant).or_default();
        line.forget_gone(queue);
        if free && line.running < each && line.waiting.is_empty() {
            line.running += 1;
            state.running += 1;
            return Asked::Now(self.turn(tenant));
        }
        if line.waiting.len() >= queue {
            return Asked::Full;
        }
        let (sender, coming) = oneshot::channel();
        line.waiting.push_back(sender);
        if !state.order.contains(&tenant) {
            state.order.push_back(tenant);
        }
        Asked::Later(coming)
    }

    fn turn(self: &Arc<Self>, tenant: TenantId) -> Turn {
        Turn {
            turns: Arc::clone(self),
            tenant,
        }
    }

    /// Ends a turn and gives those that are free now.
    fn end(self: &Arc<Self>, tenant: TenantId) {
        let mut next = Vec::new();
        {
            let mut state = self.lock();
            state.running -= 1;
            if let Some(line) = state.lines.get_mut(&tenant) {
                line.running -= 1;
            }
            while let Some((tenant, waiting)) = state.next(&self.limits) {
                next.push((tenant, waiting));
            }
            let idle = |line: &Line| line.running == 0 && line.waiting.is_empty();
            if state.lines.get(&tenant).is_some_and(idle) {
                state.lines.remove(&tenant);
            }
        }
        for (tenant, waiting) in next {
            // Who goes at this moment gives its turn back by dropping it, with the lock free again.
            drop(waiting.send(self.turn(tenant)));
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    /// Who gave up waiting takes no place: looked for at the front, and everywhere when it matters
    /// or there would be no room without growing.
    fn forget_gone(&mut self, queue: usize) {
        while self.waiting.front().is_some_and(oneshot::Sender::is_closed) {
            self.waiting.pop_front();
        }
        let waiting = self.waiting.len();
        if waiting >= queue || waiting == self.waiting.capacity() {
            self.waiting.retain(|waiting| !waiting.is_closed());
        }
    }

    /// Who waited longest and still does.
    fn first(&mut self) -> Option<oneshot::Sender<Turn>> {
        let mut waiting = std::iter::from_fn(|| self.waiting.pop_front());
        waiting.find(|waiting| !waiting.is_closed())
    }
}

impl State {
    /// A tenant asks. Says how many turns each tenant may have now.
    fn asked(&mut self, tenant: TenantId, limits: &TurnLimits) -> usize {
        let now = Instant::now();
        let last = self.last.replace((tenant, now));
        if last.is_some_and(|(other, at)| other != tenant && now - at < COMPANY) {
            self.company_until = Some(now + COMPANY);
        }
        self.each(now, limits)
    }

    fn each(&self, now: Instant, limits: &TurnLimits) -> usize {
        if self.company_until.is_some_and(|until| now < until) {
            limits.each
        } else {
            limits.each.max(limits.all / 2)
        }
    }

    /// The next to be served, if a turn is free; it is taken for them.
    fn next(&mut self, limits: &TurnLimits) -> Option<(TenantId, oneshot::Sender<Turn>)> {
        if self.running >= limits.all {
            return None;
        }
        let each = self.each(Instant::now(), limits);
        for _ in 0..self.order.len() {
            let tenant = self.order.pop_front()?;
            let Some(line) = self.lines.get_mut(&tenant) else {
                continue;
            };
            let served = if line.running < each {
                line.first()
            } else {
                None
            };
            if !line.waiting.is_empty() {
                self.order.push_back(tenant);
            }
            if let Some(waiting) = served {
                line.running += 1;
                self.running += 1;
                return Some((tenant, waiting));
            }
        }
        None
    }
}

enum Asked {
    Now(Turn),
    Later(oneshot::Receiver<Turn>),
    Full,
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.turns.end(self.tenant);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NORTH: TenantId = TenantId(1);
    const SOUTH: TenantId = TenantId(2);

    fn turns(all: usize, each: usize, queue: usize) -> Arc<Turns> {
        Turns::new(TurnLimits {
            all,
            each,
            queue,
            patience: Duration::from_secs(5),
        })
    }

    async fn taken(turns: &Arc<Turns>, tenant: TenantId) -> Turn {
        turns.take(tenant).await.unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn one_tenant_leaves_turns_to_others() {
        let turns = turns(4, 2, 8);
        let _held = (taken(&turns, NORTH).await, taken(&turns, NORTH).await);
        assert_eq!(turns.take(NORTH).await.unwrap_err(), Busy::Late);
        let _others = (taken(&turns, SOUTH).await, taken(&turns, SOUTH).await);
        assert_eq!(turns.take(TenantId(3)).await.unwrap_err(), Busy::Late);
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_alone_may_take_half_and_gives_way() {
        let turns = turns(8, 1, 8);
        let mut held = Vec::new();
        for _ in 0..4 {
            held.push(taken(&turns, NORTH).await);
        }
        assert_eq!(turns.take(NORTH).await.unwrap_err(), Busy::Late);
        held.truncate(1);
        held.push(taken(&turns, NORTH).await);
        drop(taken(&turns, SOUTH).await);
        held.truncate(1);
        let turn = timeout(Duration::from_millis(500), turns.take(NORTH)).await;
        assert!(turn.is_err(), "not while there is company");
        tokio::time::sleep(COMPANY).await;
        held.push(taken(&turns, NORTH).await);
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_is_served_tenant_by_tenant() {
        let turns = turns(1, 1, 8);
        let held = taken(&turns, NORTH).await;
        let (told, mut served) = tokio::sync::mpsc::unbounded_channel();
        for tenant in [NORTH, NORTH, NORTH, SOUTH] {
            let (turns, told) = (Arc::clone(&turns), told.clone());
            tokio::spawn(async move {
                let turn = turns.take(tenant).await.unwrap();
                told.send(tenant).unwrap();
                drop(turn);
            });
            tokio::task::yield_now().await;
        }
        drop((held, told));
        let mut order = Vec::new();
        while let Some(tenant) = served.recv().await {
            order.push(tenant);
        }
        assert_eq!(order, [NORTH, SOUTH, NORTH, NORTH]);
        assert!(turns.lock().lines.is_empty() && turns.lock().running == 0);
    }

    #[tokio::test(start_paused = true)]
    async fn the_queue_is_bounded_for_queries_and_who_gave_up_is_not_in_it() {
        let turns = turns(1, 1, 1);
        let held = taken(&turns, NORTH).await;
        let waiting = {
            let turns = Arc::clone(&turns);
            tokio::spawn(async move { turns.take(NORTH).await.map(drop) })
        };
        tokio::task::yield_now().await;
        assert_eq!(turns.take(NORTH).await.unwrap_err(), Busy::Tenant);
        // What cannot be refused waits all the same.
        let patient = {
            let turns = Arc::clone(&turns);
            tokio::spawn(async move { turns.wait(NORTH).await.is_some() })
        };
        tokio::task::yield_now().await;
        waiting.abort();
        tokio::task::yield_now().await;
        drop(held);
        assert!(patient.await.unwrap());
        drop(taken(&turns, NORTH).await);
        assert_eq!(turns.lock().running, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn any_number_may_give_up_at_once() {
        let turns = turns(1, 1, 1);
        let held = taken(&turns, NORTH).await;
        let gone: Vec<_> = (0..100_000).map(|_| turns.ask(NORTH, usize::MAX)).collect();
        drop(gone);
        let last = turns.ask(NORTH, usize::MAX);
        drop(held);
        let Asked::Later(last) = last else {
            panic!("it had to wait")
        };
        drop(last.await.unwrap());
        assert!(turns.lock().lines.is_empty() && turns.lock().running == 0);
    }
}
