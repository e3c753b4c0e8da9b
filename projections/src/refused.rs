//! Writing rows that the database may refuse. The event at fault is found, and parked in the model
//! at fault; the transaction goes on.

use entrepot_entity::parked;
use entrepot_event_store::db::{DbError, Tx, View};
use sea_orm::ConnectionTrait as _;

use crate::folding::{AnyModel, Batch};
use crate::writes::Writes;

type Models = [Box<dyn AnyModel>];

/// Folds a batch in every model: the rows, and what is parked.
pub(crate) async fn fold(
    models: &Models,
    view: View<'_>,
    batch: &Batch<'_>,
) -> Result<(Writes, Vec<parked::Model>), DbError> {
    let (mut writes, mut parked) = (Writes::default(), Vec::new());
    for model in models {
        parked.extend(model.fold(view, batch, &mut writes).await?);
    }
    Ok((writes, parked))
}

/// Folds a batch and writes the rows; what is parked is the caller's. Rows that the database refuses
/// are an error, and on PostgreSQL the end of the transaction.
async fn write(
    models: &Models,
    tx: &mut Tx,
    batch: &Batch<'_>,
) -> Result<Vec<parked::Model>, DbError> {
    let (writes, parked) = fold(models, View::Of(tx), batch).await?;
    writes.flush(tx).await?;
    Ok(parked)
}

/// As [`write()`], around what the database refuses.
pub(crate) async fn write_around(
    models: &Models,
    tx: &mut Tx,
    batch: &Batch<'_>,
) -> Result<Vec<parked::Model>, DbError> {
    if let Ok(parked) = attempt(models, tx, batch).await? {
        return Ok(parked);
    }
    let (mut keys, mut rows) = (batch.parked.clone(), Vec::new());
    for entry in batch.entries.chunks(1) {
        let one = Batch {
            entries: entry,
            parked: &keys,
            begin_anew: false,
            ..*batch
        };
        let parked = match attempt(models, tx, &one).await? {
            Ok(parked) => parked,
            Err(_) => park(models, tx, &one).await?,
        };
        for row in &parked {
            let keys = keys.entry(row.model.clone()).or_default();
            keys.insert(row.row_key.clone());
        }
        rows.extend(parked);
    }
    Ok(rows)
}

/// Folds one event, whose rows are refused, in each model by itself: the same models park it,
/// whichever others they are folded with.
async fn park(
    models: &Models,
    tx: &mut Tx,
    one: &Batch<'_>,
) -> Result<Vec<parked::Model>, DbError> {
    let mut rows = Vec::new();
    for model in models.chunks(1) {
        rows.extend(match attempt(model, tx, one).await? {
            Ok(parked) => parked,
            Err(error) => {
                let refused = Some(&*error.to_string());
                write(model, tx, &Batch { refused, ..*one }).await?
            }
        });
    }
    Ok(rows)
}

/// Writes the rows of a batch, or leaves no trace of it and says why the database refused them.
async fn attempt(
    models: &Models,
    tx: &mut Tx,
    batch: &Batch<'_>,
) -> Result<Result<Vec<parked::Model>, DbError>, DbError> {
    tx.execute_unprepared("SAVEPOINT attempt").await?;
    let written = write(models, tx, batch).await;
    match &written {
        Ok(_) => {}
        Err(error) if error.refused() => {
            tx.execute_unprepared("ROLLBACK TO attempt").await?;
            let tenant = batch.facts.tenant;
            for model in models {
                model.unlearn(tenant);
            }
        }
        Err(_) => return written.map(Ok),
    }
    tx.execute_unprepared("RELEASE attempt").await?;
    Ok(written)
}
