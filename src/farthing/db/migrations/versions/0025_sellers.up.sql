-- Somebody who sells in the shop of another, and their account at the provider: ours because we made it.
CREATE TABLE sellers (
    id uuid PRIMARY KEY,
    external_id text NOT NULL CHECK (length(external_id) BETWEEN 1 AND 255),
    livemode boolean NOT NULL,
    name text,
    email text,
    country text NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    currency text CHECK (currency ~ '^[a-z]{3}$'),
    status text NOT NULL CHECK (status IN ('created', 'onboarding', 'verifying', 'active', 'restricted', 'rejected',
        'deauthorized')),
    -- What was agreed with this one, in the place of what is agreed with all.
    holding_days integer CHECK (holding_days BETWEEN 0 AND 90),
    fee_basis_points integer CHECK (fee_basis_points BETWEEN 0 AND 10000),
    provider text NOT NULL,
    provider_account_id text,
    former_account_ids text[] NOT NULL DEFAULT '{}',
    -- What was asked for and not answered, word for word, and how often an account had to be asked for anew.
    incarnation integer NOT NULL DEFAULT 1 CHECK (incarnation > 0),
    request jsonb,
    asked_at timestamptz,
    refusal text,
    charges_enabled boolean NOT NULL DEFAULT false,
    payouts_enabled boolean NOT NULL DEFAULT false,
    details_submitted boolean NOT NULL DEFAULT false,
    capabilities jsonb NOT NULL DEFAULT '{}',
    requirements jsonb NOT NULL DEFAULT '{}',
    payout_accounts jsonb NOT NULL DEFAULT '[]',
    payout_account_changed_at timestamptz,
    look bigint NOT NULL DEFAULT 0,
    seen_at timestamptz,
    onboarded_at timestamptz,
    suspended_at timestamptz,
    suspension_reason text,
    rejection_reason text CHECK (rejection_reason IN ('fraud', 'terms_of_service', 'other')),
    rejection_note text,
    rejection_asked_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    -- A user of the host is one seller.
    UNIQUE (livemode, external_id),
    -- An account is one seller's.
    UNIQUE (provider, livemode, provider_account_id),
    CHECK ((status = 'created') = (provider_account_id IS NULL)),
    CHECK ((request IS NULL) = (asked_at IS NULL)),
    CHECK (request IS NULL OR provider_account_id IS NULL),
    -- Nobody is active whom the provider does not let take money and be paid.
    CHECK (status <> 'active' OR (charges_enabled AND payouts_enabled AND details_submitted)),
    CHECK (status NOT IN ('created', 'deauthorized') OR NOT (charges_enabled OR payouts_enabled)),
    CHECK ((suspended_at IS NULL) = (suspension_reason IS NULL)),
    CHECK ((rejection_asked_at IS NULL) = (rejection_reason IS NULL))
);
CREATE INDEX sellers_page ON sellers (livemode, id DESC);
CREATE INDEX sellers_status ON sellers (livemode, status, id DESC);
CREATE INDEX sellers_email ON sellers (lower(email) text_pattern_ops);
CREATE INDEX sellers_name ON sellers (lower(name) text_pattern_ops);
CREATE INDEX sellers_former ON sellers USING gin (former_account_ids);
CREATE INDEX sellers_seen ON sellers (seen_at) WHERE provider_account_id IS NOT NULL;
CREATE INDEX provider_events_account ON provider_events (subject_id) WHERE subject_kind = 'account';
CREATE INDEX events_seller ON events ((data ->> 'seller'), sequence) WHERE data ? 'seller';
-- The order of our looks: of two, the one that began later is right.
CREATE SEQUENCE seller_looks;
