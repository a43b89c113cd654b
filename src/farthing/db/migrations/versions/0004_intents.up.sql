-- Payments by intent, authorized first and captured later; orders that cost nothing.
ALTER TABLE payments
    DROP CONSTRAINT payments_status_check,
    ADD CONSTRAINT payments_status_check
        CHECK (status IN ('open', 'processing', 'authorized', 'succeeded', 'surplus', 'canceled')),
    -- Whether it is the way in which its order can be paid now.
    ADD COLUMN live boolean NOT NULL DEFAULT false,
    ADD COLUMN capture_method text NOT NULL DEFAULT 'automatic' CHECK (capture_method IN ('automatic', 'manual')),
    -- What the provider is asked for, word for word, where it is an intent: asking again is the same request.
    ADD COLUMN request jsonb,
    ADD COLUMN return_url text,
    -- How often it was confirmed through us: each time is an attempt with a key of its own.
    ADD COLUMN confirmations integer NOT NULL DEFAULT 0 CHECK (confirmations >= 0),
    -- When somebody who waits last had us ask the provider.
    ADD COLUMN looked_at timestamptz,
    ADD COLUMN authorized_at timestamptz,
    ADD COLUMN capture_before timestamptz,
    ADD COLUMN expiry_warned_at timestamptz,
    ADD COLUMN capture_amount bigint,
    ADD COLUMN capture_asked_at timestamptz,
    ADD COLUMN capture_attempts integer NOT NULL DEFAULT 0 CHECK (capture_attempts >= 0),
    -- Somebody wants it closed: released, where it is authorized. It is canceled once the provider says so.
    ADD COLUMN close_asked_at timestamptz,
    -- What is over cannot be paid.
    ADD CONSTRAINT payments_live_is_unpaid CHECK (NOT live OR status IN ('open', 'processing', 'authorized')),
    -- Money is taken or let go, never both, whoever asks at the same moment.
    ADD CONSTRAINT payments_capture_or_close CHECK (capture_asked_at IS NULL OR close_asked_at IS NULL),
    -- Not more than was authorized can be captured, and only where it was.
    ADD CONSTRAINT payments_capture_amount
        CHECK (capture_amount IS NULL OR (capture_method = 'manual' AND capture_amount BETWEEN 1 AND amount)),
    ADD CONSTRAINT payments_authorized_since CHECK (status <> 'authorized' OR authorized_at IS NOT NULL),
    DROP CONSTRAINT payments_check2,
    -- Only the whole price, or as much of it as was captured, pays for the order; the rest is surplus.
    ADD CONSTRAINT payments_settles_in_full
        CHECK (NOT settles OR (received_amount = coalesce(capture_amount, amount) AND received_currency = currency));

UPDATE payments SET live = true WHERE id IN (
    SELECT DISTINCT ON (order_id) id FROM payments
    WHERE status = 'processing' OR id IN (SELECT payment_id FROM checkouts WHERE status IN ('starting', 'open'))
    ORDER BY order_id, status DESC
);
-- A second way to pay the same order, be it a page or an intent, would be a second chance to pay twice.
CREATE UNIQUE INDEX payments_one_live_each_order ON payments (order_id) WHERE live;
CREATE INDEX payments_held ON payments (capture_before) WHERE status = 'authorized';
CREATE INDEX payments_closing ON payments (close_asked_at)
    WHERE close_asked_at IS NOT NULL AND status IN ('open', 'processing', 'authorized');
CREATE INDEX payments_status ON payments (status, id);

ALTER TABLE checkouts
    ALTER COLUMN payment_id DROP NOT NULL,
    -- Only what costs nothing has no payment, and that is complete from the start.
    ADD CONSTRAINT checkouts_free_is_complete CHECK (payment_id IS NOT NULL OR status = 'complete'),
    -- The page makes room for another way to pay: its end is not the end of its order.
    ADD COLUMN replaced_at timestamptz,
    -- Whether the order was placed for this page, and ends with it where the provider will not make it.
    ADD COLUMN own_order boolean NOT NULL DEFAULT true;

ALTER TABLE orders
    -- How much of the price was never taken, for less was captured than was authorized. It stands in the lines as discount.
    ADD COLUMN uncaptured_amount bigint NOT NULL DEFAULT 0 CHECK (uncaptured_amount >= 0);
