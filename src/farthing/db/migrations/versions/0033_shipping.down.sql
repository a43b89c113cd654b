DROP TABLE labels;
DROP TABLE ship_from_addresses;
DROP INDEX provider_events_tracker;
ALTER TABLE shipments DROP COLUMN settled_at, DROP COLUMN settled_how, DROP COLUMN track_refusals, DROP COLUMN track_again_at,
    DROP COLUMN tracked_at, DROP COLUMN expected_at, DROP COLUMN tracking_detail, DROP COLUMN tracking_status,
    DROP COLUMN tracker_id, DROP COLUMN followed_by;
ALTER TABLE shipments DROP CONSTRAINT shipments_closed;
ALTER TABLE shipments ADD CONSTRAINT shipments_check1
    CHECK ((status IN ('delivered', 'lost', 'returned')) = (closed_at IS NOT NULL));
ALTER TABLE shipments DROP CONSTRAINT shipments_status_check;
ALTER TABLE shipments ADD CONSTRAINT shipments_status_check
    CHECK (status IN ('shipped', 'in_transit', 'delivered', 'lost', 'returned'));
