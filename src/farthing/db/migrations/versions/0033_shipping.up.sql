-- A parcel whose label was taken back before anybody carried it did not leave.
ALTER TABLE shipments DROP CONSTRAINT shipments_status_check;
ALTER TABLE shipments ADD CONSTRAINT shipments_status_check
    CHECK (status IN ('shipped', 'in_transit', 'delivered', 'lost', 'returned', 'canceled'));
ALTER TABLE shipments DROP CONSTRAINT shipments_check1;
ALTER TABLE shipments ADD CONSTRAINT shipments_closed
    CHECK ((status IN ('delivered', 'lost', 'returned', 'canceled')) = (closed_at IS NOT NULL));

-- Where its carrier sees it: who is asked, by which name of theirs, and when again.
ALTER TABLE shipments
    ADD COLUMN followed_by text,
    ADD COLUMN tracker_id text,
    ADD COLUMN tracking_status text CHECK (tracking_status IN ('unknown', 'pre_transit', 'in_transit', 'out_for_delivery',
        'available_for_pickup', 'delivered', 'return_to_sender', 'failure', 'exception')),
    ADD COLUMN tracking_detail text CHECK (length(tracking_detail) BETWEEN 1 AND 500),
    ADD COLUMN expected_at timestamptz,
    -- The moment of the newest look that was written down.
    ADD COLUMN tracked_at timestamptz,
    ADD COLUMN track_again_at timestamptz,
    ADD COLUMN track_refusals integer NOT NULL DEFAULT 0 CHECK (track_refusals >= 0),
    -- What became of the goods of a parcel that was lost or came back.
    ADD COLUMN settled_at timestamptz,
    ADD COLUMN settled_how text CHECK (settled_how IN ('resend', 'taken_in', 'write_off')),
    ADD CONSTRAINT shipments_settled CHECK ((settled_at IS NULL) = (settled_how IS NULL)),
    ADD CONSTRAINT shipments_settled_end CHECK (settled_at IS NULL OR status IN ('lost', 'returned')),
    ADD CONSTRAINT shipments_tracker CHECK ((followed_by IS NULL) = (tracker_id IS NULL)),
    -- What has arrived, came back or never left is not followed.
    ADD CONSTRAINT shipments_followed CHECK (status NOT IN ('delivered', 'returned', 'canceled') OR track_again_at IS NULL);
CREATE UNIQUE INDEX shipments_tracker_once ON shipments (followed_by, tracker_id);
CREATE INDEX shipments_track_again ON shipments (track_again_at) WHERE track_again_at IS NOT NULL;
CREATE INDEX shipments_unsettled ON shipments (closed_at) WHERE status IN ('lost', 'returned') AND settled_at IS NULL;
CREATE INDEX provider_events_tracker ON provider_events (subject_id) WHERE subject_kind = 'tracker';

-- Where sellers send from, and the shop itself.
CREATE TABLE ship_from_addresses (
    id uuid PRIMARY KEY,
    -- Null: the shop itself.
    seller_id uuid REFERENCES sellers,
    country text NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    company text CHECK (length(company) BETWEEN 1 AND 200),
    line1 text NOT NULL CHECK (length(line1) BETWEEN 1 AND 300),
    line2 text CHECK (length(line2) BETWEEN 1 AND 300),
    city text CHECK (length(city) BETWEEN 1 AND 200),
    state text CHECK (length(state) BETWEEN 1 AND 200),
    postal_code text CHECK (length(postal_code) BETWEEN 1 AND 40),
    phone text CHECK (length(phone) BETWEEN 1 AND 40),
    kept_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX ship_from_addresses_one_each ON ship_from_addresses (coalesce(seller_id::text, ''));

-- Labels: wanted before the carrier is asked, and paid for once.
CREATE TABLE labels (
    id uuid PRIMARY KEY,
    seller_order_id uuid NOT NULL REFERENCES seller_orders,
    -- The parcel that left with it; null while it is not bought, and where the parcel could not leave after all.
    shipment_id uuid UNIQUE REFERENCES shipments,
    livemode boolean NOT NULL,
    sold_by text NOT NULL,
    status text NOT NULL
        CHECK (status IN ('requested', 'bought', 'refused', 'refund_requested', 'refunded', 'refund_refused')),
    -- What was agreed: this service, for no more than that.
    carrier text NOT NULL CHECK (carrier ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
    service text NOT NULL CHECK (length(service) BETWEEN 1 AND 100),
    currency text NOT NULL CHECK (currency ~ '^[a-z]{3}$'),
    max_amount bigint NOT NULL CHECK (max_amount > 0),
    -- What was paid.
    amount bigint CHECK (amount BETWEEN 0 AND max_amount),
    weight_grams integer NOT NULL CHECK (weight_grams > 0),
    length_mm integer CHECK (length_mm > 0),
    width_mm integer CHECK (width_mm > 0),
    height_mm integer CHECK (height_mm > 0),
    -- [line, quantity] of each line in the parcel.
    lines jsonb NOT NULL CHECK (jsonb_typeof(lines) = 'array' AND lines <> '[]'),
    quote_id text,
    tracking_number text,
    label_url text CHECK (label_url ~ '^https?://'),
    refused_because text CHECK (length(refused_because) BETWEEN 1 AND 500),
    requested_at timestamptz NOT NULL,
    asked_at timestamptz,
    bought_at timestamptz,
    refund_asked_at timestamptz,
    closed_at timestamptz,
    -- When somebody asks the carrier next, where there is something to ask.
    ask_again_at timestamptz,
    CHECK ((length_mm IS NULL) = (width_mm IS NULL) AND (width_mm IS NULL) = (height_mm IS NULL)),
    CHECK ((status IN ('requested', 'refused')) = (bought_at IS NULL)),
    CHECK ((bought_at IS NULL) = (amount IS NULL)),
    CHECK ((bought_at IS NULL) = (tracking_number IS NULL)),
    CHECK (bought_at IS NULL OR quote_id IS NOT NULL),
    CHECK ((status IN ('requested', 'refund_requested')) = (ask_again_at IS NOT NULL)),
    CHECK (status <> 'refused' OR refused_because IS NOT NULL)
);
-- Two clicks buy one.
CREATE UNIQUE INDEX labels_one_waiting ON labels (seller_order_id) WHERE status = 'requested';
CREATE INDEX labels_seller_order ON labels (seller_order_id);
CREATE INDEX labels_ask_again ON labels (ask_again_at) WHERE ask_again_at IS NOT NULL;
