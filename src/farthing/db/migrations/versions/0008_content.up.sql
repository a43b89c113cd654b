-- What was sold of the host's content to whom, how the price is shared, and what may be downloaded.

CREATE TABLE purchases (
    id uuid PRIMARY KEY,
    customer_id uuid NOT NULL REFERENCES customers,
    -- The host's own name of it, which means nothing to us.
    content text NOT NULL CHECK (length(content) BETWEEN 1 AND 255),
    product text NOT NULL,
    title text NOT NULL,
    seller text CHECK (length(seller) BETWEEN 1 AND 255),
    organization text CHECK (length(organization) BETWEEN 1 AND 255),
    order_id uuid NOT NULL REFERENCES orders,
    -- A paid line is one purchase, however often it is handed over.
    line_item_id uuid NOT NULL UNIQUE REFERENCES line_items,
    -- Nothing is paid where a coupon took the whole price.
    payment_id uuid REFERENCES payments,
    livemode boolean NOT NULL,
    currency text NOT NULL CHECK (currency ~ '^[a-z]{3}$'),
    amount bigint NOT NULL CHECK (amount >= 0),
    tax_amount bigint NOT NULL CHECK (tax_amount >= 0),
    platform_fee_amount bigint NOT NULL CHECK (platform_fee_amount >= 0),
    organization_fee_amount bigint NOT NULL CHECK (organization_fee_amount >= 0),
    seller_share_amount bigint NOT NULL CHECK (seller_share_amount >= 0),
    refunded_amount bigint NOT NULL DEFAULT 0,
    refunded_platform_fee_amount bigint NOT NULL DEFAULT 0,
    refunded_organization_fee_amount bigint NOT NULL DEFAULT 0,
    refunded_seller_share_amount bigint NOT NULL DEFAULT 0,
    status text NOT NULL CHECK (status IN ('completed', 'suspended', 'refunded')),
    purchased_at timestamptz NOT NULL,
    refunded_at timestamptz,
    -- The shares are the whole price, and nothing but it.
    CHECK (amount = platform_fee_amount + organization_fee_amount + seller_share_amount),
    -- So are the shares of what went back; nobody gives back more than they got.
    CHECK (refunded_amount
        = refunded_platform_fee_amount + refunded_organization_fee_amount + refunded_seller_share_amount),
    CHECK (refunded_platform_fee_amount BETWEEN 0 AND platform_fee_amount),
    CHECK (refunded_organization_fee_amount BETWEEN 0 AND organization_fee_amount),
    CHECK (refunded_seller_share_amount BETWEEN 0 AND seller_share_amount),
    CHECK (organization IS NOT NULL OR organization_fee_amount = 0),
    CHECK ((status = 'refunded') = (refunded_at IS NOT NULL))
);
-- Nobody owns the same content twice, whatever two payment pages do at the same moment, nor while a dispute about it is open.
-- Access is asked of this index.
CREATE UNIQUE INDEX purchases_owned_once ON purchases (customer_id, content) WHERE status IN ('completed', 'suspended');
CREATE INDEX purchases_customer ON purchases (customer_id, id);
CREATE INDEX purchases_content ON purchases (content, id);
CREATE INDEX purchases_seller ON purchases (seller, id) WHERE seller IS NOT NULL;
CREATE INDEX purchases_order ON purchases (order_id);

-- Which share of a purchase went back with which refund, so that a refund that fails gives back exactly that.
CREATE TABLE purchase_reversals (
    purchase_id uuid NOT NULL REFERENCES purchases,
    -- The refund or dispute that took it.
    reference text NOT NULL,
    currency text NOT NULL CHECK (currency ~ '^[a-z]{3}$'),
    amount bigint NOT NULL CHECK (amount > 0),
    platform_fee_amount bigint NOT NULL CHECK (platform_fee_amount >= 0),
    organization_fee_amount bigint NOT NULL CHECK (organization_fee_amount >= 0),
    seller_share_amount bigint NOT NULL CHECK (seller_share_amount >= 0),
    reversed_at timestamptz NOT NULL,
    withdrawn_at timestamptz,
    -- One refund takes its share of a purchase once.
    PRIMARY KEY (purchase_id, reference),
    CHECK (amount = platform_fee_amount + organization_fee_amount + seller_share_amount)
);

-- Counts up whenever something is taken from or given back to a customer: an access token of before is then out of date.
CREATE TABLE access_versions (
    customer_id uuid PRIMARY KEY REFERENCES customers,
    version integer NOT NULL CHECK (version > 0)
);

CREATE TABLE downloads (
    id uuid PRIMARY KEY,
    customer_id uuid NOT NULL REFERENCES customers,
    order_id uuid NOT NULL REFERENCES orders,
    line_item_id uuid NOT NULL REFERENCES line_items,
    position integer NOT NULL CHECK (position >= 0),
    -- A path under the folder of downloads, or the key by which the host's storage knows it.
    file text NOT NULL,
    name text NOT NULL,
    downloads_max integer CHECK (downloads_max > 0),
    downloaded_count integer NOT NULL DEFAULT 0 CHECK (downloaded_count >= 0),
    -- The link that was counted last: it may be resumed where it broke off.
    counted_link text,
    granted_at timestamptz NOT NULL,
    expires_at timestamptz,
    downloaded_at timestamptz,
    revoked_at timestamptz,
    -- One sale grants a file once.
    UNIQUE (line_item_id, position),
    -- A file is fetched as often as was sold, whoever clicks at the same moment.
    CHECK (downloads_max IS NULL OR downloaded_count <= downloads_max)
);
CREATE INDEX downloads_customer ON downloads (customer_id, id);
CREATE INDEX downloads_order ON downloads (order_id);
