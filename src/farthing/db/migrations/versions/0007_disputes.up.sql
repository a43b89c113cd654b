-- Looks at a dispute are numbered in the order they began: what an older look saw never overwrites what a newer one did.
CREATE SEQUENCE dispute_looks;

CREATE TABLE disputes (
    id uuid PRIMARY KEY,
    payment_id uuid NOT NULL REFERENCES payments,
    order_id uuid NOT NULL REFERENCES orders,
    provider text NOT NULL,
    livemode boolean NOT NULL,
    provider_dispute_id text NOT NULL,
    status text NOT NULL CHECK (status IN ('warning_needs_response', 'warning_under_review', 'warning_closed',
        'needs_response', 'under_review', 'won', 'lost', 'prevented', 'appeal_needs_response', 'appeal_under_review')),
    amount bigint NOT NULL CHECK (amount > 0),
    currency text NOT NULL,
    reason text NOT NULL,
    network_reason_code text,
    evidence_due_by timestamptz,
    submission_count integer NOT NULL DEFAULT 0 CHECK (submission_count >= 0),
    -- What the provider took for the buyer's bank, and gave back, each in total.
    withdrawn_amount bigint NOT NULL DEFAULT 0 CHECK (withdrawn_amount >= 0),
    reinstated_amount bigint NOT NULL DEFAULT 0 CHECK (reinstated_amount BETWEEN 0 AND withdrawn_amount),
    -- What the provider charges for the dispute, less what it gave back of that.
    fee_amount bigint NOT NULL DEFAULT 0,
    fee_currency text,
    -- Given up: posted as a loss, to this account.
    lost_amount bigint NOT NULL DEFAULT 0 CHECK (lost_amount >= 0),
    lost_to text,
    losses_posted integer NOT NULL DEFAULT 0 CHECK (losses_posted >= 0),
    access text NOT NULL DEFAULT 'kept' CHECK (access IN ('kept', 'suspended', 'revoked')),
    -- The smallest number of days before the deadline of which somebody was reminded.
    reminded_days integer CHECK (reminded_days IN (7, 3, 1)),
    paid_twice_told_at timestamptz,
    look bigint NOT NULL,
    looked_at timestamptz NOT NULL,
    opened_at timestamptz NOT NULL,
    submitted_at timestamptz,
    closed_at timestamptz,
    -- One dispute of the provider is one row, whichever of its events came first.
    UNIQUE (provider, livemode, provider_dispute_id),
    -- Money is given up only where it is lost.
    CHECK (lost_amount = CASE WHEN status = 'lost' THEN withdrawn_amount - reinstated_amount ELSE 0 END),
    CHECK ((lost_amount > 0) = (lost_to IS NOT NULL)),
    CHECK (fee_amount = 0 OR fee_currency IS NOT NULL),
    -- A dispute that is over says since when.
    CHECK ((status IN ('warning_closed', 'won', 'lost', 'prevented')) = (closed_at IS NOT NULL))
);
CREATE INDEX disputes_order ON disputes (order_id);
CREATE INDEX disputes_payment ON disputes (payment_id);
CREATE INDEX disputes_status ON disputes (status, id);
CREATE INDEX disputes_due ON disputes (evidence_due_by)
    WHERE status IN ('warning_needs_response', 'needs_response', 'appeal_needs_response');
CREATE INDEX disputes_undecided ON disputes (looked_at) WHERE closed_at IS NULL;

-- What we answer the bank: evidence, or that it is right. First a draft, then a promise, then with the provider.
CREATE TABLE dispute_answers (
    id uuid PRIMARY KEY,
    dispute_id uuid NOT NULL REFERENCES disputes,
    -- An appeal is evidence against a decision, and goes another way.
    kind text NOT NULL CHECK (kind IN ('evidence', 'appeal', 'acceptance')),
    status text NOT NULL CHECK (status IN ('draft', 'promised', 'sent', 'refused')),
    evidence jsonb NOT NULL DEFAULT '{}',
    written_by text NOT NULL,
    drafted_at timestamptz NOT NULL,
    promised_at timestamptz,
    -- From here on the provider may have it.
    asked_at timestamptz,
    sent_at timestamptz,
    refusal text,
    -- What is promised says since when; a draft was promised to nobody.
    CHECK ((status = 'draft') = (promised_at IS NULL)),
    CHECK ((status = 'sent') = (sent_at IS NOT NULL)),
    CHECK ((status = 'refused') = (refusal IS NOT NULL)),
    -- A draft is of evidence: accepting needs no words.
    CHECK (status <> 'draft' OR kind = 'evidence')
);
-- One draft is edited and one answer is on its way, whoever presses the button at the same moment.
CREATE UNIQUE INDEX dispute_answers_one_draft ON dispute_answers (dispute_id) WHERE status = 'draft';
CREATE UNIQUE INDEX dispute_answers_one_promise ON dispute_answers (dispute_id) WHERE status = 'promised';
CREATE INDEX dispute_answers_dispute ON dispute_answers (dispute_id, id);

-- A bank suspects fraud, and nobody has complained yet.
CREATE TABLE fraud_warnings (
    id uuid PRIMARY KEY,
    payment_id uuid NOT NULL REFERENCES payments,
    order_id uuid NOT NULL REFERENCES orders,
    provider text NOT NULL,
    livemode boolean NOT NULL,
    provider_warning_id text NOT NULL,
    fraud_type text NOT NULL,
    actionable boolean NOT NULL,
    warned_at timestamptz NOT NULL,
    -- One warning is told once.
    UNIQUE (provider, livemode, provider_warning_id)
);
CREATE INDEX fraud_warnings_order ON fraud_warnings (order_id);

-- What banks hold of a payment because of disputes. It cannot be promised to the buyer a second time.
ALTER TABLE payments
    ADD COLUMN withheld_amount bigint NOT NULL DEFAULT 0 CHECK (withheld_amount >= 0),
    -- As much of it as was there: with what went back it never exceeds what came in.
    ADD COLUMN disputed_amount bigint NOT NULL GENERATED ALWAYS AS
        (least(withheld_amount, coalesce(received_amount, 0) - refunding_amount - refunded_amount)) STORED,
    ADD CHECK (refunding_amount + refunded_amount + disputed_amount <= coalesce(received_amount, 0)),
    ADD CHECK (disputed_amount >= 0);

-- What the order granted is taken away, because its payment is disputed.
ALTER TABLE orders ADD COLUMN access_held_at timestamptz;
