-- A bank takes back, or asks about, what paid for an invoice. There is no order, and the books need none.
CREATE TABLE invoice_disputes (
    id uuid PRIMARY KEY,
    invoice_payment_id uuid NOT NULL REFERENCES invoice_payments,
    provider text NOT NULL,
    livemode boolean NOT NULL,
    provider_dispute_id text NOT NULL,
    status text NOT NULL CHECK (status IN ('warning_needs_response', 'warning_under_review', 'warning_closed',
        'needs_response', 'under_review', 'won', 'lost', 'prevented', 'appeal_needs_response', 'appeal_under_review')),
    amount bigint NOT NULL CHECK (amount > 0),
    currency text NOT NULL,
    reason text NOT NULL,
    evidence_due_by timestamptz,
    withdrawn_amount bigint NOT NULL DEFAULT 0 CHECK (withdrawn_amount >= 0),
    -- No bank gives back more than it took.
    reinstated_amount bigint NOT NULL DEFAULT 0 CHECK (reinstated_amount BETWEEN 0 AND withdrawn_amount),
    fee_amount bigint NOT NULL DEFAULT 0,
    fee_currency text,
    lost_amount bigint NOT NULL DEFAULT 0 CHECK (lost_amount >= 0),
    losses_posted integer NOT NULL DEFAULT 0,
    look bigint NOT NULL,
    opened_at timestamptz NOT NULL,
    closed_at timestamptz,
    seen_at timestamptz NOT NULL,
    -- One dispute of the provider is one row.
    UNIQUE (provider, livemode, provider_dispute_id)
);
CREATE INDEX invoice_disputes_payment ON invoice_disputes (invoice_payment_id);

-- Whom a customer's tax documents are made out to, as they told it.
CREATE TABLE tax_details (
    customer_id uuid PRIMARY KEY REFERENCES customers,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 300),
    address text[] NOT NULL DEFAULT '{}',
    country text NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    tax_id text,
    tax_id_kind text,
    changed_at timestamptz NOT NULL,
    CHECK ((tax_id IS NULL) = (tax_id_kind IS NULL))
);

-- The last number of each series. Its row is locked until the document that draws from it is committed: no gap, no duplicate.
CREATE TABLE tax_series (
    entity text NOT NULL,
    series text NOT NULL,
    year integer NOT NULL,
    livemode boolean NOT NULL,
    last_number bigint NOT NULL CHECK (last_number >= 0),
    PRIMARY KEY (entity, series, year, livemode)
);

-- Our own tax invoices and credit notes. As they were issued, for good.
CREATE TABLE tax_documents (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('invoice', 'credit_note')),
    entity text NOT NULL,
    series text NOT NULL,
    year integer NOT NULL,
    number bigint NOT NULL CHECK (number > 0),
    livemode boolean NOT NULL,
    -- What is printed: INV-2026-000001.
    name text NOT NULL,
    customer_id uuid NOT NULL REFERENCES customers,
    invoice_id uuid NOT NULL REFERENCES invoices,
    -- Of a credit note: what it gives back, and the document that it corrects.
    invoice_refund_id uuid UNIQUE REFERENCES invoice_refunds,
    corrects uuid REFERENCES tax_documents,
    currency text NOT NULL CHECK (currency ~ '^[a-z]{3}$'),
    net_amount bigint NOT NULL,
    tax_amount bigint NOT NULL,
    total_amount bigint NOT NULL CHECK (total_amount > 0),
    seller jsonb NOT NULL,
    buyer jsonb NOT NULL,
    lines jsonb NOT NULL,
    notes jsonb NOT NULL,
    issued_at timestamptz NOT NULL,
    UNIQUE (entity, series, year, livemode, number),
    CHECK (net_amount + tax_amount = total_amount),
    CHECK ((kind = 'credit_note') = (invoice_refund_id IS NOT NULL AND corrects IS NOT NULL)),
    CHECK (kind = 'credit_note' OR (invoice_refund_id IS NULL AND corrects IS NULL))
);
-- An invoice of the provider is one tax invoice.
CREATE UNIQUE INDEX tax_documents_one_each_invoice ON tax_documents (invoice_id) WHERE kind = 'invoice';
CREATE INDEX tax_documents_customer ON tax_documents (customer_id, id);
CREATE INDEX tax_documents_corrects ON tax_documents (corrects) WHERE corrects IS NOT NULL;
CREATE TRIGGER tax_documents_immutable BEFORE UPDATE OR DELETE ON tax_documents
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER tax_documents_not_truncated BEFORE TRUNCATE ON tax_documents EXECUTE FUNCTION ledger_refuse_change();
