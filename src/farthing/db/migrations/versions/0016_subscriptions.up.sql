-- What is paid again and again: the intention to begin it, how it stands at the provider, and every change of it.

ALTER TABLE provider_prices
    ADD COLUMN interval text CHECK (interval IN ('day', 'week', 'month', 'year')),
    ADD COLUMN interval_count integer CHECK (interval_count > 0),
    ADD CONSTRAINT provider_prices_recurring CHECK ((interval IS NULL) = (interval_count IS NULL));

-- Greater for a look that began later: what an older look saw is never recorded after a newer one.
CREATE SEQUENCE subscription_looks;

-- The intention, committed before anybody is called. Its id is the idempotency key.
CREATE TABLE subscription_starts (
    id uuid PRIMARY KEY,
    customer_id uuid NOT NULL REFERENCES customers,
    provider text NOT NULL,
    livemode boolean NOT NULL,
    plan text NOT NULL,
    price text NOT NULL,
    plan_group text NOT NULL,
    quantity integer NOT NULL CHECK (quantity > 0),
    unit_amount bigint NOT NULL CHECK (unit_amount >= 0),
    currency text NOT NULL CHECK (currency ~ '^[a-z]{3}$'),
    interval text NOT NULL CHECK (interval IN ('day', 'week', 'month', 'year')),
    interval_count integer NOT NULL CHECK (interval_count > 0),
    trial_days integer CHECK (trial_days > 0),
    coupon text,
    -- On the provider's page, or with a saved way to pay or a client secret.
    way text NOT NULL CHECK (way IN ('page', 'direct')),
    status text NOT NULL CHECK (status IN ('starting', 'open', 'complete', 'expired', 'failed')),
    provider_checkout_id text,
    url text,
    -- What the provider is asked for, word for word, so that asking again is the same request.
    request jsonb NOT NULL,
    success_url text,
    cancel_url text,
    metadata jsonb NOT NULL DEFAULT '{}',
    failure text,
    started_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    closed_at timestamptz,
    UNIQUE (provider, livemode, provider_checkout_id),
    CHECK (status <> 'open' OR (provider_checkout_id IS NOT NULL AND url IS NOT NULL)),
    CHECK ((status IN ('complete', 'expired', 'failed')) = (closed_at IS NOT NULL)),
    CHECK ((way = 'page') = (success_url IS NOT NULL AND cancel_url IS NOT NULL))
);
-- A second page for the same group would be a second chance to pay twice, each period.
CREATE UNIQUE INDEX subscription_starts_one_open ON subscription_starts (customer_id, livemode, plan_group)
    WHERE status IN ('starting', 'open');
CREATE INDEX subscription_starts_due ON subscription_starts (expires_at) WHERE status IN ('starting', 'open');
CREATE INDEX subscription_starts_customer ON subscription_starts (customer_id, id);

-- The mirror: how each stands at the provider, as we saw it last.
CREATE TABLE subscriptions (
    id uuid PRIMARY KEY,
    customer_id uuid NOT NULL REFERENCES customers,
    start_id uuid REFERENCES subscription_starts,
    provider text NOT NULL,
    livemode boolean NOT NULL,
    provider_subscription_id text NOT NULL,
    provider_item_id text NOT NULL,
    provider_price_id text NOT NULL,
    plan text NOT NULL,
    -- Its name in farthing.toml; none where the provider's price is not one of ours.
    price text,
    plan_group text NOT NULL,
    quantity integer NOT NULL CHECK (quantity >= 0),
    unit_amount bigint NOT NULL CHECK (unit_amount >= 0),
    currency text NOT NULL CHECK (currency ~ '^[a-z]{3}$'),
    interval text NOT NULL CHECK (interval IN ('day', 'week', 'month', 'year')),
    interval_count integer NOT NULL CHECK (interval_count > 0),
    -- What is taken off each period for longer than once.
    discount_amount bigint NOT NULL DEFAULT 0 CHECK (discount_amount BETWEEN 0 AND unit_amount * quantity),
    status text NOT NULL CHECK (status IN ('incomplete', 'incomplete_expired', 'trialing', 'active', 'past_due', 'unpaid',
        'paused', 'canceled')),
    started_at timestamptz NOT NULL,
    current_period_start timestamptz NOT NULL,
    current_period_end timestamptz NOT NULL,
    trial_start timestamptz,
    trial_end timestamptz,
    -- Which end of a trial its customer was told of.
    trial_told_of timestamptz,
    cancel_at timestamptz,
    cancel_at_period_end boolean NOT NULL DEFAULT false,
    canceled_at timestamptz,
    ended_at timestamptz,
    cancel_reason text,
    cancel_comment text,
    pause_behavior text,
    pause_resumes_at timestamptz,
    has_method boolean NOT NULL DEFAULT false,
    -- Until when it is paid: the end of the time that the newest paid invoice is for.
    paid_until timestamptz,
    -- Until when it may be used while we wait for the money.
    grace_until timestamptz,
    -- A second live one of the same group, found at the provider: somebody decides which of the two ends.
    duplicate_of uuid REFERENCES subscriptions,
    -- Which look at the provider this is from, and when that look began.
    look bigint NOT NULL,
    seen_at timestamptz NOT NULL,
    -- When something should have been heard of it: then we look.
    news_due_at timestamptz,
    -- What we are about to ask the provider for, until it has answered: the intention, with the key of the question.
    asked text CHECK (asked IN ('cancel', 'cancel_at_end', 'keep')),
    asked_key uuid,
    asked_comment text,
    asked_at timestamptz,
    created_at timestamptz NOT NULL,
    CHECK ((asked IS NULL) = (asked_key IS NULL) AND (asked IS NULL) = (asked_at IS NULL)),
    -- One subscription of the provider is one row, whichever of its events came first.
    UNIQUE (provider, livemode, provider_subscription_id),
    CHECK (duplicate_of <> id),
    CHECK ((trial_start IS NULL) = (trial_end IS NULL)),
    CHECK (current_period_end >= current_period_start),
    -- Grace begins where the paid time ends.
    CHECK (grace_until IS NULL OR grace_until >= paid_until),
    -- What is over says since when.
    CHECK (status <> 'canceled' OR ended_at IS NOT NULL)
);
-- Nobody pays for two plans of one group.
CREATE UNIQUE INDEX subscriptions_one_live ON subscriptions (customer_id, livemode, plan_group)
    WHERE status IN ('incomplete', 'trialing', 'active', 'past_due', 'unpaid', 'paused') AND duplicate_of IS NULL;
-- A start begins one.
CREATE UNIQUE INDEX subscriptions_one_of_each_start ON subscriptions (start_id) WHERE start_id IS NOT NULL;
CREATE INDEX subscriptions_customer ON subscriptions (customer_id, id);
CREATE INDEX subscriptions_status ON subscriptions (status, id);
CREATE INDEX subscriptions_news_due ON subscriptions (news_due_at) WHERE news_due_at IS NOT NULL;
CREATE INDEX subscriptions_asked ON subscriptions (asked_at) WHERE asked IS NOT NULL;
CREATE INDEX subscriptions_duplicates ON subscriptions (duplicate_of) WHERE duplicate_of IS NOT NULL;

-- Every change, with all that a change may touch, as it was from that moment on: the newest fact of each subscription up to
-- the end of a day says what it was worth that day. Only ever added to.
CREATE TABLE subscription_facts (
    id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    subscription_id uuid NOT NULL REFERENCES subscriptions,
    customer_id uuid NOT NULL REFERENCES customers,
    -- Since when it is so, as far as the provider says; never before the fact before it.
    happened_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    -- What is new in it: started, status, price, quantity, discount, canceling, duplicate.
    changes text[] NOT NULL CHECK (cardinality(changes) > 0),
    -- That of the mirror then.
    status text NOT NULL,
    plan text NOT NULL,
    price text,
    plan_group text NOT NULL,
    quantity integer NOT NULL CHECK (quantity >= 0),
    unit_amount bigint NOT NULL CHECK (unit_amount >= 0),
    -- What a whole period costs, before and after what is taken off.
    amount bigint NOT NULL,
    discount_amount bigint NOT NULL CHECK (discount_amount BETWEEN 0 AND amount),
    currency text NOT NULL,
    interval text NOT NULL CHECK (interval IN ('day', 'week', 'month', 'year')),
    interval_count integer NOT NULL CHECK (interval_count > 0),
    -- It will end, as things stand.
    ends_at timestamptz,
    cancel_reason text,
    duplicate boolean NOT NULL,
    livemode boolean NOT NULL,
    CHECK (amount = unit_amount * quantity)
);
CREATE INDEX subscription_facts_subscription ON subscription_facts (subscription_id, id);
CREATE INDEX subscription_facts_happened ON subscription_facts (happened_at, id);
CREATE TRIGGER subscription_facts_immutable BEFORE UPDATE OR DELETE ON subscription_facts
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER subscription_facts_not_truncated BEFORE TRUNCATE ON subscription_facts EXECUTE FUNCTION ledger_refuse_change();

-- The provider's invoices. Amounts are minor units of the currency.
CREATE TABLE invoices (
    id uuid PRIMARY KEY,
    customer_id uuid NOT NULL REFERENCES customers,
    subscription_id uuid REFERENCES subscriptions,
    provider text NOT NULL,
    livemode boolean NOT NULL,
    provider_invoice_id text NOT NULL,
    provider_number text,
    status text NOT NULL CHECK (status IN ('draft', 'open', 'paid', 'uncollectible', 'void')),
    billing_reason text,
    currency text NOT NULL CHECK (currency ~ '^[a-z]{3}$'),
    subtotal_amount bigint NOT NULL,
    discount_amount bigint NOT NULL CHECK (discount_amount >= 0),
    tax_amount bigint NOT NULL,
    -- Less than nothing where it gives back.
    total_amount bigint NOT NULL,
    due_amount bigint NOT NULL CHECK (due_amount >= 0),
    paid_amount bigint NOT NULL CHECK (paid_amount >= 0),
    remaining_amount bigint NOT NULL,
    period_start timestamptz NOT NULL,
    period_end timestamptz NOT NULL,
    attempt_count integer NOT NULL CHECK (attempt_count >= 0),
    -- How many failed attempts were told of.
    told_attempts integer NOT NULL DEFAULT 0 CHECK (told_attempts >= 0),
    next_payment_attempt_at timestamptz,
    hosted_url text,
    pdf_url text,
    issued_at timestamptz NOT NULL,
    finalized_at timestamptz,
    paid_at timestamptz,
    voided_at timestamptz,
    look bigint NOT NULL,
    seen_at timestamptz NOT NULL,
    -- One invoice of the provider is one row.
    UNIQUE (provider, livemode, provider_invoice_id),
    CHECK (status <> 'paid' OR paid_at IS NOT NULL)
);
CREATE INDEX invoices_subscription ON invoices (subscription_id, issued_at) WHERE subscription_id IS NOT NULL;
CREATE INDEX invoices_customer ON invoices (customer_id, id);
CREATE INDEX invoices_status ON invoices (status, id);

CREATE TABLE invoice_lines (
    invoice_id uuid NOT NULL REFERENCES invoices,
    provider_line_id text NOT NULL,
    position integer NOT NULL CHECK (position >= 0),
    description text,
    quantity bigint NOT NULL,
    amount bigint NOT NULL,
    discount_amount bigint NOT NULL CHECK (discount_amount >= 0),
    tax_amount bigint NOT NULL,
    currency text NOT NULL,
    period_start timestamptz NOT NULL,
    period_end timestamptz NOT NULL,
    -- For a part of a period, after a change.
    proration boolean NOT NULL,
    -- For time of the subscription, and for nothing that was added once.
    of_subscription boolean NOT NULL,
    plan text,
    provider_price_id text,
    PRIMARY KEY (invoice_id, provider_line_id)
);

-- Money that came in for an invoice.
CREATE TABLE invoice_payments (
    id uuid PRIMARY KEY,
    invoice_id uuid NOT NULL REFERENCES invoices,
    provider text NOT NULL,
    livemode boolean NOT NULL,
    provider_payment_id text NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    currency text NOT NULL,
    -- The part of it that belongs to the tax office.
    tax_amount bigint NOT NULL CHECK (tax_amount BETWEEN 0 AND amount),
    refunded_amount bigint NOT NULL DEFAULT 0 CHECK (refunded_amount >= 0),
    refunded_tax_amount bigint NOT NULL DEFAULT 0,
    fee_amount bigint,
    fee_currency text,
    paid_at timestamptz NOT NULL,
    -- One payment of the provider is in the books once.
    UNIQUE (provider, livemode, provider_payment_id),
    -- What goes back never exceeds what came in.
    CHECK (refunded_amount <= amount),
    CHECK (refunded_tax_amount BETWEEN 0 AND least(tax_amount, refunded_amount)),
    CHECK ((fee_amount IS NULL) = (fee_currency IS NULL))
);
CREATE INDEX invoice_payments_invoice ON invoice_payments (invoice_id);
CREATE INDEX invoice_payments_without_fee ON invoice_payments (paid_at) WHERE fee_amount IS NULL;

-- What went back of it, whoever gave it.
CREATE TABLE invoice_refunds (
    id uuid PRIMARY KEY,
    invoice_payment_id uuid NOT NULL REFERENCES invoice_payments,
    provider text NOT NULL,
    livemode boolean NOT NULL,
    provider_refund_id text NOT NULL,
    status text NOT NULL CHECK (status IN ('pending', 'succeeded', 'failed', 'canceled')),
    amount bigint NOT NULL CHECK (amount > 0),
    tax_amount bigint NOT NULL DEFAULT 0 CHECK (tax_amount BETWEEN 0 AND amount),
    currency text NOT NULL,
    failure_reason text,
    seen_at timestamptz NOT NULL,
    -- One refund of the provider is one row.
    UNIQUE (provider, livemode, provider_refund_id)
);
CREATE INDEX invoice_refunds_payment ON invoice_refunds (invoice_payment_id);

-- A right is bought once, or it comes with a subscription.
ALTER TABLE entitlements
    ADD COLUMN subscription_id uuid REFERENCES subscriptions,
    ADD COLUMN limit_amount bigint CHECK (limit_amount >= 0),
    ALTER COLUMN order_id DROP NOT NULL,
    ALTER COLUMN line_item_id DROP NOT NULL,
    ADD CONSTRAINT entitlements_come_from_somewhere CHECK (
        (line_item_id IS NULL) <> (subscription_id IS NULL) AND (line_item_id IS NULL) = (order_id IS NULL)
    ),
    -- A subscription grants a feature once.
    ADD CONSTRAINT entitlements_once_each_subscription UNIQUE (subscription_id, feature);

-- All that happened to one, for whoever asks why.
CREATE INDEX events_subscription ON events ((data ->> 'subscription'), sequence) WHERE data ? 'subscription';
CREATE INDEX provider_events_subscription ON provider_events (subject_id) WHERE subject_kind = 'subscription';
