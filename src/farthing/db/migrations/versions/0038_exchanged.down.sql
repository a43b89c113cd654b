ALTER TABLE return_lines DROP COLUMN exchanged_amount, DROP COLUMN exchanged_quantity;
ALTER TABLE line_items DROP COLUMN exchanged_amount, DROP COLUMN exchanged_quantity;
