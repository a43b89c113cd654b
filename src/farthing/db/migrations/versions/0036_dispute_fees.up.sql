-- What the bank charged for a dispute that was lost, where the shop says that sellers bear it: kept of what they earn next.
CREATE TABLE seller_fees (
    dispute_id uuid NOT NULL REFERENCES disputes,
    seller_id uuid NOT NULL REFERENCES sellers,
    -- Something of theirs in the disputed order.
    line_item_id uuid NOT NULL REFERENCES line_items,
    currency text NOT NULL CHECK (currency ~ '^[a-z]{3}$'),
    amount bigint NOT NULL CHECK (amount > 0),
    -- What of it was kept already.
    kept_amount bigint NOT NULL DEFAULT 0 CHECK (kept_amount BETWEEN 0 AND amount),
    charged_at timestamptz NOT NULL,
    -- Once, also where the bank changes its mind and changes it again.
    PRIMARY KEY (dispute_id, seller_id)
);
CREATE INDEX seller_fees_owed ON seller_fees (seller_id, currency) WHERE kept_amount < amount;
ALTER TABLE transfer_lines DROP CONSTRAINT transfer_lines_kind_check;
ALTER TABLE transfer_lines ADD CONSTRAINT transfer_lines_kind_check CHECK (kind IN
    ('sale', 'platform_fee', 'organization_fee', 'refund', 'dispute', 'sent_before', 'debt', 'dispute_fee'));
