DROP INDEX seller_orders_early;
ALTER TABLE seller_orders DROP CONSTRAINT seller_orders_held;
ALTER TABLE seller_orders ADD CONSTRAINT seller_orders_check1 CHECK (released_at >= release_at);
ALTER TABLE seller_orders DROP COLUMN early, DROP COLUMN release_day;
ALTER TABLE sellers DROP COLUMN held_at, DROP COLUMN held_because, DROP COLUMN held_until;
