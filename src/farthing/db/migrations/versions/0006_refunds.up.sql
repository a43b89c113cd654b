-- Money goes back line by line: how much of each line is on its way, how much is with the buyer, and how many of it.
ALTER TABLE line_items
    ADD COLUMN refunding_amount bigint NOT NULL DEFAULT 0 CHECK (refunding_amount >= 0),
    ADD COLUMN refunded_amount bigint NOT NULL DEFAULT 0 CHECK (refunded_amount >= 0),
    ADD COLUMN refunding_quantity integer NOT NULL DEFAULT 0 CHECK (refunding_quantity >= 0),
    ADD COLUMN refunded_quantity integer NOT NULL DEFAULT 0 CHECK (refunded_quantity >= 0),
    -- Of a line never more goes back than was paid for it, whoever asks at the same moment.
    ADD CONSTRAINT line_items_not_more_than_paid
        CHECK (refunding_amount + refunded_amount <= amount - discount_amount + tax_amount),
    -- Nor more of them than were bought.
    ADD CONSTRAINT line_items_not_more_than_bought CHECK (refunding_quantity + refunded_quantity <= quantity);

ALTER TABLE refunds
    -- Why a refund waits, in the provider's word: processing, insufficient_funds, charge_pending.
    ADD COLUMN pending_reason text,
    ADD COLUMN retry_of uuid REFERENCES refunds,
    -- A refund that failed is tried again once; the next try is of that one.
    ADD CONSTRAINT refunds_one_retry_each UNIQUE (retry_of);

-- What a refund gives back of each line. Amounts are minor units of the refund's currency; `amount` is what the buyer gets.
CREATE TABLE refund_lines (
    refund_id uuid NOT NULL REFERENCES refunds,
    line_item_id uuid NOT NULL REFERENCES line_items,
    -- Somebody named this line; otherwise an amount was spread over all lines.
    chosen boolean NOT NULL,
    quantity integer NOT NULL CHECK (quantity >= 0),
    amount bigint NOT NULL CHECK (amount >= 0),
    tax_amount bigint NOT NULL,
    discount_amount bigint NOT NULL CHECK (discount_amount >= 0),
    platform_fee_amount bigint NOT NULL DEFAULT 0 CHECK (platform_fee_amount >= 0),
    organization_fee_amount bigint NOT NULL DEFAULT 0 CHECK (organization_fee_amount >= 0),
    seller_share_amount bigint NOT NULL DEFAULT 0 CHECK (seller_share_amount >= 0),
    -- A refund says once what it gives back of a line.
    PRIMARY KEY (refund_id, line_item_id),
    -- Something of it goes back: money, or some of them.
    CHECK (amount > 0 OR quantity > 0),
    -- Tax is a part of what goes back.
    CHECK (tax_amount BETWEEN 0 AND amount),
    -- So are the shares of those who sell together.
    CHECK (platform_fee_amount + organization_fee_amount + seller_share_amount <= amount)
);
CREATE INDEX refund_lines_line ON refund_lines (line_item_id);

-- Refunds that were made before there were lines: each fills the lines of its order in their order, as far as there is room.
DO $$
DECLARE
    found record;
    line record;
    rest bigint;
    part bigint;
BEGIN
    FOR found IN
        SELECT refunds.id, refunds.order_id, refunds.amount, refunds.status = 'succeeded' AS done
        FROM refunds JOIN payments ON payments.id = refunds.payment_id AND payments.settles
        WHERE refunds.status IN ('promised', 'pending', 'succeeded') ORDER BY refunds.id
    LOOP
        rest := found.amount;
        FOR line IN
            SELECT id, quantity - refunding_quantity - refunded_quantity AS units,
                amount - discount_amount + tax_amount - refunding_amount - refunded_amount AS room
            FROM line_items WHERE order_id = found.order_id ORDER BY position
        LOOP
            part := least(rest, line.room);
            CONTINUE WHEN part <= 0;
            rest := rest - part;
            INSERT INTO refund_lines (refund_id, line_item_id, chosen, quantity, amount, tax_amount, discount_amount)
            VALUES (found.id, line.id, false, CASE WHEN part = line.room THEN line.units ELSE 0 END, part, 0, 0);
            UPDATE line_items SET
                refunding_amount = refunding_amount + CASE WHEN found.done THEN 0 ELSE part END,
                refunded_amount = refunded_amount + CASE WHEN found.done THEN part ELSE 0 END,
                refunding_quantity = refunding_quantity
                    + CASE WHEN NOT found.done AND part = line.room THEN line.units ELSE 0 END,
                refunded_quantity = refunded_quantity + CASE WHEN found.done AND part = line.room THEN line.units ELSE 0 END
            WHERE id = line.id;
        END LOOP;
    END LOOP;
END $$;

-- Somebody asks for money back: a buyer, or staff for a sum that one person alone must not give back.
CREATE TABLE refund_requests (
    id uuid PRIMARY KEY,
    order_id uuid NOT NULL REFERENCES orders,
    refund_id uuid REFERENCES refunds,
    status text NOT NULL CHECK (status IN ('requested', 'approved', 'declined', 'withdrawn', 'refunded')),
    amount bigint NOT NULL CHECK (amount > 0),
    currency text NOT NULL,
    -- The lines that were chosen, with what goes back of each; none where an amount is spread over all.
    lines jsonb NOT NULL DEFAULT '[]',
    reason text NOT NULL CHECK (reason IN ('requested_by_customer', 'duplicate', 'fraudulent')),
    message text,
    note text,
    requested_by text NOT NULL,
    needs_second boolean NOT NULL,
    first_approver text,
    first_approved_at timestamptz,
    second_approver text,
    second_approved_at timestamptz,
    closed_by text,
    requested_at timestamptz NOT NULL,
    closed_at timestamptz,
    -- One refund answers one request.
    UNIQUE (refund_id),
    CHECK ((first_approver IS NULL) = (first_approved_at IS NULL)),
    CHECK ((second_approver IS NULL) = (second_approved_at IS NULL)),
    -- The second person is another one.
    CHECK (second_approver IS NULL OR (first_approver IS NOT NULL AND second_approver <> first_approver)),
    -- Money goes back only with everybody's word that it takes.
    CHECK (refund_id IS NULL OR (first_approver IS NOT NULL AND (NOT needs_second OR second_approver IS NOT NULL))),
    -- An approved request has its refund, and one that is not approved has none.
    CHECK (status = 'declined' OR (status IN ('approved', 'refunded')) = (refund_id IS NOT NULL)),
    CHECK ((status IN ('declined', 'withdrawn', 'refunded')) = (closed_at IS NOT NULL))
);
-- An order has one request at a time, however often the button is pressed.
CREATE UNIQUE INDEX refund_requests_one_open_each_order ON refund_requests (order_id)
    WHERE status IN ('requested', 'approved');
CREATE INDEX refund_requests_order ON refund_requests (order_id);
CREATE INDEX refund_requests_status ON refund_requests (status, id);
-- What one person gave back today is added up for their daily limit.
CREATE INDEX refunds_requested_by ON refunds (requested_by, promised_at);
CREATE INDEX refunds_status ON refunds (status, id);
