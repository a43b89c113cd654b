-- Changes of running subscriptions: what was quoted, what of it is asked for or planned, and what became of it.

CREATE TABLE subscription_changes (
    id uuid PRIMARY KEY,
    subscription_id uuid NOT NULL REFERENCES subscriptions,
    status text NOT NULL CHECK (status IN ('quoted', 'scheduled', 'asked', 'waiting', 'done', 'failed', 'dropped')),
    kind text NOT NULL CHECK (kind IN ('upgrade', 'downgrade', 'quantity', 'interval', 'price', 'coupon')),
    -- Now, or with the period that is paid.
    effective text NOT NULL CHECK (effective IN ('now', 'period_end')),
    -- What it will be.
    plan text NOT NULL,
    price text,
    quantity integer NOT NULL CHECK (quantity > 0),
    unit_amount bigint NOT NULL CHECK (unit_amount >= 0),
    currency text NOT NULL CHECK (currency ~ '^[a-z]{3}$'),
    interval text NOT NULL CHECK (interval IN ('day', 'week', 'month', 'year')),
    interval_count integer NOT NULL CHECK (interval_count > 0),
    coupon text,
    -- Of which state of the subscription: of another one the quote does not hold.
    version text NOT NULL,
    -- What the provider is asked for, word for word, with the moment from which on the period is settled.
    request jsonb NOT NULL,
    prorated_at timestamptz,
    -- What is charged now: the whole invoice, and what of it is to be paid after the customer's credit. Less than nothing gives back.
    total_amount bigint NOT NULL,
    tax_amount bigint NOT NULL,
    due_amount bigint NOT NULL CHECK (due_amount >= 0),
    lines jsonb NOT NULL,
    -- What each whole period costs from then on.
    renewal_amount bigint NOT NULL,
    renewal_tax_amount bigint NOT NULL,
    renewal_at timestamptz NOT NULL,
    quoted_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    -- When a planned one is asked for.
    due_at timestamptz,
    committed_at timestamptz,
    asked_at timestamptz,
    -- The look after the provider's answer: only a later one says what became of it.
    answered_look bigint,
    -- Until when it waits for its money.
    waits_until timestamptz,
    settled_at timestamptz,
    failure text,
    CHECK (expires_at > quoted_at),
    CHECK ((status = 'quoted') = (committed_at IS NULL) OR status = 'dropped'),
    CHECK ((status = 'scheduled') <= (due_at IS NOT NULL)),
    CHECK ((status IN ('asked', 'waiting', 'done', 'failed')) <= (asked_at IS NOT NULL)),
    CHECK ((status = 'waiting') <= (answered_look IS NOT NULL)),
    CHECK ((status IN ('done', 'failed', 'dropped')) = (settled_at IS NOT NULL)),
    CHECK (effective = 'now' OR total_amount = 0)
);
-- One change at a time: a second one would be computed from what the first makes untrue.
CREATE UNIQUE INDEX subscription_changes_one_pending ON subscription_changes (subscription_id)
    WHERE status IN ('scheduled', 'asked', 'waiting');
CREATE INDEX subscription_changes_subscription ON subscription_changes (subscription_id, id);
CREATE INDEX subscription_changes_due ON subscription_changes (due_at) WHERE status = 'scheduled';
CREATE INDEX subscription_changes_asked ON subscription_changes (asked_at) WHERE status IN ('asked', 'waiting');
CREATE INDEX subscription_changes_quoted ON subscription_changes (expires_at) WHERE status = 'quoted';

ALTER TABLE subscriptions
    -- When it goes on by itself.
    ADD COLUMN resume_at timestamptz,
    DROP CONSTRAINT subscriptions_asked_check,
    ADD CONSTRAINT subscriptions_asked_check CHECK (asked IN ('cancel', 'cancel_at_end', 'keep', 'pause', 'unpause'));
CREATE INDEX subscriptions_resume_at ON subscriptions (resume_at) WHERE resume_at IS NOT NULL;
