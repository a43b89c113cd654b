-- How an event reached us: delivered to the door, or found by our own look at the provider's list.
ALTER TABLE provider_events
    ADD COLUMN source text NOT NULL DEFAULT 'webhook' CHECK (source IN ('webhook', 'sweep'));

-- How far the provider's list of events was read.
CREATE TABLE event_cursors (
    provider text NOT NULL,
    livemode boolean NOT NULL,
    account text NOT NULL DEFAULT '',
    -- By the provider's clock: what happened before it is stored.
    read_until timestamptz NOT NULL,
    last_event_id text,
    -- By our clock: when the list was last read to its end, and when it is read again.
    swept_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    -- The provider had forgotten what happened after this before we read it: only a full reconciliation makes up for it.
    lost_since timestamptz,
    created_at timestamptz NOT NULL,
    -- One list is read from one place.
    PRIMARY KEY (provider, livemode, account)
);

-- Each comparison of our rows with the provider's lists.
CREATE TABLE reconciliations (
    id uuid PRIMARY KEY,
    provider text NOT NULL,
    livemode boolean NOT NULL,
    actor text NOT NULL,
    status text NOT NULL CHECK (status IN ('waiting', 'running', 'finished', 'failed')),
    -- The night it belongs to; none where somebody asked for it.
    night date,
    -- From when on objects are compared; none means all of them, and the books as a whole.
    since timestamptz,
    heals boolean NOT NULL,
    asked_at timestamptz NOT NULL,
    started_at timestamptz,
    finished_at timestamptz,
    compared bigint NOT NULL DEFAULT 0 CHECK (compared >= 0),
    foreign_objects bigint NOT NULL DEFAULT 0 CHECK (foreign_objects >= 0),
    found integer NOT NULL DEFAULT 0 CHECK (found >= 0),
    healed integer NOT NULL DEFAULT 0 CHECK (healed >= 0),
    left_open integer NOT NULL DEFAULT 0 CHECK (left_open >= 0),
    failure text,
    -- Whoever is done says since when.
    CHECK ((status IN ('finished', 'failed')) = (finished_at IS NOT NULL)),
    CHECK ((status = 'failed') = (failure IS NOT NULL))
);
-- However many workers wake up at the hour, a night is reconciled once.
CREATE UNIQUE INDEX reconciliations_one_each_night ON reconciliations (provider, livemode, night) WHERE night IS NOT NULL;

-- Which of our rows a run has met at the provider; gone with the run, so it need not survive a crash of the server.
CREATE UNLOGGED TABLE reconciliation_seen (
    reconciliation_id uuid NOT NULL,
    subject_kind text NOT NULL,
    subject text NOT NULL,
    PRIMARY KEY (reconciliation_id, subject_kind, subject)
);

-- What is different here and there.
CREATE TABLE discrepancies (
    id uuid PRIMARY KEY,
    provider text NOT NULL,
    livemode boolean NOT NULL,
    kind text NOT NULL CHECK (kind IN ('missing_here', 'missing_there', 'differs', 'balance')),
    subject_kind text NOT NULL,
    subject text NOT NULL,
    field text NOT NULL,
    ours text,
    theirs text,
    order_id uuid,
    status text NOT NULL CHECK (status IN ('open', 'healed', 'resolved', 'accepted')),
    -- Why the normal path does not make it right.
    reason text,
    note text,
    first_seen_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    closed_at timestamptz,
    closed_by text,
    CHECK ((status = 'open') = (closed_at IS NULL)),
    CHECK ((closed_at IS NULL) = (closed_by IS NULL)),
    -- Who lives with a difference says why.
    CHECK (status <> 'accepted' OR length(note) > 0)
);
-- Found again it is the same one, and keeps its age.
CREATE UNIQUE INDEX discrepancies_one_open ON discrepancies (provider, livemode, kind, subject, field) WHERE status = 'open';
CREATE INDEX discrepancies_accepted ON discrepancies (provider, livemode, subject, field) WHERE status = 'accepted';
CREATE INDEX discrepancies_order ON discrepancies (order_id) WHERE order_id IS NOT NULL;
-- Our rows of a time, for what the provider does not list.
CREATE INDEX payments_opened ON payments (opened_at) WHERE provider_payment_id IS NOT NULL;
CREATE INDEX refunds_promised ON refunds (promised_at) WHERE provider_refund_id IS NOT NULL;
CREATE INDEX checkouts_started ON checkouts (started_at) WHERE provider_checkout_id IS NOT NULL;
-- Replay by time goes through the inbox in the order in which it came.
CREATE INDEX provider_events_received ON provider_events (received_at);
