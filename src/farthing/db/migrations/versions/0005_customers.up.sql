-- Who a customer is at the provider, how they may pay while they are away, and what became of it.

ALTER TABLE customers
    ADD COLUMN metadata jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN updated_at timestamptz,
    ADD COLUMN erased_at timestamptz,
    -- What is pushed to a provider, in short: equal to what was pushed last, there is nothing to do.
    ADD COLUMN fingerprint text NOT NULL GENERATED ALWAYS AS (
        md5(coalesce(email, '') || chr(31) || coalesce(name, '') || chr(31) || metadata::text)
    ) STORED,
    DROP CONSTRAINT customers_check,
    -- Somebody is known by an id of the host or by an address, until they are forgotten.
    ADD CONSTRAINT customers_known CHECK (external_id IS NOT NULL OR email IS NOT NULL OR erased_at IS NOT NULL),
    -- Who is forgotten is forgotten.
    ADD CONSTRAINT customers_forgotten CHECK (
        erased_at IS NULL OR (external_id IS NULL AND email IS NULL AND name IS NULL AND metadata = '{}')
    );
-- Staff look people up by the beginning of an address or a name.
CREATE INDEX customers_email ON customers (lower(email) text_pattern_ops);
CREATE INDEX customers_name ON customers (lower(name) text_pattern_ops);

ALTER TABLE provider_customers
    -- The row is the intention: it is there before anybody is called.
    ALTER COLUMN provider_customer_id DROP NOT NULL,
    ADD COLUMN incarnation integer NOT NULL DEFAULT 1 CHECK (incarnation > 0),
    -- What the provider is asked for, word for word, so that asking again is the same request; gone once it answered.
    ADD COLUMN request jsonb,
    ADD COLUMN asked_at timestamptz,
    ADD COLUMN pushed_fingerprint text,
    ADD COLUMN pushed_keys text[] NOT NULL DEFAULT '{}',
    ADD COLUMN pushed_at timestamptz,
    ADD COLUMN push_due_at timestamptz,
    ADD COLUMN push_claimed_until timestamptz,
    ADD COLUMN push_error text,
    ADD COLUMN former_ids text[] NOT NULL DEFAULT '{}',
    -- Personal data is not kept for a request that was answered.
    ADD CONSTRAINT provider_customers_answered CHECK (provider_customer_id IS NULL OR request IS NULL),
    -- What is asked says since when: after a day the provider has forgotten our key.
    ADD CONSTRAINT provider_customers_asked CHECK (request IS NULL OR asked_at IS NOT NULL),
    -- What was pushed was pushed to somebody.
    ADD CONSTRAINT provider_customers_pushed CHECK (
        (pushed_fingerprint IS NULL) = (pushed_at IS NULL) AND (pushed_at IS NULL OR provider_customer_id IS NOT NULL)
    );
CREATE INDEX provider_customers_due ON provider_customers (push_due_at) WHERE push_due_at IS NOT NULL;
CREATE INDEX provider_customers_former ON provider_customers USING gin (former_ids);

-- How a customer may pay again. Never a card number: its last four digits, as the provider shows them.
CREATE TABLE payment_methods (
    id uuid PRIMARY KEY,
    customer_id uuid NOT NULL REFERENCES customers,
    provider text NOT NULL,
    livemode boolean NOT NULL,
    provider_method_id text NOT NULL,
    kind text NOT NULL,
    status text NOT NULL CHECK (status IN ('attached', 'detached')),
    brand text,
    last4 text CHECK (last4 ~ '^[0-9A-Za-z]{4}$'),
    exp_month integer CHECK (exp_month BETWEEN 1 AND 12),
    exp_year integer CHECK (exp_year BETWEEN 2000 AND 9999),
    is_default boolean NOT NULL DEFAULT false,
    saved_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    detached_at timestamptz,
    -- One method of the provider is one row, whichever of its events came first.
    UNIQUE (provider, livemode, provider_method_id),
    CHECK ((exp_month IS NULL) = (exp_year IS NULL)),
    CHECK ((status = 'detached') = (detached_at IS NOT NULL)),
    -- What is detached pays for nothing any more.
    CHECK (NOT is_default OR status = 'attached')
);
-- Nobody has two methods that pay by default.
CREATE UNIQUE INDEX payment_methods_one_default ON payment_methods (customer_id, provider, livemode) WHERE is_default;
CREATE INDEX payment_methods_customer ON payment_methods (customer_id, id);

-- An order's payment that was asked for while the buyer was away.
CREATE TABLE off_session_charges (
    payment_id uuid PRIMARY KEY REFERENCES payments,
    order_id uuid NOT NULL REFERENCES orders,
    customer_id uuid NOT NULL REFERENCES customers,
    method_id uuid NOT NULL REFERENCES payment_methods,
    status text NOT NULL CHECK (status IN ('asking', 'paid', 'processing', 'declined', 'action_required', 'given_up')),
    code text,
    asked_at timestamptz NOT NULL,
    answered_at timestamptz,
    CHECK ((status = 'asking') = (answered_at IS NULL)),
    -- Who is told no is told why.
    CHECK (status NOT IN ('declined', 'action_required', 'given_up') OR code IS NOT NULL)
);
-- Of two charges for one order, at most one is without an answer: the other could be a second debit.
CREATE UNIQUE INDEX off_session_charges_one_asking ON off_session_charges (order_id) WHERE status = 'asking';
CREATE INDEX off_session_charges_unanswered ON off_session_charges (asked_at) WHERE status = 'asking';
CREATE INDEX off_session_charges_order ON off_session_charges (order_id);
CREATE INDEX off_session_charges_customer ON off_session_charges (customer_id, payment_id);
