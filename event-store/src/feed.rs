//! Tells readers in this process how far each tenant's log and read models are, and hands them the
//! newest events without a query. All of it is hints: whoever misses one finds out by position.

use std::collections::{HashMap, VecDeque};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use entrepot_domain::kernel::TenantId;
use tokio::sync::{Notify, broadcast, watch};

use crate::record::Entry;

/// How many of a tenant's newest events are kept at hand.
const RECENT_MAX: usize = 4_096;
/// Bytes of their payloads.
const RECENT_BYTES_MAX: usize = 8 << 20;
/// Bytes of the payloads of all tenants: each has its share, and one as large as this at least.
const ALL_BYTES_MAX: usize = 64 << 20;
const RECENT_BYTES_MIN: usize = 64 << 10;
/// How many wake-ups a slow reader may fall behind before it has to sweep.
const WAKE_UPS: usize = 8_192;

/// What moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    /// The tenant's log grew.
    Log(TenantId),
    /// A group of the tenant's read models caught up.
    Models(TenantId, &'static str),
}

/// The feed of one process.
#[derive(Debug)]
pub struct Feed {
    tenants: Mutex<HashMap<TenantId, Arc<TenantFeed>>>,
    /// Of how many tenants events are at hand.
    at_hand: AtomicUsize,
    moved: broadcast::Sender<Moved>,
}

#[derive(Debug)]
struct TenantFeed {
    head: watch::Sender<i64>,
    models: Mutex<HashMap<&'static str, Arc<Models>>>,
    recent: Mutex<Recent>,
}

/// A group of a tenant's read models.
#[derive(Debug)]
struct Models {
    position: watch::Sender<i64>,
    /// Told when somebody comes to follow them.
    followed: Notify,
}

/// The newest events, without gaps.
#[derive(Debug, Default)]
struct Recent {
    entries: VecDeque<Arc<Entry>>,
    /// Of all payloads.
    bytes: usize,
}

impl Recent {
    /// Newer events: they follow those at hand, or replace them. The oldest go, until the payloads are no
    /// larger than this.
    fn extend(&mut self, entries: Vec<Arc<Entry>>, bytes_max: usize) {
        let next = self.entries.back().map(|entry| entry.position + 1);
        if next != entries.first().map(|entry| entry.position) {
            *self = Self::default();
        }
        for entry in entries {
            self.bytes += entry.bytes;
            self.entries.push_back(entry);
        }
        while (self.entries.len() > RECENT_MAX || self.bytes > bytes_max)
            && let Some(oldest) = self.entries.pop_front()
        {
            self.bytes -= oldest.bytes;
        }
    }
}

impl Default for Feed {
    fn default() -> Self {
        Self {
            tenants: Mutex::default(),
            at_hand: AtomicUsize::new(0),
            moved: broadcast::channel(WAKE_UPS).0,
        }
    }
}

impl Default for TenantFeed {
    fn default() -> Self {
        Self {
            head: watch::channel(0).0,
            models: Mutex::default(),
            recent: Mutex::default(),
        }
    }
}

impl Default for Models {
    fn default() -> Self {
        Self {
            position: watch::channel(0).0,
            followed: Notify::new(),
        }
    }
}

impl TenantFeed {
    fn models(&self, group: &'static str) -> Arc<Models> {
        Arc::clone(locked(&self.models).entry(group).or_default())
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Raises a watched position; never lowers it.
fn raise(sender: &watch::Sender<i64>, position: i64) -> bool {
    sender.send_if_modified(|current| {
        let higher = position > *current;
        *current = position.max(*current);
        higher
    })
}

impl Feed {
    fn of(&self, tenant: TenantId) -> Arc<TenantFeed> {
        Arc::clone(locked(&self.tenants).entry(tenant).or_default())
    }

    /// Wake-ups for every tenant. After `Lagged`, look everywhere.
    pub fn moved(&self) -> broadcast::Receiver<Moved> {
        self.moved.subscribe()
    }

    /// The newest known position of a tenant's log.
    pub fn head(&self, tenant: TenantId) -> watch::Receiver<i64> {
        self.of(tenant).head.subscribe()
    }

    /// Follows the newest known position of a group of a tenant's read models. As long as somebody
    /// does, its projector does not rest.
    pub fn models(&self, tenant: TenantId, group: &'static str) -> watch::Receiver<i64> {
        let models = self.of(tenant).models(group);
        let position = models.position.subscribe();
        models.followed.notify_waiters();
        position
    }

    /// The newest known position of a group of a tenant's read models; 0 if none is known.
    pub fn reached(&self, tenant: TenantId, group: &'static str) -> i64 {
        *self.of(tenant).models(group).position.borrow()
    }

    /// Waits until somebody follows a group of a tenant's read models.
    pub async fn followed(&self, tenant: TenantId, group: &'static str) {
        let models = self.of(tenant).models(group);
        loop {
            let mut came = pin!(models.followed.notified());
            came.as_mut().enable();
            if models.position.receiver_count() > 0 {
                return;
            }
            came.await;
        }
    }

    /// Events that this process appended.
    pub(crate) fn appended(&self, tenant: TenantId, entries: Vec<Arc<Entry>>) {
        let Some(last) = entries.last().map(|entry| entry.position) else {
            return;
        };
        let feed = self.of(tenant);
        let mut recent = locked(&feed.recent);
        let before = usize::from(!recent.entries.is_empty());
        let tenants = self.at_hand.load(Ordering::Relaxed) + 1 - before;
        let share = ALL_BYTES_MAX / tenants.max(1);
        recent.extend(entries, share.clamp(RECENT_BYTES_MIN, RECENT_BYTES_MAX));
        let after = usize::from(!recent.entries.is_empty());
        self.at_hand.fetch_add(after, Ordering::Relaxed);
        self.at_hand.fetch_sub(before, Ordering::Relaxed);
        drop(recent);
        self.head_is(tenant, last);
    }

    /// Somebody says that a tenant's log reaches this far.
    pub fn head_is(&self, tenant: TenantId, position: i64) {
        if raise(&self.of(tenant).head, position) {
            // No reader is no error.
            let _ = self.moved.send(Moved::Log(tenant));
        }
    }

    /// Somebody says that a group of read models reaches this far.
    pub fn models_are(&self, tenant: TenantId, group: &'static str, position: i64) {
        let higher = raise(&self.of(tenant).models(group).position, position);
        if higher {
            let _ = self.moved.send(Moved::Models(tenant, group));
        }
    }

    /// The events after a position, if they are all at hand.
    pub fn recent(&self, tenant: TenantId, after: i64, limit: usize) -> Option<Vec<Arc<Entry>>> {
        let feed = self.of(tenant);
        let recent = &locked(&feed.recent).entries;
        let first = recent.front()?.position;
        if after + 1 < first || recent.back()?.position <= after {
            return None;
        }
        let skip = usize::try_from(after + 1 - first).ok()?;
        Some(recent.iter().skip(skip).take(limit).cloned().collect())
    }

    /// Lets go of a tenant's events: nothing was appended for a while, or they may not be in the log any
    /// more.
    pub fn forget_recent(&self, tenant: TenantId) {
        let feed = self.of(tenant);
        let mut recent = locked(&feed.recent);
        let before = usize::from(!recent.entries.is_empty());
        *recent = Recent::default();
        self.at_hand.fetch_sub(before, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use entrepot_domain::kernel::DecodeError;

    use super::*;

    fn entry(position: i64, bytes: usize) -> Arc<Entry> {
        Arc::new(Entry {
            position,
            stream_type: "order".to_owned(),
            stream_id: uuid::Uuid::nil(),
            event: Err(DecodeError::UnknownType("test.fact".to_owned())),
            hash: [0; 32],
            bytes,
        })
    }

    #[test]
    fn recent_events_have_no_gap_and_a_size() {
        let feed = Feed::default();
        let at_hand = |after| {
            let recent = feed.recent(TenantId(1), after, usize::MAX)?;
            Some(recent.iter().map(|entry| entry.position).collect())
        };
        feed.appended(TenantId(1), vec![entry(1, 10), entry(2, 10)]);
        feed.appended(TenantId(1), vec![entry(3, RECENT_BYTES_MAX - 10)]);
        assert_eq!(at_hand(0), None, "the first had to go");
        assert_eq!(at_hand(1), Some(vec![2, 3]));
        feed.appended(TenantId(1), vec![entry(5, 1)]);
        assert_eq!(at_hand(2), None, "another node appended the fourth");
        assert_eq!(at_hand(4), Some(vec![5]));
        assert_eq!(feed.recent(TenantId(2), 0, 1).map(|all| all.len()), None);
        // What is too large for a share is not at hand, and does not count as if it were.
        feed.appended(TenantId(2), vec![entry(1, RECENT_BYTES_MAX + 1)]);
        feed.appended(TenantId(2), vec![entry(2, RECENT_BYTES_MAX + 1)]);
        assert_eq!(feed.at_hand.load(Ordering::Relaxed), 1);
        feed.forget_recent(TenantId(1));
        assert_eq!(feed.at_hand.load(Ordering::Relaxed), 0);
    }
}
