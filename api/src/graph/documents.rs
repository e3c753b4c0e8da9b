//! Documents of a read model by their keys, in one state: from memory where they stand there just as in
//! that state, else from their rows, and then in memory for whoever reads the same state next.
//!
//! Exact: memory is keyed by tenant and by the place of the read models, and two reads at one place see
//! the same rows ([`Place`](entrepot_projections::place::Place)). A caller bound to channels goes by the
//! row rules of the tables instead ([`policy::all_rows`](super::policy::all_rows)).

use std::sync::Arc;

use async_graphql::Result;
use entrepot_event_store::db::View;
use entrepot_projections::model::{Documents, Fold};

use super::error;
use super::session::Session;
use super::snapshot::Snapshot;

/// The documents of those keys that have any.
pub(super) async fn documents<F: Fold>(
    session: &Session,
    snapshot: &Snapshot,
    keys: &[F::Key],
) -> Result<Documents<F>> {
    let (tenant, core) = (session.tenant()?, session.app.core());
    let at_hand = core.map(|core| core.documents::<F>(tenant, snapshot.place, keys));
    let mut documents = at_hand.unwrap_or_default();
    let absent = keys.iter().filter(|key| !documents.contains_key(key));
    let absent: Vec<F::Key> = absent.cloned().collect();
    if absent.is_empty() {
        return Ok(documents);
    }
    let read = F::load(View::Of(snapshot.tx().await?), tenant, &absent).await;
    let read = read.map_err(error::db)?.into_iter();
    let read: Documents<F> = read.map(|(key, doc)| (key, Arc::new(doc))).collect();
    if let Some(core) = core {
        core.keep_documents::<F>(tenant, snapshot.place, &read);
    }
    documents.extend(read);
    Ok(documents)
}
