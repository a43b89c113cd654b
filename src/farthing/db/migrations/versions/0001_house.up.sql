-- What must never happen is a constraint here, with a line that says why.

CREATE TABLE customers (
    id uuid PRIMARY KEY,
    external_id text,
    email text,
    name text,
    created_at timestamptz NOT NULL,
    CHECK (external_id IS NOT NULL OR email IS NOT NULL)
);
-- The host's user is one customer, however often two requests meet.
CREATE UNIQUE INDEX customers_external_id ON customers (external_id) WHERE external_id IS NOT NULL;
-- Guests are told apart by their address.
CREATE UNIQUE INDEX customers_guest_email ON customers (lower(email)) WHERE external_id IS NULL;

CREATE TABLE provider_customers (
    customer_id uuid NOT NULL REFERENCES customers,
    provider text NOT NULL,
    livemode boolean NOT NULL,
    provider_customer_id text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (customer_id, provider, livemode),
    UNIQUE (provider, livemode, provider_customer_id)
);

-- What of the catalog has reached the provider.
CREATE TABLE provider_products (
    provider text NOT NULL,
    livemode boolean NOT NULL,
    product text NOT NULL,
    provider_product_id text NOT NULL,
    applied jsonb NOT NULL,
    applied_at timestamptz NOT NULL,
    PRIMARY KEY (provider, livemode, product),
    UNIQUE (provider, livemode, provider_product_id)
);

CREATE TABLE provider_prices (
    provider text NOT NULL,
    livemode boolean NOT NULL,
    lookup_key text NOT NULL,
    product text NOT NULL,
    provider_price_id text NOT NULL,
    unit_amount bigint NOT NULL CHECK (unit_amount >= 0),
    currency text NOT NULL,
    applied_at timestamptz NOT NULL,
    PRIMARY KEY (provider, livemode, lookup_key),
    UNIQUE (provider, livemode, provider_price_id)
);

CREATE TABLE orders (
    id uuid PRIMARY KEY,
    number bigint NOT NULL GENERATED ALWAYS AS IDENTITY (START WITH 1001) UNIQUE,
    customer_id uuid NOT NULL REFERENCES customers,
    email text,
    livemode boolean NOT NULL,
    status text NOT NULL CHECK (status IN ('open', 'paid', 'refunded', 'expired', 'canceled')),
    currency text NOT NULL CHECK (currency ~ '^[a-z]{3}$'),
    subtotal_amount bigint NOT NULL CHECK (subtotal_amount >= 0),
    discount_amount bigint NOT NULL DEFAULT 0 CHECK (discount_amount BETWEEN 0 AND subtotal_amount),
    tax_amount bigint NOT NULL DEFAULT 0 CHECK (tax_amount >= 0),
    total_amount bigint NOT NULL CHECK (total_amount BETWEEN 0 AND 1000000000000),
    metadata jsonb NOT NULL DEFAULT '{}',
    placed_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    paid_at timestamptz,
    -- Somebody called it off; it is canceled once nobody can pay it any more.
    cancel_requested_at timestamptz,
    closed_at timestamptz,
    -- The total is what the parts say.
    CHECK (total_amount = subtotal_amount - discount_amount + tax_amount),
    -- A paid order says since when.
    CHECK ((status IN ('paid', 'refunded')) = (paid_at IS NOT NULL))
);
CREATE INDEX orders_customer ON orders (customer_id, id);
CREATE INDEX orders_called_off ON orders (cancel_requested_at) WHERE status = 'open' AND cancel_requested_at IS NOT NULL;
CREATE INDEX orders_due ON orders (expires_at) WHERE status = 'open';
CREATE INDEX orders_status ON orders (status, id);

CREATE TABLE line_items (
    id uuid PRIMARY KEY,
    order_id uuid NOT NULL REFERENCES orders,
    position integer NOT NULL CHECK (position >= 0),
    product text NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    quantity integer NOT NULL CHECK (quantity > 0),
    unit_amount bigint NOT NULL CHECK (unit_amount >= 0),
    amount bigint NOT NULL,
    currency text NOT NULL,
    features text[] NOT NULL DEFAULT '{}',
    access_days integer CHECK (access_days > 0),
    metadata jsonb NOT NULL DEFAULT '{}',
    UNIQUE (order_id, position),
    CHECK (amount = unit_amount * quantity)
);

CREATE TABLE payments (
    id uuid PRIMARY KEY,
    order_id uuid NOT NULL REFERENCES orders,
    provider text NOT NULL,
    livemode boolean NOT NULL,
    provider_payment_id text,
    provider_charge_id text,
    status text NOT NULL CHECK (status IN ('open', 'processing', 'succeeded', 'surplus', 'canceled')),
    settles boolean NOT NULL DEFAULT false,
    amount bigint NOT NULL CHECK (amount >= 0),
    currency text NOT NULL,
    received_amount bigint CHECK (received_amount > 0),
    received_currency text,
    fee_amount bigint,
    fee_currency text,
    refunding_amount bigint NOT NULL DEFAULT 0 CHECK (refunding_amount >= 0),
    refunded_amount bigint NOT NULL DEFAULT 0 CHECK (refunded_amount >= 0),
    surplus_reason text,
    failure_code text,
    failure_message text,
    card_brand text,
    card_last4 text CHECK (card_last4 ~ '^[0-9]{4}$'),
    opened_at timestamptz NOT NULL,
    succeeded_at timestamptz,
    -- One payment of the provider is one row, whichever of its events came first.
    UNIQUE (provider, livemode, provider_payment_id),
    -- What goes back never exceeds what came in, whoever asks at the same moment.
    CHECK (refunding_amount + refunded_amount <= coalesce(received_amount, 0)),
    CHECK (settles = (status = 'succeeded')),
    -- Only the whole price in the order's currency pays for the order; the rest is surplus.
    CHECK (NOT settles OR (received_amount = amount AND received_currency = currency)),
    CHECK ((status IN ('succeeded', 'surplus')) = (received_amount IS NOT NULL)),
    CHECK ((received_amount IS NULL) = (received_currency IS NULL)),
    CHECK ((status = 'surplus') = (surplus_reason IS NOT NULL))
);
-- An order is settled once, whatever the webhooks say.
CREATE UNIQUE INDEX payments_one_settles_each_order ON payments (order_id) WHERE settles;
CREATE INDEX payments_order ON payments (order_id);
-- What we are still to hear about.
CREATE INDEX payments_unfinished ON payments (opened_at)
    WHERE status = 'processing' OR (received_amount IS NOT NULL AND fee_amount IS NULL);

CREATE TABLE checkouts (
    id uuid PRIMARY KEY,
    order_id uuid NOT NULL REFERENCES orders,
    payment_id uuid NOT NULL UNIQUE REFERENCES payments,
    provider text NOT NULL,
    livemode boolean NOT NULL,
    status text NOT NULL CHECK (status IN ('starting', 'open', 'complete', 'expired', 'failed')),
    provider_checkout_id text,
    url text,
    -- What the provider is asked for, word for word, so that asking again is the same request.
    request jsonb NOT NULL,
    success_url text NOT NULL,
    cancel_url text NOT NULL,
    started_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    closed_at timestamptz,
    UNIQUE (provider, livemode, provider_checkout_id),
    CHECK (status NOT IN ('open', 'complete') OR provider_checkout_id IS NOT NULL),
    CHECK (status <> 'open' OR url IS NOT NULL)
);
-- A second page for the same order would be a second chance to pay twice.
CREATE UNIQUE INDEX checkouts_one_live_each_order ON checkouts (order_id) WHERE status IN ('starting', 'open');
CREATE INDEX checkouts_starting ON checkouts (started_at) WHERE status = 'starting';

CREATE TABLE refunds (
    id uuid PRIMARY KEY,
    payment_id uuid NOT NULL REFERENCES payments,
    order_id uuid NOT NULL REFERENCES orders,
    provider text NOT NULL,
    livemode boolean NOT NULL,
    provider_refund_id text,
    status text NOT NULL CHECK (status IN ('promised', 'pending', 'succeeded', 'failed', 'canceled')),
    amount bigint NOT NULL CHECK (amount > 0),
    currency text NOT NULL,
    reason text NOT NULL
        CHECK (reason IN ('requested_by_customer', 'duplicate', 'fraudulent', 'surplus', 'provider')),
    note text,
    failure_reason text,
    requested_by text NOT NULL,
    promised_at timestamptz NOT NULL,
    asked_at timestamptz,
    succeeded_at timestamptz,
    closed_at timestamptz,
    UNIQUE (provider, livemode, provider_refund_id)
);
CREATE INDEX refunds_payment ON refunds (payment_id);
CREATE INDEX refunds_order ON refunds (order_id);
CREATE INDEX refunds_undone ON refunds (promised_at) WHERE status IN ('promised', 'pending');

CREATE TABLE entitlements (
    id uuid PRIMARY KEY,
    customer_id uuid NOT NULL REFERENCES customers,
    feature text NOT NULL,
    order_id uuid NOT NULL REFERENCES orders,
    line_item_id uuid NOT NULL REFERENCES line_items,
    granted_at timestamptz NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    -- One sale grants a feature once.
    UNIQUE (line_item_id, feature)
);
CREATE INDEX entitlements_held ON entitlements (customer_id, feature) WHERE revoked_at IS NULL;

-- The inbox: what the provider told us, as it was signed.
CREATE TABLE provider_events (
    id uuid PRIMARY KEY,
    provider text NOT NULL,
    livemode boolean NOT NULL,
    account text NOT NULL DEFAULT '',
    provider_event_id text NOT NULL,
    type text NOT NULL,
    api_version text,
    subject_kind text,
    subject_id text,
    body bytea NOT NULL,
    occurred_at timestamptz,
    received_at timestamptz NOT NULL,
    status text NOT NULL CHECK (status IN ('received', 'processed', 'ignored', 'parked')),
    reason text,
    attempts integer NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL,
    order_id uuid,
    finished_at timestamptz,
    -- One event is stored once, however often and wherever it is delivered.
    UNIQUE (provider, livemode, account, provider_event_id)
);
CREATE INDEX provider_events_due ON provider_events (due_at, id) WHERE status = 'received';
CREATE INDEX provider_events_order ON provider_events (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX provider_events_status ON provider_events (status, id);

-- The audit trail: who did what, when. Only ever added to.
CREATE TABLE events (
    id uuid PRIMARY KEY,
    sequence bigint NOT NULL GENERATED ALWAYS AS IDENTITY UNIQUE,
    type text NOT NULL,
    happened_at timestamptz NOT NULL,
    actor text NOT NULL,
    order_id uuid,
    data jsonb NOT NULL
);
CREATE INDEX events_order ON events (order_id, sequence) WHERE order_id IS NOT NULL;
CREATE INDEX events_type ON events (type, sequence);

-- What each hook of the host made of each event.
CREATE TABLE hook_runs (
    event_id uuid NOT NULL REFERENCES events,
    hook text NOT NULL,
    status text NOT NULL CHECK (status IN ('waiting', 'done', 'failed')),
    attempts integer NOT NULL DEFAULT 0,
    last_error text,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (event_id, hook)
);

CREATE TABLE ledger_accounts (
    name text PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('asset', 'liability', 'revenue', 'expense'))
);

CREATE TABLE ledger_transactions (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    reference text NOT NULL,
    order_id uuid,
    posted_at timestamptz NOT NULL,
    actor text NOT NULL,
    written_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
    -- A fact of business is posted once.
    UNIQUE (kind, reference)
);
CREATE INDEX ledger_transactions_order ON ledger_transactions (order_id) WHERE order_id IS NOT NULL;

CREATE TABLE ledger_entries (
    id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    transaction_id uuid NOT NULL REFERENCES ledger_transactions,
    account text NOT NULL REFERENCES ledger_accounts,
    -- Signed minor units: into the account is positive, out of it negative.
    amount bigint NOT NULL CHECK (amount <> 0),
    currency text NOT NULL CHECK (currency ~ '^[a-z]{3}$')
);
CREATE INDEX ledger_entries_transaction ON ledger_entries (transaction_id);
CREATE INDEX ledger_entries_account ON ledger_entries (account, currency);

CREATE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: correct a mistake by a reversal', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION ledger_check_balance() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    subject uuid;
    off record;
BEGIN
    IF TG_TABLE_NAME = 'ledger_entries' THEN
        subject := NEW.transaction_id;
    ELSE
        subject := NEW.id;
    END IF;
    IF (SELECT count(*) FROM ledger_entries WHERE transaction_id = subject) < 2 THEN
        RAISE EXCEPTION 'ledger transaction % has fewer than two entries', subject USING ERRCODE = 'check_violation';
    END IF;
    SELECT currency, sum(amount) AS total INTO off FROM ledger_entries
        WHERE transaction_id = subject GROUP BY currency HAVING sum(amount) <> 0 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'ledger transaction % is off by % %', subject, off.total, off.currency
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION ledger_refuse_late_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM ledger_transactions WHERE id = NEW.transaction_id AND written_in = pg_current_xact_id();
    IF NOT FOUND THEN
        RAISE EXCEPTION 'ledger transaction % is closed: nothing is added to a fact afterwards', NEW.transaction_id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

-- The books are immutable: no entry is changed, removed or added later.
CREATE TRIGGER ledger_entries_immutable BEFORE UPDATE OR DELETE ON ledger_entries
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_entries_not_truncated BEFORE TRUNCATE ON ledger_entries EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_entries_in_time BEFORE INSERT ON ledger_entries
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_late_entry();
CREATE TRIGGER ledger_transactions_immutable BEFORE UPDATE OR DELETE ON ledger_transactions
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_transactions_not_truncated BEFORE TRUNCATE ON ledger_transactions
    EXECUTE FUNCTION ledger_refuse_change();
-- Every fact balances in each currency when it commits, and need not a moment before.
CREATE CONSTRAINT TRIGGER ledger_entries_balance AFTER INSERT ON ledger_entries
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_check_balance();
CREATE CONSTRAINT TRIGGER ledger_transactions_balance AFTER INSERT ON ledger_transactions
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_check_balance();

CREATE TRIGGER events_immutable BEFORE UPDATE OR DELETE ON events FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER events_not_truncated BEFORE TRUNCATE ON events EXECUTE FUNCTION ledger_refuse_change();

CREATE TABLE emails (
    id uuid PRIMARY KEY,
    -- One fact is told once: the kind of email and what it tells.
    key text NOT NULL UNIQUE,
    kind text NOT NULL,
    order_id uuid,
    recipient text NOT NULL,
    subject text NOT NULL,
    body_text text NOT NULL,
    body_html text NOT NULL,
    status text NOT NULL CHECK (status IN ('waiting', 'sent')),
    written_at timestamptz NOT NULL,
    sent_at timestamptz
);
CREATE INDEX emails_order ON emails (order_id) WHERE order_id IS NOT NULL;

CREATE TABLE idempotency_keys (
    caller text NOT NULL,
    key text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    input_hash bytea NOT NULL,
    subject uuid,
    answer_status integer,
    answer_body bytea,
    claimed_until timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (caller, key)
);
CREATE INDEX idempotency_keys_old ON idempotency_keys (created_at);

CREATE TABLE api_keys (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    secret_hash bytea NOT NULL UNIQUE,
    hint text NOT NULL,
    livemode boolean NOT NULL,
    created_at timestamptz NOT NULL,
    used_at timestamptz,
    revoked_at timestamptz
);

CREATE TABLE staff (
    id uuid PRIMARY KEY,
    email text NOT NULL,
    password_hash text NOT NULL,
    role text NOT NULL CHECK (role IN ('viewer', 'support', 'finance', 'developer', 'admin')),
    created_at timestamptz NOT NULL,
    disabled_at timestamptz
);
CREATE UNIQUE INDEX staff_email ON staff (lower(email));

CREATE TABLE staff_sessions (
    token_hash bytea PRIMARY KEY,
    staff_id uuid NOT NULL REFERENCES staff ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
