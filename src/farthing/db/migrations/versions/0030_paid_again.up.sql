-- A dispute that is won after all, or a refund that failed, pays a seller again what was taken back. What all transfers of a
-- sale come to is limited by what was earned with it (earnings.transferred_amount); here, that no two are on their way at once.
DROP INDEX transfers_once;
CREATE UNIQUE INDEX transfers_once ON transfers (seller_order_id) WHERE status = 'requested';
CREATE INDEX transfers_seller_order ON transfers (seller_order_id);

-- When to try again what could not be sent: `release_at` stays what was agreed.
ALTER TABLE seller_orders ADD COLUMN retry_at timestamptz;
