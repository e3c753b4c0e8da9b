//! Connections to PostgreSQL that are kept at hand from one statement to the next.
//!
//! sqlx asks each connection that is given back whether it is there still, which is a round trip more for
//! a statement that is one. Whatever just answered, and has no transaction open, is there; it goes
//! back to the pool when nobody wanted it for a while.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::{self, Connection as _, PgConnection, PgPool, Postgres};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// A connection that was idle for this long is asked whether it is there still.
pub(super) const TRUSTED_FOR: Duration = Duration::from_secs(1);
/// After this long a connection is given back, so that the pool looks at its age.
const KEPT_FOR: Duration = Duration::from_mins(1);

/// Whoever does not answer a ping by then is not there.
const PING_WITHIN: Duration = Duration::from_secs(5);

/// Whether a connection is there.
pub(super) async fn is_there(conn: &mut PgConnection) -> bool {
    matches!(timeout(PING_WITHIN, conn.ping()).await, Ok(Ok(())))
}

/// A pool, and what is at hand of it.
#[derive(Clone, Debug)]
pub(super) struct Connections {
    pool: PgPool,
    /// As many as the pool may open: who holds one finds a connection at hand or in the pool.
    permits: Arc<Semaphore>,
    shelf: Arc<Shelf>,
    answer_within: Option<Duration>,
}

/// Connections at hand; the last one that was used comes first.
#[derive(Debug, Default)]
struct Shelf(Mutex<Vec<AtHand>>);

#[derive(Debug)]
struct AtHand {
    conn: PoolConnection<Postgres>,
    since: Instant,
    idle_since: Instant,
}

/// A connection in use. Dropped, it goes back to the pool, and is asked there whether it is there still.
#[derive(Debug)]
pub(super) struct Taken {
    conn: PoolConnection<Postgres>,
    /// When it came from the pool.
    since: Instant,
    shelf: Arc<Shelf>,
    permit: OwnedSemaphorePermit,
    answer_within: Option<Duration>,
}

impl Connections {
    /// Nothing at hand yet. The pool may open `most` connections. What is sent on one is answered within
    /// this time, or never.
    pub(super) fn new(pool: PgPool, most: u32, answer_within: Option<Duration>) -> Self {
        let permits = usize::try_from(most).unwrap_or(usize::MAX);
        Self {
            pool,
            permits: Arc::new(Semaphore::new(permits)),
            shelf: Arc::default(),
            answer_within,
        }
    }

    /// A connection, which is waited for while all are in use.
    pub(super) async fn take(&self) -> Result<Taken, sqlx::Error> {
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let permit = permit.map_err(|_| sqlx::Error::PoolClosed)?;
        let now = Instant::now();
        let (conn, since) = match self.shelf.pick(now) {
            Some(at_hand) => (at_hand.conn, at_hand.since),
            // Boxed, because it is rare and large, and in the way of every statement.
            None => (Box::pin(self.pool.acquire()).await?, now),
        };
        Ok(Taken {
            conn,
            since,
            shelf: Arc::clone(&self.shelf),
            permit,
            answer_within: self.answer_within,
        })
    }

    /// Closes every connection, after what runs on them.
    pub(super) async fn close(&self) {
        self.permits.close();
        self.shelf.lock().clear();
        self.pool.close().await;
    }
}

impl Shelf {
    /// The connection that was used last. If it was idle for too long, all of them were.
    fn pick(&self, now: Instant) -> Option<AtHand> {
        let mut all = self.lock();
        let last = all.pop()?;
        if now.duration_since(last.idle_since) < TRUSTED_FOR {
            return Some(last);
        }
        all.clear();
        None
    }

    fn lock(&self) -> MutexGuard<'_, Vec<AtHand>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    /// How long an answer is waited for, if not for ever.
    pub(super) const fn answer_within(&self) -> Option<Duration> {
        self.answer_within
    }

    /// Keeps the connection at hand: a statement was answered on it, and no transaction is open.
    pub(super) fn keep(self) {
        let Self {
            conn,
            since,
            shelf,
            permit,
            ..
        } = self;
        let idle_since = Instant::now();
        let mut at_hand = shelf.lock();
        // Looked at with the shelf in hand: nothing is put there behind a close.
        let open = !permit.semaphore().is_closed();
        if open && idle_since.duration_since(since) < KEPT_FOR {
            at_hand.push(AtHand {
                conn,
                since,
                idle_since,
            });
        }
    }

    /// Keeps the connection as soon as what was sent on it is answered, which nobody waits for.
    pub(super) fn settle(mut self) {
        tokio::spawn(async move {
            if is_there(&mut self.conn).await {
                self.keep();
            } else {
                self.close_on_drop();
            }
        });
    }

    /// The connection is closed with this, and whatever runs on it ends.
    pub(super) fn close_on_drop(&mut self) {
        self.conn.close_on_drop();
    }
}

impl Deref for Taken {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.conn
    }
}

impl DerefMut for Taken {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.conn
    }
}
