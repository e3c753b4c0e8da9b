//! Rows on their way to the read models' tables: one statement a table and batch.

use std::collections::BTreeMap;

use entrepot_event_store::db::{DbError, Deletes, Guard, Merge, Rows, Tx, Written};
use sea_orm::{EntityName as _, ModelTrait};

/// What a batch writes, by table.
#[derive(Debug, Default)]
pub struct Writes {
    /// Whether the rows to come belong to a document that begins.
    begins: bool,
    tables: BTreeMap<(&'static str, Merge), Rows>,
    deletes: BTreeMap<&'static str, Rows>,
}

impl Writes {
    /// Says whether the rows put from here on belong to a document that begins. No row has their key
    /// then, and they are inserted without the provision for one: a quarter cheaper.
    pub(crate) const fn begins(&mut self, begins: bool) {
        self.begins = begins;
    }

    /// Inserts or replaces a row. A key may be put once a batch.
    pub fn put<M: ModelTrait>(&mut self, model: &M) {
        let merge = if self.begins {
            Merge::Refuse
        } else {
            Merge::Replace
        };
        self.rows::<M>(merge).push(model);
    }

    /// Adds the row's integers to those that are there: a roll-up.
    pub fn add<M: ModelTrait>(&mut self, model: &M) {
        self.rows::<M>(Merge::Add).push(model);
    }

    /// Deletes the row with this row's key.
    pub fn delete<M: ModelTrait>(&mut self, model: &M) {
        let table = M::Entity::default().table_name();
        let none = || Rows::none::<M>(Merge::Replace);
        self.deletes.entry(table).or_insert_with(none).push(model);
    }

    fn rows<M: ModelTrait>(&mut self, merge: Merge) -> &mut Rows {
        let table = M::Entity::default().table_name();
        let none = || Rows::none::<M>(merge);
        self.tables.entry((table, merge)).or_insert_with(none)
    }

    /// Writes everything in an open transaction.
    pub async fn flush(self, tx: &mut Tx) -> Result<(), DbError> {
        let (rows, deletes) = self.sorted();
        tx.write_all(None, rows).await?;
        tx.delete(deletes).await
    }

    /// Writes everything and commits, if the `guard` hits.
    pub async fn commit(self, tx: Tx, guard: Guard) -> Written {
        let (rows, deletes) = self.sorted();
        tx.commit_with(guard, rows, deletes).await
    }

    /// Tables and keys in sorted order, so that two writers cannot deadlock.
    fn sorted(self) -> (Vec<Rows>, Vec<Deletes>) {
        let sorted = |mut rows: Rows| {
            rows.sort();
            rows
        };
        let rows = self.tables.into_values().map(sorted).collect();
        let deletes = self.deletes.into_values().map(sorted);
        (rows, deletes.map(|rows| Deletes::like(&rows)).collect())
    }
}
