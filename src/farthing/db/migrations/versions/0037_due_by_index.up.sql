-- What waits on sellers' accounts is transferred at once.
CREATE INDEX seller_orders_early_due ON seller_orders (confirmed_at)
    WHERE early AND released_at IS NULL AND held_at IS NULL AND status <> 'canceled';
-- What sellers got and have to give back: few of many.
CREATE INDEX earnings_owed ON earnings (seller_id, currency)
    WHERE transferred_amount > seller_share_amount - refunded_seller_share_amount;
-- What is pending of a seller's.
CREATE INDEX earnings_pending ON earnings (seller_id)
    WHERE seller_share_amount - refunded_seller_share_amount > transferred_amount;
