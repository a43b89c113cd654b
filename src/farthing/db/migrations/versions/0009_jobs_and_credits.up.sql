-- An add-on says what it accompanies.
ALTER TABLE line_items
    ADD COLUMN addon_to uuid REFERENCES line_items,
    -- Nothing accompanies itself.
    ADD CONSTRAINT line_items_accompanies_another CHECK (addon_to <> id);
CREATE INDEX line_items_addon_to ON line_items (addon_to) WHERE addon_to IS NOT NULL;
-- Who is ordering for a job at this moment.
CREATE INDEX line_items_job ON line_items ((metadata ->> 'job')) WHERE kind = 'job_posting';

-- A job of the host on the board: one posting, however often it is bought.
CREATE TABLE job_postings (
    id uuid PRIMARY KEY,
    -- The host's own id of it.
    -- One thing, whoever buys for it and however often.
    job text NOT NULL UNIQUE CHECK (length(job) BETWEEN 1 AND 255),
    -- Who bought it first.
    customer_id uuid NOT NULL REFERENCES customers,
    status text NOT NULL CHECK (status IN ('pending_approval', 'published', 'expired', 'unpublished', 'rejected')),
    -- Bought, and not running yet: it starts when the job is published.
    waiting interval NOT NULL DEFAULT '0' CHECK (waiting >= '0'),
    -- How long before the end its owner is reminded.
    remind_before interval,
    created_at timestamptz NOT NULL,
    approved_at timestamptz,
    published_at timestamptz,
    expires_at timestamptz,
    remind_at timestamptz,
    rejected_reason text,
    -- What is or was on the board says from when to when; what was taken off says neither.
    CHECK ((status IN ('published', 'expired')) = (published_at IS NOT NULL)),
    CHECK ((published_at IS NULL) = (expires_at IS NULL)),
    -- Nobody is reminded of what is not there.
    CHECK (remind_at IS NULL OR status = 'published'),
    -- No without a reason helps nobody.
    CHECK ((status = 'rejected') = (rejected_reason IS NOT NULL))
);
CREATE INDEX job_postings_customer ON job_postings (customer_id, id);
CREATE INDEX job_postings_expiring ON job_postings (expires_at) WHERE status = 'published';
CREATE INDEX job_postings_reminding ON job_postings (remind_at) WHERE remind_at IS NOT NULL;

-- What was bought for a job: time, of one line item each.
CREATE TABLE job_posting_lines (
    line_item_id uuid PRIMARY KEY REFERENCES line_items,
    job_posting_id uuid NOT NULL REFERENCES job_postings,
    order_id uuid NOT NULL REFERENCES orders,
    length interval NOT NULL CHECK (length > '0'),
    approval boolean NOT NULL,
    amount bigint NOT NULL CHECK (amount >= 0),
    currency text NOT NULL,
    granted_at timestamptz NOT NULL,
    revoked_at timestamptz,
    -- What was left of it when it was taken back: what it gets again if the refund fails.
    held interval CHECK (held BETWEEN '0' AND length),
    CHECK ((revoked_at IS NULL) = (held IS NULL))
);
CREATE INDEX job_posting_lines_posting ON job_posting_lines (job_posting_id, line_item_id);

CREATE TABLE job_posting_addons (
    line_item_id uuid PRIMARY KEY REFERENCES line_items,
    job_posting_id uuid NOT NULL REFERENCES job_postings,
    product text NOT NULL,
    quantity integer NOT NULL CHECK (quantity > 0),
    added_at timestamptz NOT NULL,
    removed_at timestamptz
);
CREATE INDEX job_posting_addons_posting ON job_posting_addons (job_posting_id, line_item_id);

-- What people are to do for a line that is paid.
CREATE TABLE fulfillments (
    id uuid PRIMARY KEY,
    order_id uuid NOT NULL REFERENCES orders,
    -- A line is asked for once.
    line_item_id uuid NOT NULL UNIQUE REFERENCES line_items,
    status text NOT NULL CHECK (status IN ('pending', 'in_progress', 'delivered', 'canceled')),
    units integer NOT NULL CHECK (units > 0),
    delivered_units integer NOT NULL DEFAULT 0 CHECK (delivered_units BETWEEN 0 AND units),
    note text,
    created_at timestamptz NOT NULL,
    due_at timestamptz,
    delivered_at timestamptz,
    -- All of it is delivered, or it is not delivered.
    CHECK ((status = 'delivered') = (delivered_at IS NOT NULL)),
    CHECK (status NOT IN ('delivered') OR delivered_units = units),
    CHECK (status NOT IN ('pending') OR delivered_units = 0)
);
CREATE INDEX fulfillments_order ON fulfillments (order_id);
CREATE INDEX fulfillments_to_do ON fulfillments (due_at) WHERE status IN ('pending', 'in_progress');

-- Credits: one row for each customer, which everybody who spends or grants locks first.
CREATE TABLE credit_accounts (
    customer_id uuid PRIMARY KEY REFERENCES customers,
    -- Nobody spends what they have not.
    balance bigint NOT NULL CHECK (balance >= 0)
);

CREATE TABLE credit_grants (
    id uuid PRIMARY KEY,
    customer_id uuid NOT NULL REFERENCES credit_accounts,
    order_id uuid REFERENCES orders,
    -- One sale grants once.
    line_item_id uuid UNIQUE REFERENCES line_items,
    -- Whoever gives credits away by hand says what for, and does it once.
    reference text CHECK (length(reference) BETWEEN 1 AND 255),
    amount bigint NOT NULL CHECK (amount > 0),
    -- No grant gives more than it is, or less than nothing.
    remaining bigint NOT NULL CHECK (remaining BETWEEN 0 AND amount),
    note text,
    granted_by text NOT NULL,
    granted_at timestamptz NOT NULL,
    expires_at timestamptz,
    -- The price is back with the buyer: what a spend gives back is taken as well.
    revoked_at timestamptz,
    UNIQUE (customer_id, reference),
    -- Bought, or given.
    CHECK ((line_item_id IS NULL) <> (reference IS NULL)),
    CHECK ((line_item_id IS NULL) = (order_id IS NULL))
);
CREATE INDEX credit_grants_left ON credit_grants (customer_id, expires_at, id) WHERE remaining > 0;
CREATE INDEX credit_grants_expiring ON credit_grants (expires_at) WHERE remaining > 0 AND expires_at IS NOT NULL;
CREATE INDEX credit_grants_order ON credit_grants (order_id) WHERE order_id IS NOT NULL;

CREATE TABLE credit_spends (
    id uuid PRIMARY KEY,
    customer_id uuid NOT NULL REFERENCES credit_accounts,
    reference text NOT NULL CHECK (length(reference) BETWEEN 1 AND 255),
    amount bigint NOT NULL CHECK (amount > 0),
    status text NOT NULL CHECK (status IN ('spent', 'released')),
    note text,
    spent_at timestamptz NOT NULL,
    released_at timestamptz,
    -- One thing is paid for once, however often it is asked for.
    UNIQUE (customer_id, reference),
    CHECK ((status = 'released') = (released_at IS NOT NULL))
);

-- The books of credits: each row moves credits of one grant from one place to another, so they balance by themselves.
CREATE TABLE credit_entries (
    id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    customer_id uuid NOT NULL REFERENCES credit_accounts,
    grant_id uuid NOT NULL REFERENCES credit_grants,
    spend_id uuid REFERENCES credit_spends,
    source text NOT NULL CHECK (source IN ('issued', 'customer', 'spent', 'revoked')),
    target text NOT NULL CHECK (target IN ('customer', 'spent', 'expired', 'revoked')),
    amount bigint NOT NULL CHECK (amount > 0),
    -- The refund that took them, where it was one.
    reference text,
    posted_at timestamptz NOT NULL,
    actor text NOT NULL,
    -- Every move takes from a customer or gives to one.
    CHECK ((source = 'customer') <> (target = 'customer')),
    CHECK ((spend_id IS NOT NULL) = ('spent' IN (source, target)))
);
CREATE INDEX credit_entries_customer ON credit_entries (customer_id, id);
CREATE INDEX credit_entries_grant ON credit_entries (grant_id);
-- A grant is issued once; a spend takes from it once, and gives back once.
CREATE UNIQUE INDEX credit_entries_issued_once ON credit_entries (grant_id) WHERE source = 'issued';
CREATE UNIQUE INDEX credit_entries_spent_once ON credit_entries (spend_id, grant_id) WHERE target = 'spent';
CREATE UNIQUE INDEX credit_entries_released_once ON credit_entries (spend_id, grant_id) WHERE source = 'spent';
-- A refund takes once, and gives back once.
CREATE UNIQUE INDEX credit_entries_revoked_once ON credit_entries (grant_id, reference)
    WHERE target = 'revoked' AND reference IS NOT NULL;
CREATE UNIQUE INDEX credit_entries_returned_once ON credit_entries (grant_id, reference)
    WHERE source = 'revoked' AND reference IS NOT NULL;
-- These books are immutable as well.
CREATE TRIGGER credit_entries_immutable BEFORE UPDATE OR DELETE ON credit_entries
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER credit_entries_not_truncated BEFORE TRUNCATE ON credit_entries EXECUTE FUNCTION ledger_refuse_change();
