//! One state of a tenant's read models: every table at the same position.
//!
//! Most pages need one statement of the database: the keys of a list, and where they stand. What stands
//! in memory at that very place is read from there ([`documents`](super::documents)). So a state may
//! be glanced at first: a transaction is begun when something else is asked for. Should the rows have
//! moved on by then, there is no such state any more, and the request starts over with a transaction
//! from the beginning ([`Session::start_over`](super::session::Session::start_over)).

use std::sync::atomic::{AtomicBool, Ordering};

use async_graphql::Result;
use entrepot_domain::kernel::TenantId;
use entrepot_entity::scope::TenantScoped;
use entrepot_event_store::db::{Db, DbError, Purpose, Tx};
use entrepot_projections::place::{self, Place};
use sea_orm::Select;
use tokio::sync::OnceCell;

use super::error::{self, fault};
use super::session::GROUP;
use super::turns::Turn;
use crate::app::App;

/// One state.
pub struct Snapshot {
    /// Where the rows stand.
    pub place: Place,
    tenant: TenantId,
    db: Db,
    /// A read-only transaction.
    tx: OnceCell<Tx>,
    /// Whether more was asked for than the rows of lists.
    asked: AtomicBool,
    /// Whether the rows had moved on when the transaction was begun.
    moved: AtomicBool,
    /// Where the request as a whole holds none.
    _turn: Option<Turn>,
}

impl Snapshot {
    /// The state of now.
    pub(super) async fn begin(app: &App, tenant: TenantId, turn: Option<Turn>) -> Result<Self> {
        let db = app.store.db();
        let (tx, place) = begin(db, tenant).await.map_err(error::db)?;
        Ok(Self::at(
            db,
            tenant,
            place,
            OnceCell::new_with(Some(tx)),
            turn,
        ))
    }

    /// The rows of a list, and the state of now that they belong to; `None` if there are no rows.
    pub(super) async fn glance<E: TenantScoped>(
        app: &App,
        tenant: TenantId,
        rows: Select<E>,
        turn: Option<Turn>,
    ) -> Result<Option<(Self, Vec<E::Model>)>> {
        let db = app.store.db();
        let found = place::rows_with_place(db, tenant, GROUP, rows).await;
        let found = found.map_err(error::db)?;
        Ok(found.map(|(place, rows)| (Self::at(db, tenant, place, OnceCell::new(), turn), rows)))
    }

    fn at(db: &Db, tenant: TenantId, place: Place, tx: OnceCell<Tx>, turn: Option<Turn>) -> Self {
        Self {
            place,
            tenant,
            db: db.clone(),
            tx,
            asked: AtomicBool::default(),
            moved: AtomicBool::default(),
            _turn: turn,
        }
    }

    /// The rows of a list.
    pub(super) async fn rows<E: TenantScoped>(&self, rows: Select<E>) -> Result<Vec<E::Model>> {
        rows.all(self.opened().await?).await.map_err(error::db)
    }

    /// The transaction, for whatever else is read.
    pub(super) async fn tx(&self) -> Result<&Tx> {
        self.asked.store(true, Ordering::Release);
        self.opened().await
    }

    async fn opened(&self) -> Result<&Tx> {
        let opening = async || {
            let (tx, place) = begin(&self.db, self.tenant).await.map_err(error::db)?;
            if place == self.place {
                return Ok(tx);
            }
            self.moved.store(true, Ordering::Release);
            tx.rollback().await.map_err(error::db)?;
            Err(fault("UNAVAILABLE", "the read models moved on meanwhile"))
        };
        self.tx.get_or_try_init(opening).await
    }

    /// Whether the rows of lists were all that was asked for.
    pub(super) fn lists_only(&self) -> bool {
        !self.asked.load(Ordering::Acquire)
    }

    /// Whether the state was not there any more when more of it was asked for.
    pub(super) fn has_moved(&self) -> bool {
        self.moved.load(Ordering::Acquire)
    }

    /// Ends the transaction.
    pub(super) async fn end(self) -> Result<()> {
        match self.tx.into_inner() {
            Some(tx) => tx.rollback().await.map_err(error::db),
            None => Ok(()),
        }
    }
}

/// A transaction, and where the rows stand that it sees.
async fn begin(db: &Db, tenant: TenantId) -> Result<(Tx, Place), DbError> {
    let tx = db.begin(tenant, Purpose::Read).await?;
    let place = place::place_in(&tx, tenant, GROUP).await?;
    Ok((tx, place))
}
