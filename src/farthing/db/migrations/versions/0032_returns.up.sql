ALTER TABLE seller_order_lines
    -- Of what is canceled: by somebody's word, so that it stays canceled whatever becomes of its refund.
    ADD COLUMN called_off integer NOT NULL DEFAULT 0 CHECK (called_off >= 0),
    -- Sent, and taken in again without having arrived.
    ADD COLUMN came_back integer NOT NULL DEFAULT 0 CHECK (came_back >= 0),
    -- Asked for by open returns; and taken in again after it had arrived.
    ADD COLUMN to_return integer NOT NULL DEFAULT 0 CHECK (to_return >= 0),
    ADD COLUMN returned integer NOT NULL DEFAULT 0 CHECK (returned >= 0),
    ADD CONSTRAINT seller_order_lines_called_off_check1 CHECK (called_off <= canceled),
    ADD CONSTRAINT seller_order_lines_came_back_check1 CHECK (delivered + came_back <= shipped),
    -- No more goes back than arrived.
    ADD CONSTRAINT seller_order_lines_returned_check1 CHECK (to_return + returned <= delivered);

-- Somebody called off what was not sent yet.
CREATE TABLE cancellations (
    id uuid PRIMARY KEY,
    seller_order_id uuid NOT NULL REFERENCES seller_orders,
    order_id uuid NOT NULL REFERENCES orders,
    party text NOT NULL CHECK (party IN ('buyer', 'seller', 'platform')),
    actor text NOT NULL,
    reason text CHECK (length(reason) BETWEEN 1 AND 500),
    -- Null where nothing of it was paid, or all of that went back before.
    refund_id uuid UNIQUE REFERENCES refunds,
    canceled_at timestamptz NOT NULL,
    CHECK (party <> 'seller' OR reason IS NOT NULL)
);
CREATE INDEX cancellations_seller_order ON cancellations (seller_order_id);
CREATE INDEX cancellations_order ON cancellations (order_id);

CREATE TABLE cancellation_lines (
    cancellation_id uuid NOT NULL REFERENCES cancellations,
    line_item_id uuid NOT NULL REFERENCES seller_order_lines,
    quantity integer NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (cancellation_id, line_item_id)
);
CREATE INDEX cancellation_lines_line ON cancellation_lines (line_item_id);

-- What a buyer sends back, or a carrier brings back.
CREATE TABLE returns (
    id uuid PRIMARY KEY,
    seller_order_id uuid NOT NULL REFERENCES seller_orders,
    order_id uuid NOT NULL REFERENCES orders,
    position integer NOT NULL CHECK (position > 0),
    -- For people: the seller order's number and the position, such as 1042-1-R1.
    number text NOT NULL UNIQUE,
    livemode boolean NOT NULL,
    status text NOT NULL CHECK (status IN
        ('requested', 'approved', 'declined', 'withdrawn', 'lapsed', 'in_transit', 'received', 'refunded', 'closed')),
    -- The parcel that never arrived and came back by itself. It is taken in once.
    shipment_id uuid UNIQUE REFERENCES shipments,
    -- As it was agreed when it was asked for.
    way_back text NOT NULL CHECK (way_back IN ('buyer', 'seller')),
    refund_at text NOT NULL CHECK (refund_at IN ('receipt', 'approval')),
    restocking_basis_points integer NOT NULL CHECK (restocking_basis_points BETWEEN 0 AND 10000),
    requested_by text NOT NULL,
    requested_at timestamptz NOT NULL,
    -- The buyer's own words, and those of whoever decided.
    message text CHECK (length(message) BETWEEN 1 AND 500),
    note text CHECK (length(note) BETWEEN 1 AND 500),
    decided_by text,
    decided_at timestamptz,
    -- What is approved and not sent by then is not awaited any more.
    send_before timestamptz,
    carrier text CHECK (length(carrier) BETWEEN 1 AND 63),
    tracking_number text CHECK (length(tracking_number) BETWEEN 1 AND 100),
    sent_at timestamptz,
    received_by text,
    received_at timestamptz,
    refund_id uuid UNIQUE REFERENCES refunds,
    -- The order that replaces what came back.
    exchange_order_id uuid UNIQUE REFERENCES orders,
    closed_at timestamptz,
    UNIQUE (seller_order_id, position),
    CHECK ((status IN ('received', 'refunded', 'closed')) = (received_at IS NOT NULL)),
    CHECK ((received_at IS NULL) = (received_by IS NULL)),
    CHECK (status NOT IN ('approved', 'declined', 'lapsed', 'in_transit') OR decided_at IS NOT NULL),
    CHECK (status <> 'refunded' OR refund_id IS NOT NULL),
    CHECK (status <> 'approved' OR send_before IS NOT NULL),
    CHECK ((status IN ('declined', 'withdrawn', 'lapsed', 'refunded', 'closed')) = (closed_at IS NOT NULL))
);
CREATE INDEX returns_page ON returns (livemode, id DESC);
CREATE INDEX returns_order ON returns (order_id);
CREATE INDEX returns_due ON returns (send_before) WHERE status = 'approved';

CREATE TABLE return_lines (
    return_id uuid NOT NULL REFERENCES returns,
    line_item_id uuid NOT NULL REFERENCES seller_order_lines,
    quantity integer NOT NULL CHECK (quantity > 0),
    reason text NOT NULL CHECK (reason IN
        ('changed_mind', 'damaged', 'defective', 'wrong_item', 'not_as_described', 'undeliverable', 'other')),
    -- What was found when it came: on the shelf again, or of no use any more. The rest was not in the parcel.
    restocked integer NOT NULL DEFAULT 0 CHECK (restocked >= 0),
    written_off integer NOT NULL DEFAULT 0 CHECK (written_off >= 0),
    PRIMARY KEY (return_id, line_item_id),
    CHECK (restocked + written_off <= quantity)
);
CREATE INDEX return_lines_line ON return_lines (line_item_id);
