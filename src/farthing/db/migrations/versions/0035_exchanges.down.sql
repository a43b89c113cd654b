ALTER TABLE returns DROP COLUMN wanted, DROP COLUMN credit_amount;
