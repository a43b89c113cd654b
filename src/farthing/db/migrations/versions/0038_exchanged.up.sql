-- Of the price of a line so much pays for what its buyer takes instead, and of its units so many came back for that: while that
-- order may be paid, none of it is given back as money.
ALTER TABLE line_items
    ADD COLUMN exchanged_amount bigint NOT NULL DEFAULT 0 CHECK (exchanged_amount >= 0),
    ADD COLUMN exchanged_quantity integer NOT NULL DEFAULT 0 CHECK (exchanged_quantity >= 0),
    ADD CONSTRAINT line_items_not_more_exchanged_than_paid CHECK (exchanged_amount <= amount - discount_amount + tax_amount),
    ADD CONSTRAINT line_items_not_more_exchanged_than_bought CHECK (exchanged_quantity <= quantity);

-- By which return.
ALTER TABLE return_lines
    ADD COLUMN exchanged_amount bigint NOT NULL DEFAULT 0 CHECK (exchanged_amount >= 0),
    ADD COLUMN exchanged_quantity integer NOT NULL DEFAULT 0 CHECK (exchanged_quantity BETWEEN 0 AND quantity);

-- What is being exchanged: each return fills its lines in their order, as far as there is room.
DO $$
DECLARE
    back record;
    part record;
    rest bigint;
    taken bigint;
BEGIN
    FOR back IN SELECT id, credit_amount, refund_id FROM returns WHERE exchange_order_id IS NOT NULL AND status = 'received'
        ORDER BY id LOOP
        rest := back.credit_amount;
        FOR part IN
            SELECT line.id, least(came.restocked + came.written_off,
                    line.quantity - line.refunding_quantity - line.refunded_quantity - line.exchanged_quantity) AS units,
                line.amount - line.discount_amount + line.tax_amount - line.refunding_amount - line.refunded_amount
                    - line.exchanged_amount AS room
            FROM return_lines came JOIN line_items line ON line.id = came.line_item_id
            WHERE came.return_id = back.id ORDER BY line.position
        LOOP
            taken := least(rest, greatest(part.room, 0));
            UPDATE line_items SET exchanged_amount = exchanged_amount + taken,
                exchanged_quantity = exchanged_quantity + greatest(part.units, 0) WHERE id = part.id;
            UPDATE return_lines SET exchanged_amount = taken, exchanged_quantity = greatest(part.units, 0)
            WHERE return_id = back.id AND line_item_id = part.id;
            rest := rest - taken;
        END LOOP;
    END LOOP;
END $$;
