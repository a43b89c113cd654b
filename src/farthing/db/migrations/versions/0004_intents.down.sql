-- The earlier release knows no authorization and no price that was not taken in full: it sees them as what they amount to.
ALTER TABLE orders DROP COLUMN uncaptured_amount;
DELETE FROM checkouts WHERE payment_id IS NULL;
ALTER TABLE checkouts
    DROP COLUMN own_order,
    DROP COLUMN replaced_at,
    DROP CONSTRAINT checkouts_free_is_complete,
    ALTER COLUMN payment_id SET NOT NULL;
DROP INDEX payments_status;
DROP INDEX payments_closing;
DROP INDEX payments_held;
DROP INDEX payments_one_live_each_order;
ALTER TABLE payments
    DROP CONSTRAINT payments_settles_in_full,
    DROP CONSTRAINT payments_authorized_since,
    DROP CONSTRAINT payments_capture_amount,
    DROP CONSTRAINT payments_capture_or_close,
    DROP CONSTRAINT payments_live_is_unpaid,
    DROP CONSTRAINT payments_status_check;
UPDATE payments SET status = 'processing' WHERE status = 'authorized';
UPDATE payments SET amount = received_amount WHERE settles AND received_amount <> amount;
ALTER TABLE payments
    DROP COLUMN close_asked_at,
    DROP COLUMN capture_attempts,
    DROP COLUMN capture_asked_at,
    DROP COLUMN capture_amount,
    DROP COLUMN expiry_warned_at,
    DROP COLUMN capture_before,
    DROP COLUMN authorized_at,
    DROP COLUMN looked_at,
    DROP COLUMN confirmations,
    DROP COLUMN return_url,
    DROP COLUMN request,
    DROP COLUMN capture_method,
    DROP COLUMN live,
    ADD CONSTRAINT payments_status_check CHECK (status IN ('open', 'processing', 'succeeded', 'surplus', 'canceled')),
    ADD CONSTRAINT payments_check2 CHECK (NOT settles OR (received_amount = amount AND received_currency = currency));
