DROP INDEX provider_events_received, checkouts_started, refunds_promised, payments_opened;
DROP TABLE discrepancies, reconciliation_seen, reconciliations, event_cursors;
ALTER TABLE provider_events DROP COLUMN source;
