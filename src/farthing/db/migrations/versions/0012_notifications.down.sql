ALTER TABLE emails DROP COLUMN locale;
DROP INDEX entitlements_ending;
ALTER TABLE entitlements DROP COLUMN reminded_of;
ALTER TABLE orders DROP COLUMN locale;
