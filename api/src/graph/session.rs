//! One request: who asks, for which tenant, and the one state of the read models that it sees.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex as SyncMutex, OnceLock, PoisonError};
use std::time::Duration;

use async_graphql::{Context, Error, ErrorExtensions as _, Result};
use entrepot_domain::kernel::{Actor, ActorKind, TenantId};
use entrepot_entity::scope::TenantScoped;
use entrepot_event_store::clock;
use entrepot_projections::place::{self, Place};
use entrepot_projections::position;
use sea_orm::Select;
use tokio::sync::Mutex;

use super::error::{self, fault};
use super::policy::{self, Audience};
use super::snapshot::Snapshot;
use super::turns::{Busy, Turn, Turns};
use crate::app::App;
use crate::auth::Requester;
use crate::http::Caller;

/// How long a reader waits for read models to reach its position.
pub const WAIT: Duration = Duration::from_secs(5);
/// The group of read models that the graph reads.
pub const GROUP: &str = "core";

/// One request's surroundings; every resolver gets them from the context.
pub struct Session {
    /// What the process shares.
    pub app: Arc<App>,
    turns: Option<Arc<Turns>>,
    /// The turn of a query, held while it runs.
    turn: OnceLock<Turn>,
    caller: Caller,
    tenant: Option<TenantId>,
    snapshot: Mutex<Option<Arc<Snapshot>>>,
    /// The last position that this request wrote.
    written: AtomicI64,
    /// Where the newest state stands that this request read.
    read: SyncMutex<Option<Place>>,
    /// Whether the request reads less than it asked for, because it allows it.
    stale: AtomicBool,
    /// Whether a command of the request had happened before.
    replayed: AtomicBool,
    /// Whether the request may begin with a glance.
    glances: AtomicBool,
}

impl Session {
    /// A request of a verified caller. `tenant` is the one that the caller's token selected.
    pub(super) fn new(
        app: Arc<App>,
        turns: Option<Arc<Turns>>,
        caller: Caller,
        tenant: Option<TenantId>,
    ) -> Arc<Self> {
        let (snapshot, written, read) = (Mutex::default(), AtomicI64::new(0), SyncMutex::default());
        Arc::new(Self {
            app,
            turns,
            turn: OnceLock::new(),
            caller,
            tenant,
            snapshot,
            written,
            read,
            stale: AtomicBool::default(),
            replayed: AtomicBool::default(),
            glances: AtomicBool::default(),
        })
    }

    /// Who asks.
    pub fn requester(&self) -> &Requester {
        &self.caller.requester
    }

    /// The transport's part of the request.
    pub const fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Whose data: from the token, never from an argument.
    pub fn tenant(&self) -> Result<TenantId> {
        self.tenant.ok_or_else(|| {
            fault(
                "FORBIDDEN",
                "the token selects no tenant; name one by the header entrepot-tenant",
            )
        })
    }

    /// The actor that events record.
    pub fn actor(&self) -> Actor {
        let roles = self
            .requester()
            .roles()
            .iter()
            .map(|role| role.name().to_owned())
            .collect();
        Actor {
            kind: ActorKind::User,
            id: self.requester().subject().to_owned(),
            roles,
        }
    }

    /// Which fields are open to the caller.
    pub fn audience(&self) -> Audience {
        Audience::of(&self.caller)
    }

    /// Whether the caller may still see anything of the tenant: asked for every request, before every
    /// live update and every few seconds of a silent stream. Cheap.
    ///
    /// # Errors
    ///
    /// `UNAUTHENTICATED` if the token was revoked, `TENANT_SUSPENDED` for everybody but operators.
    pub async fn check_access(&self) -> Result<()> {
        match self.tenant {
            Some(tenant) => {
                let access = self.app.access.check(tenant, self.requester()).await;
                access.map_err(error::access)
            }
            None => Ok(()),
        }
    }

    /// The channels whose rows the caller may see; all of them for `None`.
    pub fn channels(&self) -> Option<&[String]> {
        policy::channels_of(self.requester().roles(), self.requester().channels())
    }

    /// Waits for the turn of a query. It is over when the request is.
    pub(super) async fn queue(&self) -> Result<(), Busy> {
        if let (Some(turns), Some(tenant)) = (&self.turns, self.tenant) {
            let turn = turns.take(tenant).await?;
            // A request waits once.
            drop(self.turn.set(turn));
        }
        Ok(())
    }

    /// The state that this request reads: the same for all its fields, and never before what it
    /// wrote itself.
    pub async fn read(&self) -> Result<Arc<Snapshot>> {
        let written = self.written.load(Ordering::Acquire);
        let mut held = self.snapshot.lock().await;
        if let Some(snapshot) = held.as_ref()
            && snapshot.place.position >= written
        {
            return Ok(Arc::clone(snapshot));
        }
        if written > 0 {
            self.wait(written).await?;
        }
        // First the old one ends: who holds a connection must not wait for another.
        end(held.take()).await;
        let fresh = Arc::new(self.begin().await?);
        self.read_at(fresh.place);
        *held = Some(Arc::clone(&fresh));
        Ok(fresh)
    }

    /// The rows of a list in the state that this request reads.
    pub(super) async fn rows<E: TenantScoped>(&self, rows: Select<E>) -> Result<Vec<E::Model>> {
        if self.glances.load(Ordering::Acquire)
            && let Some(rows) = self.glance(&rows).await?
        {
            return Ok(rows);
        }
        self.read().await?.rows(rows).await
    }

    /// The rows of the first list, and with them the state that the request reads; `None` if it has one.
    async fn glance<E: TenantScoped>(&self, rows: &Select<E>) -> Result<Option<Vec<E::Model>>> {
        let mut held = self.snapshot.lock().await;
        if held.is_some() {
            return Ok(None);
        }
        let (tenant, turn) = self.turn_to_read().await?;
        let glance = Snapshot::glance(&self.app, tenant, rows.clone(), turn).await?;
        Ok(glance.map(|(snapshot, rows)| {
            self.read_at(snapshot.place);
            *held = Some(Arc::new(snapshot));
            rows
        }))
    }

    /// The request may begin with a glance: it is a query, and one will probably do.
    pub(super) fn may_glance(&self) {
        self.glances.store(true, Ordering::Release);
    }

    /// Whether the state that was glanced at was gone when more of it was asked for. It is given up
    /// then: the request runs again, and begins with a transaction.
    pub(super) async fn start_over(&self) -> bool {
        let mut held = self.snapshot.lock().await;
        let moved = held.as_ref().is_some_and(|snapshot| snapshot.has_moved());
        if moved {
            self.glances.store(false, Ordering::Release);
            end(held.take()).await;
        }
        moved
    }

    /// Whether one list's rows were all that the request read, if it read any.
    pub(super) async fn lists_only(&self) -> Option<bool> {
        let held = self.snapshot.lock().await;
        held.as_ref().map(|snapshot| snapshot.lists_only())
    }

    /// A state of its own, as of now: live updates read one for each batch.
    pub async fn begin(&self) -> Result<Snapshot> {
        let (tenant, turn) = self.turn_to_read().await?;
        Snapshot::begin(&self.app, tenant, turn).await
    }

    async fn turn_to_read(&self) -> Result<(TenantId, Option<Turn>)> {
        let tenant = self.tenant()?;
        let turn = match &self.turns {
            Some(turns) if self.turn.get().is_none() => turns.wait(tenant).await,
            _ => None,
        };
        Ok((tenant, turn))
    }

    /// Waits until the read models have reached a position.
    pub async fn wait(&self, position: i64) -> Result<()> {
        if self.reaches(position, WAIT).await? {
            return Ok(());
        }
        Err(self.not_yet(position).await)
    }

    /// Whether the read models reach a position within a time.
    pub async fn reaches(&self, position: i64, wait: Duration) -> Result<bool> {
        let reached = position::reached(&self.app.store, self.tenant()?, GROUP, position, wait);
        reached.await.map_err(error::store)
    }

    /// Why a position cannot be read yet, with where the read models stand.
    pub async fn not_yet(&self, position: i64) -> Error {
        let models = match self.models().await {
            Ok(models) => models,
            Err(error) => return error,
        };
        let lag_ms = self.lag_ms(models).await;
        let message = format!("the read models have not reached position {position} yet");
        fault("READ_NOT_YET_CONSISTENT", message).extend_with(|_, extensions| {
            extensions.set("position", models.to_string());
            extensions.set("lagMs", lag_ms);
        })
    }

    /// Where the read models stand, as far as this process knows.
    pub async fn models(&self) -> Result<i64> {
        let (store, tenant) = (&self.app.store, self.tenant()?);
        let known = store.feed().reached(tenant, GROUP);
        if known > 0 {
            return Ok(known);
        }
        let there = place::checkpoint_of(store.db(), tenant, GROUP).await;
        there.map_err(error::store)
    }

    /// How long ago happened the first event that a state does not show yet; zero if there is none.
    pub async fn lag_ms(&self, as_of: i64) -> i64 {
        let Ok(tenant) = self.tenant() else { return 0 };
        let next = self.app.store.read(tenant, as_of, 1).await;
        let next = next.ok().and_then(|entries| entries.into_iter().next());
        let recorded_at = next.and_then(|entry| Some(entry.event.as_ref().ok()?.recorded_at));
        recorded_at.map_or(0, |at| {
            (clock::instant().micros() - at.micros()).max(0) / 1_000
        })
    }

    /// The request reads what there is, though it asked for more.
    pub fn read_stale(&self) {
        self.stale.store(true, Ordering::Release);
    }

    /// Whether it does.
    pub fn is_stale(&self) -> bool {
        self.stale.load(Ordering::Acquire)
    }

    /// Notes whether a command had happened before.
    pub fn replayed(&self, replayed: bool) {
        self.replayed.fetch_or(replayed, Ordering::AcqRel);
    }

    /// Whether a command of the request had.
    pub fn is_replayed(&self) -> bool {
        self.replayed.load(Ordering::Acquire)
    }

    /// This request wrote up to here.
    pub fn wrote(&self, position: i64) {
        self.written.fetch_max(position, Ordering::AcqRel);
    }

    /// The last position that the request wrote; zero if it wrote nothing.
    pub fn written(&self) -> i64 {
        self.written.load(Ordering::Acquire)
    }

    /// Notes where the state stands that the request reads.
    pub(super) fn read_at(&self, place: Place) {
        *self.read.lock().unwrap_or_else(PoisonError::into_inner) = Some(place);
    }

    /// Where the state stands that the request read, if it read any.
    pub(super) fn place(&self) -> Option<Place> {
        *self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The position of the state that the request read, if it read any.
    pub fn as_of(&self) -> Option<i64> {
        let place = self.place();
        place.map(|place| place.position).filter(|as_of| *as_of > 0)
    }

    /// Ends the request's transaction.
    pub async fn finish(&self) {
        end(self.snapshot.lock().await.take()).await;
    }
}

/// Ends a snapshot that nobody reads any more. One still being read ends with its last reader.
async fn end(snapshot: Option<Arc<Snapshot>>) {
    if let Some(snapshot) = snapshot.and_then(Arc::into_inner)
        && let Err(error) = snapshot.end().await
    {
        tracing::debug!(?error, "a read transaction ended by itself");
    }
}

/// The session of the request that a field belongs to.
pub(crate) fn session<'a>(ctx: &'a Context<'_>) -> Result<&'a Arc<Session>> {
    ctx.data::<Arc<Session>>()
}
