ALTER TABLE returns
    -- What its buyer wants for it.
    ADD COLUMN wanted text NOT NULL DEFAULT 'refund' CHECK (wanted IN ('refund', 'exchange')),
    -- What was taken off the order that replaces it.
    ADD COLUMN credit_amount bigint CHECK (credit_amount > 0),
    ADD CONSTRAINT returns_credit_check CHECK ((credit_amount IS NULL) = (exchange_order_id IS NULL)),
    ADD CONSTRAINT returns_exchange_check CHECK (exchange_order_id IS NULL OR wanted = 'exchange');
CREATE INDEX returns_exchanging ON returns (id) WHERE status = 'received' AND exchange_order_id IS NOT NULL;
