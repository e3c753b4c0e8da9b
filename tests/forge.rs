//! Events that this release would not write, at the end of a log that is otherwise in order: what
//! a newer release, or a broken one, leaves behind.

use entrepot_domain::envelope::Meta;
use entrepot_domain::kernel::{Actor, ActorKind, StreamId, TenantId};
use entrepot_entity::{event, scope, tenant_head};
use entrepot_event_store::db::{Merge, Purpose, Rows};
use entrepot_event_store::{Store, record};
use sea_orm::{ColumnTrait as _, QueryFilter as _};
use uuid::Uuid;

/// An event as the log shall hold it.
#[derive(Clone, Debug)]
pub struct Forged<'a> {
    /// Whose version follows the newest.
    pub stream: StreamId,
    /// As stored.
    pub event_type: &'a str,
    /// As stored.
    pub payload: &'a str,
}

/// Appends a forged event, with a right position, version and hash, and returns its position.
pub async fn forge(store: &Store, tenant: TenantId, forged: Forged<'_>) -> i64 {
    let mut tx = store
        .db()
        .begin(tenant, Purpose::Append)
        .await
        .expect("begins");
    let sql = format!(
        "SELECT tenant_id FROM tenant_head WHERE tenant_id = $1{}",
        tx.lock_clause()
    );
    tx.query_sql(&sql, vec![tenant.0.into()])
        .await
        .expect("the head is locked");
    let head = scope::across_tenants::<tenant_head::Entity>()
        .filter(tenant_head::Column::TenantId.eq(tenant.0));
    let head = head
        .one(&tx)
        .await
        .expect("answers")
        .expect("the tenant has a head");
    let stream =
        scope::of::<event::Entity>(tenant.0).filter(event::Column::StreamId.eq(forged.stream.id));
    let versions = stream.all(&tx).await.expect("answers");
    let version = versions.iter().map(|row| row.version).max().unwrap_or(0) + 1;
    let row = event::Model {
        tenant_id: tenant.0,
        position: head.position + 1,
        stream_type: forged.stream.kind.as_str().to_owned(),
        stream_id: forged.stream.id,
        version,
        event_id: Uuid::now_v7(),
        event_type: forged.event_type.to_owned(),
        schema_version: 1,
        config_rev: 1,
        payload: forged.payload.to_owned(),
        meta: meta(),
        recorded_at: head.recorded_at,
        prev_hash: head.hash,
    };
    tx.write(Rows::of(std::slice::from_ref(&row), Merge::Refuse))
        .await
        .expect("the event is written");
    let sql = "UPDATE tenant_head SET position = $2, hash = $3 WHERE tenant_id = $1";
    let values = vec![
        tenant.0.into(),
        row.position.into(),
        record::hash(&row).to_vec().into(),
    ];
    tx.execute_sql(sql, values).await.expect("the head moves");
    tx.commit().await.expect("commits");
    store.feed().head_is(tenant, row.position);
    row.position
}

fn meta() -> String {
    let meta = Meta {
        actor: Actor {
            kind: ActorKind::User,
            id: "forger".to_owned(),
            roles: Vec::new(),
        },
        command_id: Uuid::nil(),
        correlation_id: Uuid::nil(),
        causation_id: None,
        config_rev: 1,
    };
    serde_json::to_string(&meta).expect("encodes")
}
