-- What a promotion code takes off an order. A limit is a counter with a CHECK: of two who want the last use, one gets it.

CREATE TABLE coupons (
    key text PRIMARY KEY CHECK (key ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
    -- Who says the rule: farthing.toml, whose rows are written when they are first used, or the staff.
    source text NOT NULL CHECK (source IN ('catalog', 'staff')),
    name text NOT NULL,
    basis_points integer CHECK (basis_points BETWEEN 1 AND 10000),
    -- Currency → minor units.
    amounts jsonb NOT NULL DEFAULT '{}',
    products text[] NOT NULL DEFAULT '{}',
    minimums jsonb NOT NULL DEFAULT '{}',
    redemptions_max integer CHECK (redemptions_max >= 0),
    once_per_customer boolean NOT NULL DEFAULT false,
    first_purchase boolean NOT NULL DEFAULT false,
    valid_from timestamptz,
    valid_until timestamptz,
    active boolean NOT NULL DEFAULT true,
    reserved_count integer NOT NULL DEFAULT 0 CHECK (reserved_count >= 0),
    redeemed_count integer NOT NULL DEFAULT 0 CHECK (redeemed_count >= 0),
    created_at timestamptz NOT NULL,
    -- A share or an amount, never both and never none.
    CHECK ((basis_points IS NULL) = (amounts <> '{}')),
    CHECK (valid_until > valid_from),
    -- Nobody uses it once too often, whoever asks at the same moment.
    CHECK (reserved_count + redeemed_count <= redemptions_max)
);

CREATE TABLE promotion_codes (
    -- In capitals: how it was typed does not count.
    code text PRIMARY KEY CHECK (code ~ '^[A-Z0-9][A-Z0-9_-]{1,39}$'),
    coupon_key text NOT NULL REFERENCES coupons,
    source text NOT NULL CHECK (source IN ('catalog', 'staff')),
    redemptions_max integer CHECK (redemptions_max >= 0),
    valid_until timestamptz,
    active boolean NOT NULL DEFAULT true,
    reserved_count integer NOT NULL DEFAULT 0 CHECK (reserved_count >= 0),
    redeemed_count integer NOT NULL DEFAULT 0 CHECK (redeemed_count >= 0),
    created_at timestamptz NOT NULL,
    -- The same for a code with a limit of its own.
    CHECK (reserved_count + redeemed_count <= redemptions_max)
);
CREATE INDEX promotion_codes_coupon ON promotion_codes (coupon_key);

CREATE TABLE redemptions (
    id uuid PRIMARY KEY,
    -- One code for each order.
    order_id uuid NOT NULL UNIQUE REFERENCES orders,
    customer_id uuid NOT NULL REFERENCES customers,
    coupon_key text NOT NULL REFERENCES coupons,
    code text NOT NULL REFERENCES promotion_codes,
    discount_amount bigint NOT NULL CHECK (discount_amount > 0),
    currency text NOT NULL CHECK (currency ~ '^[a-z]{3}$'),
    -- Whether the coupon was one that a customer may use once, when it was used.
    once boolean NOT NULL,
    status text NOT NULL CHECK (status IN ('reserved', 'redeemed', 'released')),
    reserved_at timestamptz NOT NULL,
    closed_at timestamptz,
    CHECK ((status = 'reserved') = (closed_at IS NULL))
);
-- A customer uses it in one order only, however many are placed at the same moment.
CREATE UNIQUE INDEX redemptions_once ON redemptions (coupon_key, customer_id) WHERE once AND status <> 'released';
CREATE INDEX redemptions_coupon ON redemptions (coupon_key, id);
CREATE INDEX redemptions_code ON redemptions (code);
CREATE INDEX redemptions_customer ON redemptions (customer_id);
