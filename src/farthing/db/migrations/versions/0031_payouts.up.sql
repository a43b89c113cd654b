-- From a seller's account to their bank. Asked for here, made by the provider's calendar, or in its dashboard.
CREATE TABLE payouts (
    id uuid PRIMARY KEY,
    seller_id uuid NOT NULL REFERENCES sellers,
    provider text NOT NULL,
    livemode boolean NOT NULL,
    provider_account_id text NOT NULL,
    provider_payout_id text,
    currency text NOT NULL CHECK (currency ~ '^[a-z]{3}$'),
    -- Below zero: one that had arrived was brought back.
    amount bigint NOT NULL CHECK (amount <> 0),
    status text NOT NULL CHECK (status IN ('requested', 'pending', 'in_transit', 'paid', 'failed', 'canceled', 'refused')),
    automatic boolean NOT NULL,
    -- Null: nobody here asked for it.
    requested_by text,
    retry_of uuid REFERENCES payouts,
    requested_at timestamptz NOT NULL,
    asked_at timestamptz,
    sent_at timestamptz,
    arrives_at timestamptz,
    paid_at timestamptz,
    closed_at timestamptz,
    looked_at timestamptz,
    -- The end of the bank account's number: all that is known of it.
    last4 text CHECK (length(last4) <= 4),
    failure_code text,
    failure_message text CHECK (length(failure_message) <= 500),
    CHECK ((provider_payout_id IS NULL) = (status IN ('requested', 'refused'))),
    CHECK ((sent_at IS NULL) = (status IN ('requested', 'refused'))),
    CHECK (status <> 'paid' OR paid_at IS NOT NULL),
    CHECK ((status IN ('failed', 'canceled', 'refused')) = (closed_at IS NOT NULL))
);
CREATE UNIQUE INDEX payouts_provider ON payouts (provider, livemode, provider_account_id, provider_payout_id);
-- Of one seller's money one question is open at a time; and what failed is tried again once.
CREATE UNIQUE INDEX payouts_one_question ON payouts (seller_id, currency) WHERE status = 'requested';
CREATE UNIQUE INDEX payouts_retried_once ON payouts (retry_of) WHERE status <> 'refused';
CREATE INDEX payouts_seller ON payouts (seller_id, id DESC);
CREATE INDEX payouts_page ON payouts (livemode, id DESC);
CREATE INDEX payouts_on_their_way ON payouts (looked_at) WHERE status IN ('requested', 'pending', 'in_transit');

CREATE INDEX transfer_reversals_provider ON transfer_reversals (provider_reversal_id);

-- What a transfer is made of, as it was when it was asked for: its lines are its amount.
CREATE TABLE transfer_lines (
    transfer_id uuid NOT NULL REFERENCES transfers,
    position integer NOT NULL CHECK (position > 0),
    kind text NOT NULL CHECK (kind IN ('sale', 'platform_fee', 'organization_fee', 'refund', 'dispute', 'sent_before', 'debt')),
    -- The refund or dispute; of a debt the line it comes from.
    reference text,
    line_item_id uuid NOT NULL REFERENCES line_items,
    amount bigint NOT NULL CHECK (amount <> 0),
    PRIMARY KEY (transfer_id, position)
);
