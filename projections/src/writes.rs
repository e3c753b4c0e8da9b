//! Rows on their way to the read models' tables: one statement a table and batch.

use std::collections::BTreeMap;

use entrepot_event_store::db::{DbError, Guard, Merge, Rows, Tx};
use sea_orm::{EntityName as _, ModelTrait};

/// What a batch writes, by table.
#[derive(Debug, Default)]
pub struct Writes {
    tables: BTreeMap<&'static str, Rows>,
    deletes: BTreeMap<&'static str, Rows>,
}

impl Writes {
    /// Inserts or replaces a row. A key may be put once a batch.
    pub fn put<M: ModelTrait>(&mut self, model: &M) {
        rows::<M>(&mut self.tables, Merge::Replace).push(model);
    }

    /// Adds the row's integers to those that are there: a roll-up.
    pub fn add<M: ModelTrait>(&mut self, model: &M) {
        rows::<M>(&mut self.tables, Merge::Add).push(model);
    }

    /// Deletes the row with this row's key.
    pub fn delete<M: ModelTrait>(&mut self, model: &M) {
        rows::<M>(&mut self.deletes, Merge::Replace).push(model);
    }

    /// Writes everything, if the `guard` hits; without one, always. Whether it did. Tables and keys
    /// come in sorted order, so that two writers cannot deadlock.
    pub async fn flush(self, tx: &mut Tx, guard: Option<Guard>) -> Result<bool, DbError> {
        for mut rows in self.deletes.into_values() {
            rows.sort();
            delete(tx, &rows).await?;
        }
        let mut tables: Vec<Rows> = self.tables.into_values().collect();
        tables.iter_mut().for_each(Rows::sort);
        tx.write_all(guard, tables).await
    }
}

fn rows<'a, M: ModelTrait>(
    tables: &'a mut BTreeMap<&'static str, Rows>,
    merge: Merge,
) -> &'a mut Rows {
    let table = M::Entity::default().table_name();
    tables
        .entry(table)
        .or_insert_with(|| Rows::none::<M>(merge))
}

async fn delete(tx: &Tx, rows: &Rows) -> Result<(), DbError> {
    let (names, keys) = rows.keys();
    let conditions = names.iter().enumerate();
    let conditions: Vec<String> = conditions
        .map(|(index, name)| format!("{name} = ${}", index + 1))
        .collect();
    let sql = format!(
        "DELETE FROM {} WHERE {}",
        rows.table,
        conditions.join(" AND ")
    );
    for key in keys {
        tx.execute_sql(&sql, key).await?;
    }
    Ok(())
}
