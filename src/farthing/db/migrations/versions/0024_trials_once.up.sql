-- Who has tried a plan of a group: one row for each mark by which they are known again, so that two at once are one after the other.

CREATE TABLE trial_claims (
    livemode boolean NOT NULL,
    plan_group text NOT NULL,
    mark text NOT NULL CHECK (mark IN ('customer', 'email', 'card')),
    -- Of an address and a card a digest only.
    value text NOT NULL,
    customer_id uuid NOT NULL REFERENCES customers,
    start_id uuid REFERENCES subscription_starts,
    subscription_id uuid REFERENCES subscriptions,
    claimed_at timestamptz NOT NULL,
    -- Since when it counts for good; before, it is held for a page that is open.
    begun_at timestamptz,
    PRIMARY KEY (livemode, plan_group, mark, value),
    CHECK (begun_at IS NOT NULL OR start_id IS NOT NULL)
);
CREATE INDEX trial_claims_start ON trial_claims (start_id);
CREATE INDEX trial_claims_customer ON trial_claims (customer_id);

-- Somebody of the shop said that this customer may try, whoever tried before.
ALTER TABLE subscription_starts ADD COLUMN trial_given boolean NOT NULL DEFAULT false;

-- Since when its trial is one too many: nothing may be used, and it is being ended.
ALTER TABLE subscriptions ADD COLUMN trial_refused_at timestamptz;
