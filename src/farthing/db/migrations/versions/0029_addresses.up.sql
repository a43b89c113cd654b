-- Where an order is sent. It goes when its buyer is forgotten.
CREATE TABLE shipping_addresses (
    order_id uuid PRIMARY KEY REFERENCES orders,
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
