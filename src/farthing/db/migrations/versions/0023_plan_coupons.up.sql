-- A coupon may take something off a plan: for its first invoice, for some months, or for as long as the plan goes on.

ALTER TABLE coupons
    ADD COLUMN duration text NOT NULL DEFAULT 'once' CHECK (duration IN ('once', 'repeating', 'forever')),
    ADD COLUMN duration_months integer CHECK (duration_months > 0),
    ADD CONSTRAINT coupons_say_how_long CHECK ((duration = 'repeating') = (duration_months IS NOT NULL));

-- A use belongs to an order, to the start of a subscription, or to a change of one.
ALTER TABLE redemptions
    ALTER COLUMN order_id DROP NOT NULL,
    ADD COLUMN start_id uuid UNIQUE REFERENCES subscription_starts,
    ADD COLUMN change_id uuid UNIQUE REFERENCES subscription_changes,
    ADD CONSTRAINT redemptions_belong_to_one_thing CHECK (num_nonnulls(order_id, start_id, change_id) = 1);

-- The provider's copy of a coupon. Its id is ours and says what it takes off, so there is one, however often it is asked for.
CREATE TABLE provider_coupons (
    provider text NOT NULL,
    livemode boolean NOT NULL,
    id text NOT NULL,
    coupon_key text NOT NULL,
    -- Ours for what it takes off, of which there may be several ids one after the other: one that was taken away never comes back.
    rule text NOT NULL,
    -- What the provider is asked for, word for word.
    request jsonb NOT NULL,
    asked_at timestamptz NOT NULL,
    made_at timestamptz,
    -- When we learned that somebody had taken it away over there.
    lost_at timestamptz CHECK (made_at IS NOT NULL OR lost_at IS NULL),
    PRIMARY KEY (provider, livemode, id)
);
CREATE UNIQUE INDEX provider_coupons_one_of_each_rule ON provider_coupons (provider, livemode, rule) WHERE lost_at IS NULL;
CREATE INDEX provider_coupons_rule ON provider_coupons (provider, livemode, rule);

ALTER TABLE subscription_starts
    -- What the coupon takes off the first invoice, and for how long, as its buyer was shown.
    ADD COLUMN discount jsonb,
    ADD CONSTRAINT subscription_starts_coupon CHECK ((coupon IS NULL) = (discount IS NULL));

ALTER TABLE subscription_changes ADD COLUMN promotion_code text;

-- What is taken off at the provider, as we saw it last, with its name and its end.
ALTER TABLE subscriptions ADD COLUMN discounts jsonb NOT NULL DEFAULT '[]';
