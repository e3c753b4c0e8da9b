//! The log, its tenants, personal data and the projectors' book-keeping.

use sea_orm_migration::prelude::*;

use crate::dialect::{APP_ROLE, create_role, grant, postgres, protect, run};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if postgres(manager) {
            create_role(manager, APP_ROLE).await?;
            let rights = format!(
                "GRANT {APP_ROLE} TO CURRENT_USER; GRANT USAGE ON SCHEMA public TO {APP_ROLE}"
            );
            run(manager, &rights).await?;
        }
        run(manager, LOG).await?;
        run(manager, WORK).await?;
        if postgres(manager) {
            run(manager, POSTGRES_STORAGE).await?;
        }
        protect(
            manager,
            &[
                "event",
                "command",
                "snapshot",
                "parked",
                "subject_key",
                "personal",
            ],
        )
        .await?;
        // History is immutable: the application may add to the log and read it, nothing else.
        if postgres(manager) {
            run(
                manager,
                &format!("REVOKE UPDATE, DELETE ON event FROM {APP_ROLE}"),
            )
            .await?;
        }
        grant(manager, &["tenant"], "SELECT, INSERT").await?;
        // Servers ask whether they are too new for the schema.
        grant(manager, &["seaql_migrations"], "SELECT").await?;
        grant(
            manager,
            &["tenant_head", "checkpoint", "lease"],
            "SELECT, INSERT, UPDATE",
        )
        .await?;
        grant(manager, &["timer"], "SELECT, INSERT, UPDATE, DELETE").await
    }
}

const LOG: &str = "
CREATE TABLE tenant (
  tenant_id bigint NOT NULL PRIMARY KEY,
  slug text NOT NULL UNIQUE,
  created_at bigint NOT NULL
);
CREATE TABLE tenant_head (
  tenant_id bigint NOT NULL PRIMARY KEY,
  position bigint NOT NULL,
  incarnation int NOT NULL,
  recorded_at bigint NOT NULL,
  hash {bytes} NOT NULL
);
CREATE TABLE event (
  tenant_id bigint NOT NULL,
  position bigint NOT NULL,
  stream_type text NOT NULL,
  stream_id {uuid} NOT NULL,
  version bigint NOT NULL,
  event_id {uuid} NOT NULL,
  event_type text NOT NULL,
  schema_version int NOT NULL,
  config_rev bigint NOT NULL,
  payload text NOT NULL,
  meta text NOT NULL,
  recorded_at bigint NOT NULL,
  prev_hash {bytes} NOT NULL,
  PRIMARY KEY (tenant_id, position),
  UNIQUE (tenant_id, stream_id, stream_type, version)
) {clustered};
CREATE TABLE command (
  tenant_id bigint NOT NULL,
  client text NOT NULL,
  key text NOT NULL,
  name text NOT NULL,
  input_hash {bytes} NOT NULL,
  first_position bigint NOT NULL,
  last_position bigint NOT NULL,
  subject {uuid} NOT NULL,
  recorded_at bigint NOT NULL,
  permanent boolean NOT NULL,
  PRIMARY KEY (tenant_id, client, key)
) {clustered};
CREATE TABLE snapshot (
  tenant_id bigint NOT NULL,
  stream_type text NOT NULL,
  stream_id {uuid} NOT NULL,
  version bigint NOT NULL,
  state_version int NOT NULL,
  state text NOT NULL,
  PRIMARY KEY (tenant_id, stream_type, stream_id)
);
CREATE TABLE subject_key (
  tenant_id bigint NOT NULL,
  subject_id {uuid} NOT NULL,
  wrapped_key {bytes} NOT NULL,
  PRIMARY KEY (tenant_id, subject_id)
);
CREATE TABLE personal (
  tenant_id bigint NOT NULL,
  record_id {uuid} NOT NULL,
  subject_id {uuid} NOT NULL,
  lookup {bytes},
  sealed {bytes} NOT NULL,
  PRIMARY KEY (tenant_id, record_id)
);
CREATE INDEX personal_subject ON personal (tenant_id, subject_id);
CREATE INDEX personal_lookup ON personal (tenant_id, lookup);
";

const WORK: &str = "
CREATE TABLE checkpoint (
  tenant_id bigint NOT NULL,
  grp text NOT NULL,
  position bigint NOT NULL,
  lease_epoch bigint NOT NULL,
  rebuilt bigint NOT NULL,
  updated_at bigint NOT NULL,
  PRIMARY KEY (tenant_id, grp)
);
CREATE TABLE lease (
  grp text NOT NULL,
  slot int NOT NULL,
  owner {uuid} NOT NULL,
  epoch bigint NOT NULL,
  expires_at bigint NOT NULL,
  PRIMARY KEY (grp, slot)
);
CREATE TABLE parked (
  tenant_id bigint NOT NULL,
  model text NOT NULL,
  row_key text NOT NULL,
  position bigint NOT NULL,
  error text,
  parked_at bigint NOT NULL,
  PRIMARY KEY (tenant_id, model, row_key, position)
);
CREATE TABLE timer (
  tenant_id bigint NOT NULL,
  kind text NOT NULL,
  subject_id {uuid} NOT NULL,
  due_at bigint NOT NULL,
  detail text NOT NULL,
  PRIMARY KEY (tenant_id, subject_id, kind)
);
CREATE INDEX timer_due ON timer (due_at);
";

/// Rows that are updated in place at every commit keep room on their page for it.
const POSTGRES_STORAGE: &str = "
ALTER TABLE tenant_head SET (fillfactor = 10);
ALTER TABLE checkpoint SET (fillfactor = 10);
";
