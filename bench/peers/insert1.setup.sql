CREATE TABLE IF NOT EXISTS insert1_event (
  tenant_id bigint NOT NULL, position bigint GENERATED ALWAYS AS IDENTITY, stream_id uuid NOT NULL,
  event_type text NOT NULL, payload text NOT NULL, recorded_at bigint NOT NULL,
  PRIMARY KEY (tenant_id, position));
