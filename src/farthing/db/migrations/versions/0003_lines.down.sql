ALTER TABLE line_items DROP COLUMN discount_amount, DROP COLUMN tax_amount, DROP COLUMN details;
