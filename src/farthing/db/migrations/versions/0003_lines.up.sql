-- A line says what the buyer pays for it, and what its kind must know of the product as it was sold.
ALTER TABLE line_items
    ADD COLUMN discount_amount bigint NOT NULL DEFAULT 0,
    ADD COLUMN tax_amount bigint NOT NULL DEFAULT 0 CHECK (tax_amount >= 0),
    ADD COLUMN details jsonb NOT NULL DEFAULT '{}',
    -- Nobody is paid for taking something.
    ADD CHECK (discount_amount BETWEEN 0 AND amount);
