-- Somebody wants nothing to go to a seller: until they let go, or, after their bank account changed, until a moment.
ALTER TABLE sellers
    ADD COLUMN held_at timestamptz,
    ADD COLUMN held_because text CHECK (length(held_because) BETWEEN 1 AND 500),
    ADD COLUMN held_until timestamptz,
    ADD CHECK ((held_at IS NULL) = (held_because IS NULL)),
    ADD CHECK (held_until IS NULL OR held_at IS NOT NULL);

ALTER TABLE seller_orders
    -- On which days money goes out, as it was agreed when it was sold: 1 to 28 of a month, or a day of the week.
    ADD COLUMN release_day text CHECK (release_day ~ '^([1-9]|1[0-9]|2[0-8]|monday|tuesday|wednesday|thursday|friday)$'),
    -- What was earned goes to the seller's account at once, and to their bank after the holding period.
    ADD COLUMN early boolean NOT NULL DEFAULT false;
ALTER TABLE seller_orders DROP CONSTRAINT seller_orders_check1;
ALTER TABLE seller_orders ADD CONSTRAINT seller_orders_held CHECK (early OR released_at >= release_at);
CREATE INDEX seller_orders_early ON seller_orders (seller_id) WHERE early;
