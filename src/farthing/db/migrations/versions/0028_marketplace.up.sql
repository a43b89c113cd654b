-- What sellers offer, at their own price and of their own stock.
CREATE TABLE listings (
    id uuid PRIMARY KEY,
    seller_id uuid NOT NULL REFERENCES sellers,
    livemode boolean NOT NULL,
    -- The product of farthing.toml that says how such things are sold.
    product text NOT NULL CHECK (length(product) BETWEEN 1 AND 63),
    sku text NOT NULL CHECK (length(sku) BETWEEN 1 AND 100),
    title text NOT NULL CHECK (length(title) BETWEEN 1 AND 250),
    description text CHECK (length(description) BETWEEN 1 AND 5000),
    category text CHECK (category ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
    -- Currency → minor units.
    prices jsonb NOT NULL CHECK (jsonb_typeof(prices) = 'object' AND prices <> '{}'),
    max_quantity integer NOT NULL CHECK (max_quantity BETWEEN 1 AND 1000),
    weight_grams integer CHECK (weight_grams > 0),
    image_url text CHECK (image_url ~ '^https?://'),
    status text NOT NULL CHECK (status IN ('draft', 'active', 'paused', 'archived')),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    -- A seller's own name is one thing of theirs.
    UNIQUE (seller_id, sku)
);
CREATE INDEX listings_page ON listings (livemode, status, id DESC);
CREATE INDEX listings_category ON listings (category, id DESC) WHERE status = 'active';

-- What the sale of a line earned for whom.
CREATE TABLE earnings (
    id uuid PRIMARY KEY,
    -- A paid line earns once, however often it is handed over.
    line_item_id uuid NOT NULL UNIQUE REFERENCES line_items,
    order_id uuid NOT NULL REFERENCES orders,
    seller_id uuid NOT NULL REFERENCES sellers,
    -- The host's own id of the seller, by which the books know them.
    seller text NOT NULL,
    livemode boolean NOT NULL,
    currency text NOT NULL CHECK (currency ~ '^[a-z]{3}$'),
    amount bigint NOT NULL CHECK (amount >= 0),
    platform_fee_amount bigint NOT NULL CHECK (platform_fee_amount >= 0),
    organization_fee_amount bigint NOT NULL CHECK (organization_fee_amount >= 0),
    seller_share_amount bigint NOT NULL CHECK (seller_share_amount >= 0),
    refunded_amount bigint NOT NULL DEFAULT 0,
    refunded_platform_fee_amount bigint NOT NULL DEFAULT 0,
    refunded_organization_fee_amount bigint NOT NULL DEFAULT 0,
    refunded_seller_share_amount bigint NOT NULL DEFAULT 0,
    -- What of the share went to the seller's account, or is on its way. More than what is left of it: the seller owes that.
    transferred_amount bigint NOT NULL DEFAULT 0 CHECK (transferred_amount BETWEEN 0 AND seller_share_amount),
    earned_at timestamptz NOT NULL,
    -- The shares are the whole price, and nothing but it; so are the shares of what went back.
    CHECK (amount = platform_fee_amount + organization_fee_amount + seller_share_amount),
    CHECK (refunded_amount
        = refunded_platform_fee_amount + refunded_organization_fee_amount + refunded_seller_share_amount),
    CHECK (refunded_platform_fee_amount BETWEEN 0 AND platform_fee_amount),
    CHECK (refunded_organization_fee_amount BETWEEN 0 AND organization_fee_amount),
    CHECK (refunded_seller_share_amount BETWEEN 0 AND seller_share_amount)
);
CREATE INDEX earnings_order ON earnings (order_id);
CREATE INDEX earnings_seller ON earnings (seller_id, id DESC);

-- Which share went back with which refund or dispute, so that one that fails gives back exactly that.
CREATE TABLE earning_reversals (
    earning_id uuid NOT NULL REFERENCES earnings,
    reference text NOT NULL,
    currency text NOT NULL CHECK (currency ~ '^[a-z]{3}$'),
    amount bigint NOT NULL CHECK (amount > 0),
    platform_fee_amount bigint NOT NULL CHECK (platform_fee_amount >= 0),
    organization_fee_amount bigint NOT NULL CHECK (organization_fee_amount >= 0),
    seller_share_amount bigint NOT NULL CHECK (seller_share_amount >= 0),
    reversed_at timestamptz NOT NULL,
    withdrawn_at timestamptz,
    PRIMARY KEY (earning_id, reference),
    CHECK (amount = platform_fee_amount + organization_fee_amount + seller_share_amount)
);

-- A paid order is one order for each who sells in it: the seller's own number, their own parcels.
CREATE TABLE seller_orders (
    id uuid PRIMARY KEY,
    order_id uuid NOT NULL REFERENCES orders,
    -- Null: the shop itself.
    seller_id uuid REFERENCES sellers,
    position integer NOT NULL CHECK (position > 0),
    -- For people: the order's number and the position, such as 1042-1.
    number text NOT NULL UNIQUE,
    livemode boolean NOT NULL,
    status text NOT NULL CHECK (status IN ('confirmed', 'completed', 'canceled')),
    fulfillment_status text NOT NULL
        CHECK (fulfillment_status IN ('unfulfilled', 'partially_shipped', 'shipped', 'delivered', 'canceled')),
    confirmed_at timestamptz NOT NULL,
    completed_at timestamptz,
    canceled_at timestamptz,
    canceled_because text CHECK (length(canceled_because) BETWEEN 1 AND 500),
    -- How long after its delivery what it earned is held, as it was agreed when it was sold; and until when that is.
    holding_days integer NOT NULL CHECK (holding_days BETWEEN 0 AND 90),
    release_at timestamptz,
    released_at timestamptz,
    -- Somebody wants it held for longer.
    held_at timestamptz,
    held_because text CHECK (length(held_because) BETWEEN 1 AND 500),
    CHECK ((held_at IS NULL) = (held_because IS NULL)),
    -- Nothing leaves before its time.
    CHECK (released_at >= release_at),
    CHECK (status = 'completed' OR release_at IS NULL),
    UNIQUE (order_id, position),
    CHECK ((status = 'completed') = (completed_at IS NOT NULL)),
    CHECK ((status = 'canceled') = (canceled_at IS NOT NULL)),
    CHECK ((status = 'canceled') = (fulfillment_status = 'canceled'))
);
-- One for each who sells in it.
CREATE UNIQUE INDEX seller_orders_one_each ON seller_orders (order_id, coalesce(seller_id::text, ''));
CREATE INDEX seller_orders_seller ON seller_orders (seller_id, id DESC);
CREATE INDEX seller_orders_to_ship ON seller_orders (seller_id, confirmed_at)
    WHERE status = 'confirmed' AND fulfillment_status IN ('unfulfilled', 'partially_shipped');

CREATE INDEX seller_orders_due ON seller_orders (release_at) WHERE released_at IS NULL AND held_at IS NULL;

CREATE TABLE seller_order_lines (
    -- A line is one seller's.
    line_item_id uuid PRIMARY KEY REFERENCES line_items,
    seller_order_id uuid NOT NULL REFERENCES seller_orders,
    quantity integer NOT NULL CHECK (quantity > 0),
    canceled integer NOT NULL DEFAULT 0 CHECK (canceled >= 0),
    shipped integer NOT NULL DEFAULT 0 CHECK (shipped >= 0),
    delivered integer NOT NULL DEFAULT 0 CHECK (delivered >= 0),
    -- Nothing is sent that was called off, and nothing arrives that was not sent.
    CHECK (canceled + shipped <= quantity),
    CHECK (delivered <= shipped)
);
CREATE INDEX seller_order_lines_order ON seller_order_lines (seller_order_id);

-- Parcels. A number of a carrier's is one parcel.
CREATE TABLE shipments (
    id uuid PRIMARY KEY,
    seller_order_id uuid NOT NULL REFERENCES seller_orders,
    status text NOT NULL CHECK (status IN ('shipped', 'in_transit', 'delivered', 'lost', 'returned')),
    carrier text NOT NULL CHECK (carrier ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
    tracking_number text CHECK (length(tracking_number) BETWEEN 1 AND 100),
    tracking_url text CHECK (tracking_url ~ '^https?://'),
    shipped_at timestamptz NOT NULL,
    delivered_at timestamptz,
    closed_at timestamptz,
    CHECK ((status = 'delivered') = (delivered_at IS NOT NULL)),
    CHECK ((status IN ('delivered', 'lost', 'returned')) = (closed_at IS NOT NULL))
);
CREATE UNIQUE INDEX shipments_number_once ON shipments (carrier, tracking_number);
CREATE INDEX shipments_seller_order ON shipments (seller_order_id);

CREATE TABLE shipment_lines (
    shipment_id uuid NOT NULL REFERENCES shipments,
    line_item_id uuid NOT NULL REFERENCES seller_order_lines,
    quantity integer NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (shipment_id, line_item_id)
);
CREATE INDEX shipment_lines_line ON shipment_lines (line_item_id);

-- What was earned goes to the seller's account at the provider.
CREATE TABLE transfers (
    id uuid PRIMARY KEY,
    seller_id uuid NOT NULL REFERENCES sellers,
    seller_order_id uuid NOT NULL REFERENCES seller_orders,
    order_id uuid NOT NULL REFERENCES orders,
    provider text NOT NULL,
    livemode boolean NOT NULL,
    currency text NOT NULL CHECK (currency ~ '^[a-z]{3}$'),
    amount bigint NOT NULL CHECK (amount > 0),
    -- What the seller owed of other sales and was kept of this one.
    netted_amount bigint NOT NULL DEFAULT 0 CHECK (netted_amount >= 0),
    reversed_amount bigint NOT NULL DEFAULT 0 CHECK (reversed_amount BETWEEN 0 AND amount),
    status text NOT NULL CHECK (status IN ('requested', 'sent', 'refused')),
    provider_account_id text NOT NULL,
    provider_charge_id text,
    provider_transfer_id text,
    requested_at timestamptz NOT NULL,
    asked_at timestamptz,
    sent_at timestamptz,
    refused_because text,
    CHECK ((status = 'sent') = (sent_at IS NOT NULL)),
    CHECK ((status = 'sent') = (provider_transfer_id IS NOT NULL)),
    CHECK ((status = 'refused') = (refused_because IS NOT NULL)),
    CHECK (reversed_amount = 0 OR status = 'sent')
);
-- An order's part is transferred once, however many release it.
CREATE UNIQUE INDEX transfers_once ON transfers (seller_order_id) WHERE status IN ('requested', 'sent');
CREATE UNIQUE INDEX transfers_provider ON transfers (provider, livemode, provider_transfer_id);
CREATE INDEX transfers_seller ON transfers (seller_id, id DESC);
CREATE INDEX transfers_waiting ON transfers (requested_at) WHERE status = 'requested';

-- What went to a seller and is taken back.
CREATE TABLE transfer_reversals (
    id uuid PRIMARY KEY,
    transfer_id uuid NOT NULL REFERENCES transfers,
    amount bigint NOT NULL CHECK (amount > 0),
    status text NOT NULL CHECK (status IN ('requested', 'succeeded', 'refused')),
    provider_reversal_id text,
    requested_at timestamptz NOT NULL,
    asked_at timestamptz,
    closed_at timestamptz,
    refused_because text,
    CHECK ((status = 'requested') = (closed_at IS NULL)),
    CHECK ((status = 'succeeded') = (provider_reversal_id IS NOT NULL)),
    CHECK ((status = 'refused') = (refused_because IS NOT NULL))
);
-- One at a time for each transfer.
CREATE UNIQUE INDEX transfer_reversals_one_waiting ON transfer_reversals (transfer_id) WHERE status = 'requested';
CREATE INDEX transfer_reversals_transfer ON transfer_reversals (transfer_id);
