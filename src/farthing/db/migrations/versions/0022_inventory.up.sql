-- How much there is of what can run out, where it lies, and for whom it is kept.

CREATE TABLE stock_locations (
    key text PRIMARY KEY CHECK (key ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    -- The smallest is emptied first.
    priority integer NOT NULL DEFAULT 0,
    active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL
);

CREATE TABLE stock_items (
    sku text PRIMARY KEY CHECK (length(sku) BETWEEN 1 AND 100),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 250),
    -- What is done when nothing is left: nothing is sold, or what is to come is sold.
    policy text NOT NULL CHECK (policy IN ('deny', 'backorder', 'preorder')),
    -- How much of what is to come may be sold; null: any number.
    backorder_max integer CHECK (backorder_max >= 0),
    expected_at timestamptz,
    low_at integer CHECK (low_at >= 0),
    low_told_at timestamptz,
    -- Reserved or sold of what is to come.
    backordered integer NOT NULL DEFAULT 0 CHECK (backordered >= 0),
    created_at timestamptz NOT NULL,
    CHECK (backordered <= backorder_max)
);

CREATE TABLE stock_levels (
    sku text NOT NULL REFERENCES stock_items,
    location text NOT NULL REFERENCES stock_locations,
    -- What lies there: never less than nothing.
    on_hand integer NOT NULL DEFAULT 0 CHECK (on_hand >= 0),
    -- Kept for orders that may yet be paid: never more than lies there.
    reserved integer NOT NULL DEFAULT 0 CHECK (reserved BETWEEN 0 AND on_hand),
    PRIMARY KEY (sku, location)
);

CREATE TABLE stock_reservations (
    id uuid PRIMARY KEY,
    order_id uuid NOT NULL REFERENCES orders,
    line_item_id uuid NOT NULL REFERENCES line_items,
    sku text NOT NULL REFERENCES stock_items,
    -- Null: of what is to come.
    location text REFERENCES stock_locations,
    quantity integer NOT NULL CHECK (quantity > 0),
    status text NOT NULL CHECK (status IN ('reserved', 'committed', 'released')),
    -- Of what was sold: how much came back to the shelf.
    restocked integer NOT NULL DEFAULT 0 CHECK (restocked BETWEEN 0 AND quantity),
    reserved_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    closed_at timestamptz,
    CHECK ((status = 'reserved') = (closed_at IS NULL)),
    CHECK (restocked = 0 OR status = 'committed'),
    FOREIGN KEY (sku, location) REFERENCES stock_levels
);
-- What a line waits for is one number.
CREATE UNIQUE INDEX stock_reservations_waiting_once ON stock_reservations (line_item_id)
    WHERE location IS NULL AND status <> 'released';
CREATE INDEX stock_reservations_line ON stock_reservations (line_item_id);
CREATE INDEX stock_reservations_order ON stock_reservations (order_id);
CREATE INDEX stock_reservations_due ON stock_reservations (expires_at) WHERE status = 'reserved';
CREATE INDEX stock_reservations_to_come ON stock_reservations (sku, id) WHERE location IS NULL AND status <> 'released';

-- Every change of what lies somewhere, for good: the sum of them is what lies there.
CREATE TABLE stock_movements (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku text NOT NULL,
    location text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('received', 'counted', 'lost', 'moved', 'sold', 'returned')),
    quantity integer NOT NULL CHECK (quantity <> 0),
    reservation_id uuid REFERENCES stock_reservations,
    reason text CHECK (length(reason) BETWEEN 1 AND 500),
    -- Whoever says the same twice under one reference has said it once.
    reference text CHECK (length(reference) BETWEEN 1 AND 200),
    actor text NOT NULL,
    moved_at timestamptz NOT NULL,
    FOREIGN KEY (sku, location) REFERENCES stock_levels,
    CHECK (kind NOT IN ('received', 'returned') OR quantity > 0),
    CHECK (kind NOT IN ('lost', 'sold') OR quantity < 0),
    CHECK ((kind IN ('sold', 'returned')) = (reservation_id IS NOT NULL))
);
-- What an order took leaves the shelf once.
CREATE UNIQUE INDEX stock_movements_sold_once ON stock_movements (reservation_id) WHERE kind = 'sold';
CREATE UNIQUE INDEX stock_movements_said_once ON stock_movements (sku, kind, reference) WHERE reference IS NOT NULL AND kind <> 'moved';
CREATE INDEX stock_movements_level ON stock_movements (sku, location, id);
CREATE TRIGGER stock_movements_immutable BEFORE UPDATE OR DELETE ON stock_movements
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER stock_movements_not_truncated BEFORE TRUNCATE ON stock_movements EXECUTE FUNCTION ledger_refuse_change();
