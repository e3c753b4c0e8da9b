INSERT INTO insert1_event (tenant_id, stream_id, event_type, payload, recorded_at)
VALUES (1, gen_random_uuid(), 'order.placed', :payload, 1768478400000000);
