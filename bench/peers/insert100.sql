-- A hundred events a transaction, in one statement: the rate is of transactions.
INSERT INTO insert1_event (tenant_id, stream_id, event_type, payload, recorded_at)
SELECT 1, gen_random_uuid(), 'order.placed', :payload, 1768478400000000 FROM generate_series(1, 100);
