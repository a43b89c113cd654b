ALTER TABLE orders DROP COLUMN access_held_at;
ALTER TABLE payments DROP COLUMN disputed_amount, DROP COLUMN withheld_amount;
DROP TABLE fraud_warnings;
DROP TABLE dispute_answers;
DROP TABLE disputes;
DROP SEQUENCE dispute_looks;
