DROP INDEX subscriptions_next_charge;
DROP INDEX subscriptions_grace;
ALTER TABLE subscriptions DROP COLUMN card_told_of, DROP COLUMN card_checked_for, DROP COLUMN lapsed_told_of;
ALTER TABLE invoices DROP COLUMN failure_code;
DROP TABLE invoice_attempts;
