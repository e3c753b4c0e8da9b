//! What one attempt to decide reads: one transaction for all of it, begun when something is to be read.

use entrepot_domain::kernel::TenantId;

use crate::db::{Db, DbError, Purpose, Tx};

/// A look at one tenant's log.
pub(crate) struct Reading<'a> {
    db: &'a Db,
    tenant: TenantId,
    tx: Option<Tx>,
}

impl<'a> Reading<'a> {
    pub(crate) const fn new(db: &'a Db, tenant: TenantId) -> Self {
        Self {
            db,
            tenant,
            tx: None,
        }
    }

    /// The transaction.
    pub(crate) async fn tx(&mut self) -> Result<&Tx, DbError> {
        let tx = match self.tx.take() {
            Some(tx) => tx,
            None => self.db.begin(self.tenant, Purpose::Read).await?,
        };
        Ok(self.tx.insert(tx))
    }

    /// Nothing more is read.
    pub(crate) async fn end(self) -> Result<(), DbError> {
        match self.tx {
            Some(tx) => tx.rollback().await,
            None => Ok(()),
        }
    }
}
