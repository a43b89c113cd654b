ALTER TABLE seller_orders DROP COLUMN retry_at;
DROP INDEX transfers_seller_order;
DROP INDEX transfers_once;
CREATE UNIQUE INDEX transfers_once ON transfers (seller_order_id) WHERE status IN ('requested', 'sent');
