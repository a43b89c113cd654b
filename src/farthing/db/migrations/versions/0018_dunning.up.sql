-- A try to collect an invoice before the provider's own next one. The intention, committed before anybody is called: its id is
-- the idempotency key.
CREATE TABLE invoice_attempts (
    id uuid PRIMARY KEY,
    invoice_id uuid NOT NULL REFERENCES invoices,
    subscription_id uuid NOT NULL REFERENCES subscriptions,
    -- The provider's id of what is charged; none: whatever pays for the subscription.
    provider_method_id text,
    -- The provider's page on which that was saved: one try for each.
    provider_setup_id text UNIQUE,
    status text NOT NULL CHECK (status IN ('asking', 'paid', 'processing', 'action_required', 'declined', 'overtaken')),
    -- Why not, in the provider's word.
    code text,
    asked_at timestamptz NOT NULL,
    answered_at timestamptz,
    CHECK ((status = 'asking') = (answered_at IS NULL))
);
-- Whoever else wants to collect it waits until this one is known.
CREATE UNIQUE INDEX invoice_attempts_one_open ON invoice_attempts (invoice_id) WHERE status = 'asking';
CREATE INDEX invoice_attempts_invoice ON invoice_attempts (invoice_id, asked_at);
CREATE INDEX invoice_attempts_unanswered ON invoice_attempts (asked_at) WHERE status = 'asking';
CREATE INDEX invoice_attempts_subscription ON invoice_attempts (subscription_id);

ALTER TABLE invoices
    -- Why the last payment of it failed, in the provider's word.
    ADD COLUMN failure_code text;

ALTER TABLE subscriptions
    -- Up to when it had been paid when its customer was told that it cannot be used any more.
    ADD COLUMN lapsed_told_of timestamptz,
    -- For which next charge it was looked whether the card that pays will still be good, and of which card that was told.
    ADD COLUMN card_checked_for timestamptz,
    ADD COLUMN card_told_of text;
CREATE INDEX subscriptions_grace ON subscriptions (paid_until) WHERE lapsed_told_of IS DISTINCT FROM paid_until
    AND status IN ('past_due', 'unpaid', 'paused', 'canceled');
CREATE INDEX subscriptions_next_charge ON subscriptions (current_period_end) WHERE status IN ('active', 'trialing')
    AND card_checked_for IS DISTINCT FROM current_period_end;
